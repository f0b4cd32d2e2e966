"""Shelves: the snapshots that this process has looked at, each made of the one before it where few series changed."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tapehead.errors import SurroundingsError
from tapehead.model.instrument import Series
from tapehead.stores.tables.coverage import read_coverage
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.shelf import Shelf, shelf_of
from tapehead.stores.tables.versions import series_of

_SHELVES = 4
_FEW = 16
_MOST_CHANGED = 4


class Shelves:
    """Shelves by snapshot, the newest used ones kept. Safe from many threads.

    An append touches a few series of thousands: beside an appender, a reader asks again for those alone.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[int, Shelf] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, snapshot: int, series: Sequence[Series] | None) -> Shelf:
        """Return a shelf that holds the asked series of a snapshot, by default all, and maybe more."""
        shelf = self._kept.get(snapshot)
        if shelf is not None:
            return shelf
        if series is not None and len(series) <= _FEW:
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
        asked = list(dict.fromkeys(series))
        with self._moment() as whole:
            shelf = self._ask(asked, snapshot)
            if whole:
                self._check(shelf, asked, snapshot)
        return shelf

    def _of_all(self, snapshot: int) -> Shelf:
        """Return every series of a snapshot: those that changed since the newest one kept before it asked for anew."""
        with self._moment() as whole:
            before = max((number for number in self._kept if number < snapshot), default=0)
            changed = self._changed(before, snapshot) if whole and before else None
            if changed is None:
                shelf = shelf_of(self._database.execute("refs_of_all", {"snapshot": snapshot}))
            else:
                shelf = self._kept[before].with_changes(changed, self._ask(changed, snapshot))
            if whole:
                self._check(shelf, changed, snapshot)
        return shelf

    def _ask(self, series: Sequence[Series], snapshot: int) -> Shelf:
        """Read the refs of a few series."""
        records: list[Any] = []
        for one in series:
            key = {"venue": one.venue, "symbol": one.symbol, "interval_us": one.interval.us, "snapshot": snapshot}
            records += self._database.execute("refs_of_one", key).fetchall()
        return shelf_of(records)

    def _changed(self, before: int, snapshot: int) -> list[Series] | None:
        """Return the series that changed between two snapshots; None where they are many, or `before` was swept.

        While it is not swept, every row that ended since then is still there to tell of it.
        """
        if self._database.execute("swept", (before,)).fetchone()[0]:
            return None
        span = {"before": before, "snapshot": snapshot}
        changed = [series_of(*row) for row in self._database.execute("changed_series", span)]
        return None if len(changed) * _MOST_CHANGED > len(self._kept[before]) else changed

    def _check(self, shelf: Shelf, series: Sequence[Series] | None, snapshot: int) -> None:
        """Compare the blocks of series at the head, by default of all, with what commits counted beside them.

        A row of the manifest that rotted moves a block out of its series or its time, brings back an old one or hides
        a held one; SQLite has no checksums. Seals tell more, of each snapshot, and cost a look at every block.
        """
        if self._database.execute("head").fetchone()[0] != snapshot:
            return
        counted = {one.series: one for one in read_coverage(self._database, series)}
        for one in counted.keys() | shelf.rows.keys() if series is None else series:
            said, row = counted.get(one), shelf.rows.get(one)
            blocks, found = said.segments if said else 0, len(row.refs) if row else 0
            if blocks != found or (said and row and (said.first, said.last) != (min(row.firsts), max(row.lasts))):
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
