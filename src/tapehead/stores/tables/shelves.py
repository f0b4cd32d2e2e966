"""Shelves: the snapshots that this process has looked at, each made of the one before it where few series changed."""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from tapehead.errors import SurroundingsError
from tapehead.model.instrument import Series
from tapehead.stores.tables.coverage import read_coverage
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.shelf import Shelf, shelf_of
from tapehead.stores.tables.versions import series_of

_SHELVES = 4
_MOST_CHANGED = 4
_PERIOD, _OF_REF = 3, 12
"""Place of the period in a row of `refs_of_many`, and of what comes after the fields of a ref."""


class _Counted(NamedTuple):
    """What commits counted of a series."""

    first: int | None
    last: int | None
    blocks: int


class Shelves:
    """Shelves by snapshot, the newest used ones kept. Safe from many threads.

    An append touches a few series of thousands: beside an appender, a reader asks again for those alone.

    Parameters
    ----------
    database : Database
    few : int
        As many series are asked for by themselves, for one answer; for more of them all are read, and kept.
    """

    def __init__(self, database: Database, few: int) -> None:
        self._database = database
        self._few = few
        self._kept: OrderedDict[int, Shelf] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, snapshot: int, series: Sequence[Series] | None) -> Shelf:
        """Return a shelf that holds the asked series of a snapshot, by default all, and maybe more."""
        shelf = self._kept.get(snapshot)
        if shelf is not None:
            return shelf
        if series is not None and len(series) <= self._few:
            # A cold process that asks for little should not wait for the rows of the whole market.
            return self._of_few(series, snapshot)
        with self._guard:
            shelf = self._kept.get(snapshot)
            if shelf is None:
                shelf = self._kept[snapshot] = self._of_all(snapshot)
                while len(self._kept) > _SHELVES:
                    self._kept.popitem(last=False)
        return shelf

    def _of_few(self, series: Sequence[Series], snapshot: int) -> Shelf:
        """Return the asked series of a snapshot."""
        shelf, counted, head = self._ask(series, snapshot)
        # In a transaction of this thread, what it counted may be half done.
        if head == snapshot and not self._database.in_transaction:
            self._compare(shelf, counted)
        return shelf

    def _of_all(self, snapshot: int) -> Shelf:
        """Return every series of a snapshot: those that changed since the newest one kept before it asked for anew."""
        with self._moment() as whole:
            before = max((number for number in self._kept if number < snapshot), default=0)
            changed = self._changed(before, snapshot) if whole and before else None
            if changed is not None:
                now, counted, head = self._ask(changed, snapshot)
                if head == snapshot:
                    self._compare(now, counted)
                return self._kept[before].with_changes(changed, now)
            shelf = shelf_of(self._database.execute("refs_of_all", {"snapshot": snapshot}))
            if whole and self._database.execute("head").fetchone()[0] == snapshot:
                told = read_coverage(self._database, None)
                self._compare(shelf, {one.series: _Counted(one.first, one.last, one.segments) for one in told})
        return shelf

    def _ask(self, series: Sequence[Series], snapshot: int) -> tuple[Shelf, dict[Series, _Counted], int]:
        """Read the refs of some series, what commits counted of each, and the head, by one statement."""
        names = json.dumps([(one.venue, one.symbol, one.interval.us) for one in series])
        rows = self._database.execute("refs_of_many", {"series": names, "snapshot": snapshot}).fetchall()
        shelf = shelf_of(row[:_OF_REF] for row in rows if row[_PERIOD] is not None)
        counted = {row[:3]: _Counted(*row[_OF_REF:-1]) for row in rows}
        return shelf, {series_of(*key): one for key, one in counted.items()}, rows[0][-1] if rows else -1

    def _changed(self, before: int, snapshot: int) -> list[Series] | None:
        """Return the series that changed between two snapshots; None where they are many, or `before` was swept.

        While it is not swept, every row that ended since then is still there to tell of it.
        """
        if self._database.execute("swept", (before,)).fetchone()[0]:
            return None
        span = {"before": before, "snapshot": snapshot}
        changed = [series_of(*row) for row in self._database.execute("changed_series", span)]
        return None if len(changed) * _MOST_CHANGED > len(self._kept[before]) else changed

    def _compare(self, shelf: Shelf, counted: Mapping[Series, _Counted]) -> None:
        """Compare the blocks of series at the head with what commits counted beside them.

        A row of the manifest that rotted moves a block out of its series or its time, brings back an old one or hides
        a held one; SQLite has no checksums. Seals tell more, of each snapshot, and cost a look at every block.
        """
        for one in counted.keys() | shelf.rows.keys():
            said, row = counted.get(one, _Counted(None, None, 0)), shelf.rows.get(one)
            blocks, found = said.blocks, len(row.refs) if row else 0
            if blocks != found or (row and said[:2] != (min(row.firsts), max(row.lasts))):
                held = f"{found} of the {blocks} blocks" if blocks != found else f"{found} blocks, of other times,"
                raise SurroundingsError(
                    f"{self._database.where} is damaged: it names {held} that commits counted of {one.instrument} "
                    f"{one.interval}. Look at it: tapehead store verify"
                )

    @contextmanager
    def _moment(self) -> Iterator[bool]:
        """Read everything inside as of one moment; False in a transaction of this thread, maybe half done."""
        if self._database.in_transaction:
            yield False
            return
        with self._database.moment():
            yield True
