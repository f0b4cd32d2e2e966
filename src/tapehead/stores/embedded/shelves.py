"""Shelves: the snapshots that this process has looked at, each made of the one before it where few series changed."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from tapehead.model.instrument import Series
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.shelf import Shelf, shelf_of
from tapehead.stores.embedded.versions import series_of

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
                shelf = self._later(snapshot) or shelf_of(self._database.execute("refs_of_all", {"snapshot": snapshot}))
                self._kept[snapshot] = shelf
                while len(self._kept) > _SHELVES:
                    self._kept.popitem(last=False)
        return shelf

    def _of_few(self, series: Sequence[Series], snapshot: int) -> Shelf:
        """Return the asked series of a snapshot."""
        records: list[Any] = []
        for one in dict.fromkeys(series):
            key = {"venue": one.venue, "symbol": one.symbol, "interval_us": one.interval.us, "snapshot": snapshot}
            records += self._database.execute("refs_of_one", key).fetchall()
        return shelf_of(records)

    def _later(self, snapshot: int) -> Shelf | None:
        """Return a snapshot by what changed since the newest one kept before it; None where that is much."""
        before = max((number for number in self._kept if number < snapshot), default=0)
        if not before:
            return None
        connection = self._database.connection()
        if connection.in_transaction:
            return None
        # In one moment: while `before` is not swept, every row that ended since then is still there to tell of it.
        connection.execute("BEGIN")
        try:
            if self._database.execute("swept", (before,)).fetchone()[0]:
                return None
            span = {"before": before, "snapshot": snapshot}
            changed = [series_of(*row) for row in self._database.execute("changed_series", span)]
            held = self._kept[before]
            if len(changed) * _MOST_CHANGED > len(held):
                return None
            return held.with_changes(changed, self._of_few(changed, snapshot))
        finally:
            connection.execute("ROLLBACK")
