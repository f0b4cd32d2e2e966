"""RowTable: the rows of bars, read by range of time and written by COPY."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import errors, sql

from tapehead.database.pool import Connection
from tapehead.errors import RowsError, StoreLockedError
from tapehead.layout.columns import BAR_COLUMNS, PRICE_COLUMNS
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.postgres.rows_wire import END_US, FIRST_US, Columns, from_arrays, to_copy, to_rows, to_time, to_us
from tapehead.stores.postgres.statements import read_dialect

_AT_ONCE: Final = 100_000
"""Bars a COPY: 9 MB."""
_SLICE: Final = 1 << 20
_COPY: Final = "COPY {} (series, ts, open, high, low, close, volume, flags) FROM STDIN (FORMAT BINARY)"
_MONTHS: Final = "datetime64[M]"
_NOWHERE: Final = "a month of them has no partition, tapehead.bars has no default one, and nothing was written"
_MEND: Final = "Make what is missing: tapehead store rows upkeep"
_LOOK: Final = "Look at the table: tapehead store verify --rows"
_LAST_YEAR: Final = 9999
"""A larger period is YYYYMM, see `Interval.period_of`."""


class RowSeries(NamedTuple):
    """A series that has rows, with its place in the table of series."""

    place: int
    series: Series


class Span(NamedTuple):
    """A mark: what was edited of a series (None: of all), first to last open time (us UTC)."""

    id: int
    place: int | None
    first: int
    last: int


class RowTable:
    """The table `bars` and what says of it: who has rows, and what was edited. Safe from many threads.

    Reads and writes go through the transaction of the thread. Each names the first and the last time, so that the
    server looks at the partitions of these months and at no other.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self._sql = read_dialect("rows.sql")
        self._months: dict[str, bool] = {}

    def ask(self, name: str, values: Any = ()) -> Any:
        """Run a statement of rows.sql."""
        return self.database.ask(self._sql[name], values)

    def text(self, name: str) -> str:
        """Return a statement of rows.sql, for a connection of one's own."""
        return self._sql[name]

    def check_kind(self) -> None:
        """Raise RowsError where something else stands in the place of the table."""
        kind, is_hypertable = self.ask("kind_of_rows").fetchone()
        what = "a TimescaleDB hypertable" if is_hypertable else "not there" if kind is None else kind
        if what:
            step = "Rename what is in its way, and put the partitioned table of Tapehead back"
            raise RowsError(series="bars", cause=f"the table tapehead.bars is {what}", step=step)

    def series(self) -> list[RowSeries]:
        """Return the series that have rows, by place."""
        return [
            RowSeries(place, Series(venue, symbol, Interval.parse(Interval.of_us(us).text)))
            for place, venue, symbol, us in self.ask("row_series")
        ]

    def marks(self) -> list[Span]:
        """Return what was edited and is not in the segments yet."""
        return [
            Span(
                mark,
                place,
                FIRST_US if first is None else to_us(first),
                END_US if last is None else to_us(last),
            )
            for mark, place, first, last in self.ask("marks")
        ]

    def floor(self) -> int:
        """Return the time before which no series has rows, as they were dropped by age; the first there is for none."""
        found = self.ask("floor").fetchone()
        return FIRST_US if found is None or found[0] is None else to_us(found[0])

    def read(self, place: int, first: int, end: int) -> Columns:
        """Return the rows of a series with first <= ts < end."""
        values = (place, to_time(first), to_time(end))
        # Never a plan for any times: it would look at every partition.
        with self.database.moment() as link:
            answer = link.execute(self._sql["read_rows"], values, binary=True, prepare=False).pgresult
        assert answer is not None  # noqa: S101 - the statement gives one row
        return from_arrays([answer.get_value(0, at) for at in range(len(BAR_COLUMNS))])

    def outer(self, place: int) -> tuple[int, int] | None:
        """Return the first and the last time of the rows of a series, None where it has none."""
        first, last = self.ask("outer_rows", (place,)).fetchone()
        return None if first is None else (to_us(first), to_us(last))

    @contextmanager
    def unmarked(self) -> Iterator[None]:
        """Write what the segments hold already: for the rest of this transaction no mark is made."""
        # Somebody may have detached one since.
        self._months = {}
        with self.database.transaction("rows") as link:
            self.ask("stop_marks")
            try:
                yield
            except errors.UniqueViolation as error:
                step = "Nothing was written; do the same again"
                raise RowsError(series="bars", cause="somebody else added some of these just now", step=step) from error
            except errors.CheckViolation as error:
                rule = error.diag.constraint_name
                cause = _NOWHERE if rule is None else f"{rule} is not true of them"
                raise RowsError(series="bars", cause=cause, step=_MEND if rule is None else _LOOK) from error
            link.execute("SELECT set_config('tapehead.writes_rows', '', true)")

    def drop(self, place: int, ts: NDArray[np.int64]) -> None:
        """Remove the rows of a series at some times, rising."""
        if len(ts):
            times = [to_time(int(one)) for one in ts]
            with self.database.transaction("rows") as link:
                link.execute(self._sql["drop_rows"], (place, times[0], times[-1], times), prepare=False)

    def has(self, place: int, first: int, last: int) -> bool:
        """Say whether a series has a row from first to last."""
        values = (place, to_time(first), to_time(last))
        with self.database.moment() as link:
            row = link.execute(self._sql["has_rows"], values, prepare=False).fetchone()
        return bool(row and row[0])

    def count(self, place: int, first: int, last: int) -> int:
        """Count the rows of a series from first to last."""
        values = (place, to_time(first), to_time(last))
        with self.database.moment() as link:
            row = link.execute(self._sql["count_rows"], values, prepare=False).fetchone()
        return int(row[0]) if row else 0

    def mend_flags(self, place: int, ts: NDArray[np.int64], flags: NDArray[np.uint8]) -> None:
        """Write other flags into the rows of a series at some times, rising."""
        times = [to_time(int(one)) for one in ts]
        values = (times, flags.tolist(), place, times[0], times[-1])
        with self.database.transaction("rows") as link:
            link.execute(self._sql["mend_flags"], values, prepare=False)

    def write(self, parts: Sequence[tuple[int, Columns]]) -> None:
        """Write new rows by a COPY a month, straight into its partition.

        Into the table of all PostgreSQL takes rows one at a time, as its trigger wants to see them: twice as long for
        200,000 rows of a month, and no longer for some thousand.

        A month without a partition gets one first. Where that cannot be, or where this user may not write the
        partition, the server finds the place.
        """
        ts = np.concatenate([columns["ts"] for _, columns in parts])
        self.make_months(ts)
        months = ts.astype("datetime64[us]").astype(_MONTHS)
        order = np.argsort(months, kind="stable")
        rows, months = to_rows(parts)[order], months[order]
        edges = [0, *(np.flatnonzero(months[1:] != months[:-1]) + 1).tolist(), len(months)]
        with self.database.transaction("rows") as link:
            for lo, hi in pairwise(edges):
                name = _name(months[lo])
                self._copy(link, name if self._months.get(name) else "bars", rows[lo:hi])

    def make_months(self, ts: NDArray[np.int64]) -> None:
        """See that the months of times, any order, have partitions; rows of one that cannot be made now go elsewhere.

        To the default partition, from where `tapehead store rows upkeep` fetches them.
        """
        if self._without(ts):
            self._months = dict(self.ask("months"))
        missing = self._without(ts)
        if not missing:
            return
        # In a session of its own: what it locks is free at once, and not at the end of a long import.
        with suppress(StoreLockedError), self.database.apart("partitions") as link:
            for first in missing:
                # The name of one month may be taken, by a table that was detached, and those of the others are free.
                with suppress(errors.DuplicateTable):
                    link.execute(self._sql["make_months"], (first, first))
        self._months = dict(self.ask("months"))

    def _without(self, ts: NDArray[np.int64]) -> list[datetime]:
        """Return the first time of each month that is not known to have a partition."""
        months = np.unique(ts.astype("datetime64[us]").astype(_MONTHS))
        firsts = months.astype("datetime64[us]").astype(np.int64).tolist()
        return [to_time(first) for month, first in zip(months, firsts, strict=True) if _name(month) not in self._months]

    def _copy(self, link: Connection, table: str, rows: NDArray[Any]) -> None:
        """Write rows into one table."""
        content = memoryview(to_copy(rows))
        statement = sql.SQL(_COPY).format(sql.Identifier(table))
        with link.cursor() as cursor, cursor.copy(statement) as copy:
            for at in range(0, len(content), _SLICE):
                copy.write(content[at : at + _SLICE])


class RowBuffer:
    """Collects new rows of many series and periods, and writes them by few COPYs; memory holds one."""

    def __init__(self, table: RowTable) -> None:
        self._table = table
        self._parts: list[tuple[int, Columns]] = []
        self._rows = 0

    def add(self, place: int, columns: Columns) -> None:
        """Take new rows of a series."""
        if len(columns["ts"]):
            self._parts.append((place, columns))
            self._rows += len(columns["ts"])
        if self._rows >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was taken."""
        if self._parts:
            self._table.write(self._parts)
        self._parts, self._rows = [], 0


def check_rows(series: Series, columns: Columns) -> None:
    """Raise RowsError for bars that may stand in a segment and not in a row."""
    ts, volume = columns["ts"], columns["volume"]
    wrong = ~(np.isfinite(volume) & (volume >= 0))
    causes = [
        (wrong, "its volume of {volume} is below 0 or not finite"),
        *((~np.isfinite(columns[name]), f"its {name} is not finite") for name in PRICE_COLUMNS),
        ((ts < FIRST_US) | (ts >= END_US), "its time lies outside of years 1 to 9999"),
    ]
    for bad, cause in causes:
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            when = np.datetime_as_string(ts[at : at + 1].astype("datetime64[us]"), "m")[0]
            raise RowsError(
                series=f"{series.instrument} {series.interval}",
                cause=f"of the bar at {when}Z, {cause.format(volume=volume[at])}",
                step="Mend it; or keep bars as they are without rows: "
                f"tapehead store rows off {series.symbol} --interval {series.interval}",
            )


def span_of(interval: Interval, period: int) -> tuple[int, int]:
    """Return the first time (us UTC) of a period that `Interval.period_of` gave, and the first one after it."""
    if interval.period_of(0) == 0:
        return FIRST_US, END_US
    monthly = period > _LAST_YEAR
    year, month = divmod(period, 100) if monthly else (period, 1)
    first = (year - 1970) * 12 + month - 1
    months = np.array([first, first + (1 if monthly else 12)])
    low, high = months.astype(_MONTHS).astype("datetime64[us]").astype(np.int64).tolist()
    return low, high


def _name(month: Any) -> str:
    """Return the name of the partition of a month."""
    return f"bars_{str(month).replace('-', '_')}"
