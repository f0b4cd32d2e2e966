"""Desk: a store in PostgreSQL of which two series have rows, and a session beside it as anybody's psql."""

from typing import Any

import numpy as np
import psycopg

from tapehead.database.pool import Pool, PoolSettings
from tapehead.database.url import parse_url
from tapehead.layout.columns import BAR_COLUMNS
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.postgres.rows_bars import RowedBars
from tapehead.stores.postgres.rows_choice import RowChoice
from tapehead.testing.bar_store import ALWAYS, check_equal, read_columns
from tapehead.testing.samples import Columns, sample_columns, sample_draft, sample_series
from tests.contracts.test_postgres import make_schema

LOOKING = """
    import hashlib, sys
    from tapehead.database.pool import Pool
    from tapehead.database.url import parse_url
    from tapehead.stores.codec import ParquetCodec
    from tapehead.stores.postgres.rows_bars import RowedBars
    from tapehead.testing.bar_store import ALWAYS, read_columns
    from tapehead.testing.samples import sample_series

    pool = Pool(parse_url(sys.argv[1]))
    store = RowedBars(pool, ParquetCodec())
    for _ in sys.stdin:
        found = store.manifest([sample_series()], *ALWAYS)
        bars = read_columns(store, ParquetCodec(), found.refs[sample_series()])
        print(found.snapshot, hashlib.sha256(bars["close"].tobytes()).hexdigest(), flush=True)
    pool.close()
"""


WAITING = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s"
)


class Desk:
    """A store of two series with rows, and a session beside it as anybody's psql."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pool = Pool(parse_url(url), PoolSettings(largest=6))
        self.store = RowedBars(self.pool, ParquetCodec(), lock_wait_s=30.0)
        self.choice = RowChoice(self.store)
        self.psql = psycopg.connect(url, autocommit=True, options="-c search_path=tapehead")

    def fill(self) -> None:
        """Import two years of two series, and switch their rows on."""
        for symbol in ("AAA", "BBB"):
            drafts = [sample_draft(symbol, year=year, rows=900, seed=year) for year in (2021, 2022)]
            self.store.commit(drafts, note=symbol)
        both = [sample_series("AAA"), sample_series("BBB")]
        self.choice.switch_on(both)
        # Drafts say nothing of the hole between the years, rows do.
        self.choice.rebuild(both)

    def place(self, symbol: str = "AAA") -> int:
        """The row of a series."""
        return int(self.one("SELECT series_of(%s, '1h')", symbol))

    def one(self, sql: str, *values: Any) -> Any:
        """The one value that a statement gives."""
        row = self.psql.execute(sql, values or None).fetchone()
        assert row is not None
        return row[0]

    def bars(self, symbol: str = "AAA", snapshot: int | None = None) -> Columns:
        """What the store holds."""
        series = sample_series(symbol)
        refs = self.store.manifest([series], *ALWAYS, snapshot=snapshot).refs.get(series, ())
        if not refs:
            return sample_columns(0)
        return read_columns(self.store, ParquetCodec(), refs)

    def rows(self, symbol: str = "AAA") -> Columns:
        """What the rows are, read in the plainest way."""
        found = self.psql.execute(
            "SELECT CAST(extract(epoch FROM ts) * 1000000 AS BIGINT), open, high, low, close, volume, flags FROM bars "
            "WHERE series = series_of(%s, '1h') ORDER BY ts",
            (symbol,),
        ).fetchall()
        kinds = sample_columns(0)
        return {name: np.array([row[at] for row in found], kinds[name].dtype) for at, name in enumerate(BAR_COLUMNS)}

    def settle(self, symbol: str = "AAA") -> Columns:
        """Look as the next run does: bars are the rows, no mark is left, coverage is theirs. Return the bars."""
        bars = self.bars(symbol)
        check_equal(bars, self.rows(symbol))
        assert self.one("SELECT count(*) FROM marks") == 0
        covers = self.store.coverage([sample_series(symbol)])
        told = [(one.first, one.last, one.rows) for one in covers]
        assert told == ([(bars["ts"][0], bars["ts"][-1], len(bars["ts"]))] if len(bars["ts"]) else [])
        newest = self.store.newest([sample_series(symbol)], self.store.head()).get(sample_series(symbol))
        assert newest == (tuple(bars[name][-1] for name in BAR_COLUMNS) if len(bars["ts"]) else None)
        return bars

    def close(self) -> None:
        """Let go of everything."""
        self.psql.close()
        self.pool.close()


def fill_schema(url: str) -> None:
    """Make a store of rows, of which each test gets a copy."""
    make_schema(url)
    desk = Desk(url)
    desk.fill()
    desk.close()


def copy(desk: Desk, table: str, when: str) -> None:
    """COPY two bars in."""
    place = desk.place()
    with (
        desk.psql.cursor() as cursor,
        cursor.copy(f"COPY {table} (series, ts, open, high, low, close) FROM STDIN") as to,
    ):
        for hour in ("00", "01"):
            to.write_row((place, f"{when} {hour}:00Z", 1.0, 2.0, 0.5, 1.5))
