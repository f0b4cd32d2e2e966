"""EmbeddedBars: the store of bars on one machine, segment files and an SQLite manifest."""

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from tapehead.errors import ParameterError
from tapehead.layout.formats import BARS_FORMAT
from tapehead.model.bars import Bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import Commit, Coverage, Draft, Manifest, Quarantined, SegmentRef, Universe
from tapehead.ports.bars import Codec
from tapehead.stores.embedded.commit import Writing
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.home import Home
from tapehead.stores.embedded.lock import WriterLock
from tapehead.stores.embedded.segments import SegmentFiles
from tapehead.stores.embedded.shelf import Shelf, shelf_of

_SHELVES = 4
_FEW = 16
_FACTS = [one.name for one in fields(Instrument)]


class EmbeddedBars:
    """`ports.bars.BarStore` in a folder of this machine.

    Parameters
    ----------
    home : Home
        Checked folder of the store.
    codec : Codec
        Makes the bytes of segments.
    lock_wait_s : float
        How long a writer waits for another one before StoreLockedError.

    Notes
    -----
    Safe from many threads. Many processes read while one writes: a reader sees exactly the commits that were done,
    because segment files never change and the manifest changes in one transaction, which comes after the files.
    """

    def __init__(self, home: Home, codec: Codec, *, lock_wait_s: float = 5.0) -> None:
        self.home = home
        self._codec = codec
        self._database = Database(home.bars, "bars.sql", BARS_FORMAT, synchronous="FULL", writable=home.writable)
        self._files = SegmentFiles(home.segments)
        self._lock = WriterLock(home.lock, lock_wait_s)
        self._shelves: OrderedDict[int, Shelf] = OrderedDict()
        self._instruments: tuple[int, tuple[Instrument, ...]] | None = None
        self._guard = threading.Lock()

    def head(self) -> int:
        """Return the number of the newest commit, 0 when there is none."""
        return int(self._database.execute("head").fetchone()[0])

    def manifest(
        self, series: Sequence[Series], start: int, end: int, *, warm: int = 0, snapshot: int | None = None
    ) -> Manifest:
        """Return the refs of a range at a snapshot; see `ports.bars.BarStore.manifest`."""
        head = self.head()
        number = head if snapshot is None else snapshot
        if not 0 <= number <= head:
            raise ParameterError(name="snapshot", value=snapshot, bound=f"between 0 and {head}, the newest commit")
        shelf = self._shelves.get(number)
        if shelf is None:
            # A cold process that asks for little should not wait for the rows of the whole market.
            shelf = self._shelf_of_few(series, number) if len(series) <= _FEW else self._shelf(number)
        return Manifest(number, shelf.refs(series, start, end, warm))

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the file bytes of each ref in order; raises DamagedSegmentError that names the file."""
        for ref in refs:
            yield ref, self._files.read(ref)

    def commit(
        self,
        drafts: Iterable[Draft],
        *,
        note: str,
        instruments: Sequence[Instrument] = (),
        quarantine: Sequence[Quarantined] = (),
        universes: Sequence[Universe] = (),
    ) -> Commit:
        """Write all or nothing: files first, then one transaction that takes its number last.

        Raises
        ------
        StoreLockedError, DiskFullError, UnwritableHomeError
            Nothing was committed; files that were written are orphans, which nothing names.
        ParameterError
            A draft is not one period of strictly rising bars, or a period comes twice.
        """
        with self._writing(note) as writing:
            for draft in drafts:
                writing.replace(draft)
            return writing.finish(instruments, quarantine, universes)

    def append(self, bars: Sequence[Bars]) -> Commit:
        """Lay bars over what is held, one layer a (series, period); one equal to the top layer drops out."""
        with self._writing("append") as writing:
            for one in bars:
                writing.lay(one)
            return writing.finish()

    def coverage(self, series: Sequence[Series] | None = None) -> Sequence[Coverage]:
        """Return first, last and number of bars at the head, from the manifest alone, sorted by series."""
        return self._shelf(self.head()).coverage(series)

    @contextmanager
    def lease(self, snapshot: int, ttl_s: float) -> Iterator[None]:
        """Hold a row that keeps a snapshot from being swept; on a read-only home nothing sweeps, so nothing is held."""
        if not self.home.writable:
            yield
            return
        now = _now_us()
        with self._undurably(), self._database.transaction("a lease"):
            self._database.execute("expire_leases", (now,))
            row = self._database.execute("add_lease", (snapshot, os.getpid(), now + round(ttl_s * 1e6))).lastrowid
        try:
            yield
        finally:
            with self._undurably(), self._database.transaction("a lease"):
                self._database.execute("end_lease", (row,))

    def leased(self) -> list[int]:
        """Return the snapshots that unexpired leases hold, rising."""
        return [int(row[0]) for row in self._database.execute("leased", (_now_us(),))]

    def instruments(self) -> Sequence[Instrument]:
        """Return every instrument, sorted by name."""
        head, known = self.head(), self._instruments
        if known is None or known[0] != head:
            rows = self._database.execute("instruments").fetchall()
            known = head, tuple(sorted((_instrument(row) for row in rows), key=lambda one: one.name))
            # A commit between the two looks leaves rows newer than their number: they are read again next time.
            self._instruments = known
        return known[1]

    def universes(self) -> Sequence[Universe]:
        """Return the stored universes, sorted by name."""
        rows = self._database.execute("universes").fetchall()
        return [Universe(name, tuple(json.loads(symbols)), bool(built_in)) for name, symbols, built_in in rows]

    def save_universe(self, universe: Universe) -> None:
        """Add or replace a universe; the head does not move."""
        with self._database.transaction(f"universe {universe.name}"):
            row = (universe.name, json.dumps(list(universe.symbols)), int(universe.built_in))
            self._database.execute("save_universe", row)

    def delete_universe(self, name: str) -> bool:
        """Remove a universe; say whether it was there."""
        with self._database.transaction(f"universe {name}"):
            return self._database.execute("delete_universe", (name,)).rowcount > 0

    def close(self) -> None:
        """Close the database connections of every thread."""
        self._database.close()

    @contextmanager
    def _writing(self, note: str) -> Iterator[Writing]:
        """Begin a commit under the writer lock."""
        self.home.check_writable()
        with self._lock.held():
            writing = Writing(self._database, self._files, self._codec, note)
            try:
                yield writing
            except BaseException:
                writing.discard()
                raise

    @contextmanager
    def _undurably(self) -> Iterator[None]:
        """Spare a lease the fsync: a power cut ends its holder too."""
        connection = self._database.connection()
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._database.connection().execute("PRAGMA synchronous = FULL")

    def _shelf(self, snapshot: int) -> Shelf:
        """Return all of a snapshot, from memory or by one query."""
        shelf = self._shelves.get(snapshot)
        if shelf is not None:
            return shelf
        with self._guard:
            shelf = self._shelves.get(snapshot)
            if shelf is None:
                shelf = shelf_of(self._database.execute("refs_of_all", {"snapshot": snapshot}))
                self._shelves[snapshot] = shelf
                while len(self._shelves) > _SHELVES:
                    self._shelves.popitem(last=False)
        return shelf

    def _shelf_of_few(self, series: Sequence[Series], snapshot: int) -> Shelf:
        """Return the asked series of a snapshot."""
        records: list[Any] = []
        for one in dict.fromkeys(series):
            key = {"venue": one.venue, "symbol": one.symbol, "interval_us": one.interval.us, "snapshot": snapshot}
            records += self._database.execute("refs_of_one", key).fetchall()
        return shelf_of(records)


def _instrument(row: Sequence[Any]) -> Instrument:
    """Read a row of the instruments."""
    facts = dict(zip(_FACTS, row, strict=True))
    return Instrument(**{**facts, "has_volume": bool(facts["has_volume"])})


def _now_us() -> int:
    """Return the time in us UTC."""
    return time.time_ns() // 1000
