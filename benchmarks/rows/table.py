"""The table of rows that the others keep bars in, and what they ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.panel import Panel
from benchmarks.rows.measure import Edit

MAKE = (
    "CREATE TABLE IF NOT EXISTS prices (series integer NOT NULL, ts timestamptz NOT NULL, open float8 NOT NULL,"
    " high float8 NOT NULL, low float8 NOT NULL, close float8 NOT NULL, volume float8 NOT NULL,"
    " PRIMARY KEY (series, ts))"
)
COLUMNS = "ts, open, high, low, close, volume"
ONE = f"SELECT {COLUMNS} FROM prices WHERE series = %s ORDER BY ts"  # noqa: S608 - constants
MANY = f"SELECT series, {COLUMNS} FROM prices WHERE series < {{}} ORDER BY series, ts"  # noqa: S608 - constants
NEWEST_OF_ONE = f"SELECT {COLUMNS} FROM prices WHERE series = %s ORDER BY ts DESC LIMIT 1"  # noqa: S608 - constants
NEWEST_DISTINCT = f"SELECT DISTINCT ON (series) {COLUMNS} FROM prices ORDER BY series, ts DESC"  # noqa: S608 - constants
NEWEST_LATERAL = (
    f"SELECT {COLUMNS} FROM generate_series(0, %s) AS s (series) CROSS JOIN LATERAL"  # noqa: S608 - constants
    f" (SELECT {COLUMNS} FROM prices AS p WHERE p.series = s.series ORDER BY ts DESC LIMIT 1) AS newest ORDER BY series"
)


EDIT = "UPDATE prices SET volume = {volume!r} WHERE series = {series} AND ts = {moment}"
MOMENT = "timestamptz '1970-01-01 00:00Z' + {ts} * interval '1 microsecond'"


def edits(rows: Sequence[Edit]) -> Iterator[str]:
    """Yield a statement a bar."""
    for row in rows:
        yield EDIT.format(series=row.series, volume=row.volume, moment=MOMENT.format(ts=row.ts))


def arrow(panel: Panel) -> object:
    """Return the panel as one Arrow table of these columns."""
    import numpy as np
    import pyarrow as pa

    series = np.repeat(np.arange(len(panel.symbols), dtype=np.int32), np.diff(panel.offsets))
    held = {"series": pa.array(series), "ts": pa.array(panel.columns["ts"], pa.timestamp("us", tz="UTC"))}
    return pa.table(held | {name: pa.array(panel.columns[name]) for name in ("open", "high", "low", "close", "volume")})
