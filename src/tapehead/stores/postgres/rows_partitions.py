"""Partitions: the months of the rows, made ahead, emptied out of the default one, dropped by age."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from psycopg import errors, sql

from tapehead.database.pool import Connection
from tapehead.errors import DatabaseRefusedError
from tapehead.ports.rows import PartitionReport
from tapehead.stores.postgres.rows_bars import RowedBars
from tapehead.stores.postgres.rows_wire import to_time, to_us

Given = TypeVar("Given")

_TRIES: Final = 5
_OWNER: Final = "Let the owner of these tables run: tapehead store rows upkeep"
_IN_THE_WAY: Final = "Attach it to tapehead.bars, or rename it, then: tapehead store rows upkeep"
_DEFAULT: Final = "bars_default"
_MONTHS: Final = "datetime64[M]"


class Partitions:
    """Looks after the partitions; whatever it was stopped in, the next one goes on.

    Notes
    -----
    PostgreSQL detaches no partition CONCURRENTLY beside a default one, so that this one stands apart for that time:
    rows of months which have no partition are refused then, and nothing else is. The other road, to detach with a
    lock of the whole table, would stop every reader behind the slowest one.
    """

    def __init__(self, bars: RowedBars) -> None:
        self._bars = bars
        self._table = bars.table

    def keep(self, ahead_months: int | None, keep_months: int | None, *, keep_all: bool) -> PartitionReport:
        """Do all of it; see `ports.rows.RowStore.keep_partitions`."""
        self._table.check_kind()
        try:
            return self._keep(ahead_months, keep_months, keep_all=keep_all)
        except DatabaseRefusedError as error:
            raise DatabaseRefusedError(**{**error.facts, "step": _OWNER}) from error
        except errors.DuplicateTable as error:
            cause, where = str(error.diag.message_primary), self._table.database.where
            raise DatabaseRefusedError(url=where, cause=cause, step=_IN_THE_WAY) from error

    def _keep(self, ahead_months: int | None, keep_months: int | None, *, keep_all: bool) -> PartitionReport:
        """Set the ages, then mend, make and drop."""
        ahead, keep = self._table.ask("settings").fetchone()
        ahead = ahead if ahead_months is None else ahead_months
        keep = None if keep_all else keep if keep_months is None else keep_months
        self._table.ask("set_ages", (ahead, keep))
        with self._table.database.apart("partitions") as link:
            # Rows that move, and readers waited for, take what they take: ended, a partition is half detached.
            link.execute("SET statement_timeout = 0")
            self._mend(link)
            moved = int(self._table.ask("rows_in_default").fetchone()[0])
            made = self._make(link, self._wanted(ahead))
            dropped = self._drop(link, keep)
        return PartitionReport(made, moved, tuple(dropped), ahead, keep)

    def _mend(self, link: Connection) -> None:
        """End what an upkeep was stopped in: a partition half detached, a default partition that stands apart."""
        for name, _, detaching, *_ in self._table.ask("partitions").fetchall():
            if detaching:
                self._do(link, "ALTER TABLE bars DETACH PARTITION {} FINALIZE", name)
                self._do(link, "DROP TABLE {}", name)
        if all(end is not None for _, end, *_ in self._table.ask("partitions").fetchall()):
            made = not self._table.ask("has_default").fetchone()[0]
            way = (
                "CREATE TABLE {} PARTITION OF bars DEFAULT" if made else "ALTER TABLE bars ATTACH PARTITION {} DEFAULT"
            )
            self._do(link, way, _DEFAULT)
        for name in ("bars", *(row[0] for row in self._table.ask("partitions").fetchall())):
            link.execute(self._table.text("watch"), (name,))
            for event in self._table.ask("silent_triggers", (name,)).fetchall():
                self._do(link, "ALTER TABLE {} ENABLE TRIGGER {}", name, event[0])

    def _wanted(self, ahead: int) -> NDArray[Any]:
        """Return the months that must have a partition: those in the default one, those to come, those after all bars.

        Not those between now and a bar far ahead: where one comes there, the default one takes it till the next upkeep.
        """
        now = np.datetime64(self._now().replace(tzinfo=None), "us").astype(_MONTHS)
        newest = self._table.ask("newest_bar").fetchone()[0]
        last = now if newest is None else max(now, np.datetime64(newest, "us").astype(_MONTHS))
        lost = [to_us(row[0]) for row in self._table.ask("months_in_default")]
        coming = np.union1d(np.arange(now, now + ahead + 1), np.arange(last, last + ahead + 1))
        return np.union1d(coming, np.array(lost, "datetime64[us]").astype(_MONTHS))

    def _make(self, link: Connection, months: NDArray[Any]) -> int:
        """Make the partitions of months; return how many were new."""
        firsts = months.astype("datetime64[us]").astype(np.int64).tolist()
        floor = self._table.floor()
        return sum(self._patiently(partial(self._make_one, link, to_time(one))) for one in firsts if one >= floor)

    def _make_one(self, link: Connection, when: datetime) -> int:
        """Make the partition of a month, where there is none; return how many were made."""
        row = link.execute(self._table.text("make_months"), (when, when)).fetchone()
        return int(row[0]) if row else 0

    def _drop(self, link: Connection, keep: int | None) -> list[str]:
        """Drop the partitions that end before the age to keep; return their names."""
        if keep is None:
            self._fill_again()
            return []
        month = np.datetime64(self._now().replace(tzinfo=None), "us").astype(_MONTHS) - keep
        floor = int(month.astype("datetime64[us]").astype(np.int64))
        if floor > self._table.floor():
            # Under the writer lock, after which what is older stands in the segments for good.
            with self._bars.writing_rows():
                self._table.ask("set_floor", (to_time(floor),))
        old = [
            name
            for name, end, *_ in self._table.ask("partitions").fetchall()
            if end is not None and to_us(end) <= self._table.floor()
        ]
        if old:
            self._bars.head()
            self._detach(link, old)
        return old

    def _detach(self, link: Connection, names: Sequence[str]) -> None:
        """Take partitions out, while the default one stands apart, and drop them."""
        self._patiently(lambda: self._do(link, "ALTER TABLE bars DETACH PARTITION {}", _DEFAULT))
        try:
            for name in names:
                # Waits for those who read it just now; a bound would leave it half detached.
                self._do(link, "ALTER TABLE bars DETACH PARTITION {} CONCURRENTLY", name, wait="0")
        finally:
            self._patiently(lambda: self._do(link, "ALTER TABLE bars ATTACH PARTITION {} DEFAULT", _DEFAULT))
        for name in names:
            self._do(link, "DROP TABLE {}", name)

    def _fill_again(self) -> None:
        """Write the rows that were dropped by age once more."""
        floor = self._table.floor()
        with self._bars.writing_rows():
            self._table.ask("set_floor", (None,))
            for row in self._table.series():
                self._bars.rebuilding.fill(row, floor)

    def _patiently(self, call: Callable[[], Given]) -> Given:
        """Call, again where somebody was in the way for longer than the lock waits."""
        for _ in range(_TRIES - 1):
            with suppress(errors.LockNotAvailable):
                return call()
        return call()

    def _do(self, link: Connection, statement: str, *names: str, wait: str = "2s") -> None:
        """Change a partition; never wait longer for a lock, as all who come later would wait behind it."""
        link.execute("SELECT set_config('lock_timeout', %s, false)", (wait,))
        link.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _now(self) -> datetime:
        """Return the time of the server."""
        now: datetime = self._table.ask("now").fetchone()[0]
        return now
