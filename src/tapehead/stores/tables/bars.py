"""BarTables: the store of bars, a manifest over the bytes of segments."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import Column
from tapehead.model.bars import Bars
from tapehead.model.factors import Factors
from tapehead.model.history import CommitKind, CommitRecord, EmptyRange, Finding, StoreFacts, Swept
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.preset import Preset
from tapehead.model.rollup import RollUp
from tapehead.model.segment import BarRow, Commit, Coverage, Draft, Manifest, Moved, Quarantined, SegmentRef, Universe
from tapehead.ports.bars import Array, Codec, Mend
from tapehead.ports.holdings import BarHoldings
from tapehead.stores.tables.check import Check
from tapehead.stores.tables.commit import Facts, Writing
from tapehead.stores.tables.coverage import read_coverage, read_intervals
from tapehead.stores.tables.database import Ground
from tapehead.stores.tables.facts import read_facts
from tapehead.stores.tables.history import check_snapshot, read_log, read_report
from tapehead.stores.tables.layers import Layers
from tapehead.stores.tables.moved import read_moved, read_stamp
from tapehead.stores.tables.newest import read_newest
from tapehead.stores.tables.orphans import remove_orphans
from tapehead.stores.tables.presets import preset_row, read_presets
from tapehead.stores.tables.recount import recount
from tapehead.stores.tables.rollups import keep_roll_ups, read_roll_ups
from tapehead.stores.tables.shelves import Shelves
from tapehead.stores.tables.sweep import sweep
from tapehead.stores.tables.tail import Appending, iter_ripe
from tapehead.stores.tables.undo import undo
from tapehead.stores.tables.versions import (
    read_empties,
    read_factors,
    read_instruments,
    read_quarantined,
    read_universes,
    sort_series,
    universe_row,
)
from tapehead.stores.tables.writing import write

Given = TypeVar("Given")

_READING_S = 600.0


class BarTables:
    """`ports.bars.BarStore` over named statements.

    Parameters
    ----------
    ground : Ground
        Database, bytes, locks and leases.
    codec : Codec
        Makes the bytes of segments.
    few : int
        So many series have their blocks asked for by themselves; for more of them those of all are read, and kept.

    Notes
    -----
    Safe from many threads. Many processes read while one writes: a reader sees exactly the commits that were done,
    because bytes of segments never change and the manifest changes in one transaction, which comes after them.
    """

    def __init__(self, ground: Ground, codec: Codec, *, few: int = 16) -> None:
        self._ground = ground
        self._codec = codec
        self._database = ground.database
        self._files = ground.segments
        self._leases = ground.leases
        self._layers = Layers(self._database, self._files, codec)
        self._shelves = Shelves(self._database, few)
        self._reading = threading.local()
        self._instruments: tuple[int, tuple[Instrument, ...]] | None = None
        self._coverage: tuple[int, tuple[Coverage, ...]] | None = None
        self._intervals: dict[str, tuple[int, tuple[Interval, ...]]] = {}

    def head(self) -> int:
        """Return the number of the newest commit, 0 when there is none."""
        return int(self._database.execute("head").fetchone()[0])

    def manifest(
        self, series: Sequence[Series], start: int, end: int, *, warm: int = 0, snapshot: int | None = None
    ) -> Manifest:
        """Return the refs of a range at a snapshot; see `ports.bars.BarStore.manifest`."""
        number = self._snapshot(snapshot)
        return Manifest(number, self._shelves.of(number, series).refs(series, start, end, warm))

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the bytes of each ref in order; raises DamagedSegmentError that names the file."""
        for ref in refs:
            yield ref, self._layers.content(ref)

    def commit(
        self,
        drafts: Iterable[Draft],
        *,
        note: str,
        instruments: Sequence[Instrument] | Callable[[], Sequence[Instrument]] = (),
        quarantine: Iterable[Quarantined] = (),
        universes: Sequence[Universe] = (),
        factors: Iterable[Factors] = (),
        empties: Iterable[EmptyRange] = (),
        report: Callable[[int], bytes] | None = None,
        kind: CommitKind = "import",
    ) -> Commit:
        """Write all or nothing: files first, then one transaction that takes its number last.

        Raises
        ------
        StoreLockedError, DiskFullError, UnwritableHomeError
            Nothing was committed; files that were written are orphans, which nothing names.
        ParameterError
            A draft is not one period of strictly rising bars, or a period comes twice.
        """
        with self._writing() as writing:
            for draft in drafts:
                writing.replace(draft)
            return writing.finish(kind, note, Facts(instruments, quarantine, universes, factors, empties, report))

    def append(self, bars: Sequence[Bars]) -> Commit:
        """Lay bars over what is held, one block of the tail a (series, period); bars that are held just so drop out.

        Raises
        ------
        StoreLockedError, DiskFullError, UnwritableHomeError
            Nothing was committed.
        ParameterError
            Times do not rise, or a series comes twice.
        """

        def append() -> Commit:
            with self._locked(), self._database.transaction("the tail"):
                appending = Appending(self._database, self._layers)
                for one in bars:
                    appending.lay(one)
                return appending.finish()

        return self.outlast(append)

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body`, once more where the server went away meanwhile; see `ports.bars.BarStore.outlast`."""
        return self._database.outlast(body)

    def fold(self, *, whole: bool = False) -> Commit:
        """Make segments of periods whose tail has closed, as a later one began, or is long; of all if `whole`."""
        # Asked without the lock first: most often there is nothing to do, and no writer should wait for that.
        if not self._database.writable or not any(iter_ripe(self._database, whole=whole)):
            return Commit(self.head(), 0, 0)
        return self.outlast(lambda: self._fold(whole=whole))

    def _fold(self, *, whole: bool) -> Commit:
        """Fold in one commit."""
        with self._writing() as writing:
            count = 0
            for series, period in list(iter_ripe(self._database, whole=whole)):
                try:
                    writing.fold(series, period)
                except DamagedSegmentError:
                    # What is folded by the way waits until it is mended; whoever reads it, or asks a check, is told.
                    if whole:
                        raise
                else:
                    count += 1
            return writing.finish("fold", f"fold the tail of {count} periods", Facts())

    def undo(self, number: int, *, mend: Mend | None = None) -> Commit:
        """Take back one commit by a commit of its own; raises UndoError, see `ports.bars.BarStore.undo`."""

        def take_back() -> Commit:
            with self._locked():
                return undo(self._database, self._layers, number, mend)

        return self.outlast(take_back)

    def sweep(self, keep: Callable[[], Iterable[int]], newer_than: int, *, dry_run: bool = False) -> Swept:
        """Give back what no kept snapshot names; see `ports.bars.BarStore.sweep`."""

        def give_back() -> Swept:
            with nullcontext() if dry_run and not self._database.writable else self._locked():
                return sweep(self._database, self._files, keep, newer_than, self._leases.snapshots, dry_run=dry_run)

        return self.outlast(give_back)

    def check(
        self,
        *,
        rows: bool,
        heal: Callable[[SegmentRef], Mapping[Column, Array] | None] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Iterator[Finding]:
        """Yield what is wrong, as it is found; see `ports.bars.BarStore.check`."""
        return Check(self._ground, self._codec, self._locked, rows=rows, heal=heal, progress=progress).findings()

    def recount(self) -> int:
        """Work out the coverage anew; return how many rows were wrong."""
        with self._locked():
            return recount(self._database, self._layers)

    def facts(self) -> StoreFacts:
        """Return how much is held."""
        return read_facts(self._ground)

    def log(self, *, limit: int, before: int | None = None) -> Sequence[CommitRecord]:
        """Return commits, newest first, those below `before`."""
        return read_log(self._database, limit, before)

    def report(self, number: int) -> bytes:
        """Return the quality report kept with a commit, empty where there is none; raises ParameterError."""
        return read_report(self._database, number)

    def coverage(self, series: Sequence[Series] | None = None) -> Sequence[Coverage]:
        """Return first, last and number of bars at the head, sorted by series; see `ports.bars.BarStore.coverage`."""
        if series is not None:
            return read_coverage(self._database, sort_series(series))
        head, known = self.head(), self._coverage
        if known is None or known[0] != head:
            known = head, tuple(read_coverage(self._database, None))
            # A commit between the two looks leaves rows newer than their number: they are read again next time.
            self._coverage = known
        return known[1]

    def intervals(self, without: str = "") -> Sequence[Interval]:
        """Return the intervals of which bars are held; see `ports.bars.BarStore.intervals`."""
        head, known = self.head(), self._intervals.get(without)
        if known is None or known[0] != head:
            known = self._intervals[without] = head, read_intervals(self._database, without)
        return known[1]

    def moved(self, before: int, snapshot: int) -> Moved | None:
        """Return what changed between two snapshots; see `ports.bars.BarStore.moved`."""
        return read_moved(self._database, int(before), int(snapshot))

    def stamp(self, snapshot: int) -> str:
        """Return what tells a snapshot from another of its number; see `ports.bars.BarStore.stamp`."""
        return read_stamp(self._database, int(snapshot))

    def newest(self, series: Sequence[Series], snapshot: int) -> Mapping[Series, BarRow | None]:
        """Return the newest bar of each series, where that is the head; see `ports.bars.BarStore.newest`."""
        return read_newest(self._database, series, snapshot)

    def roll_ups(self, series: Sequence[Series], interval: Interval) -> Mapping[Series, RollUp]:
        """Return the coarser bars that are kept; see `ports.bars.BarStore.roll_ups`."""
        return read_roll_ups(self._database, series, interval)

    def keep_roll_ups(self, roll_ups: Mapping[Series, RollUp], interval: Interval, snapshot: int) -> bool:
        """Keep coarser bars where that can be done; see `ports.bars.BarStore.keep_roll_ups`."""
        if not self._database.writable or snapshot != self.head():
            return False
        return keep_roll_ups(self._database, roll_ups, interval, snapshot)

    def series(self, snapshot: int | None = None) -> Sequence[Series]:
        """Return every series that has bars at a snapshot, sorted."""
        if snapshot is None:
            return [one.series for one in self.coverage()]
        return sort_series(self._shelves.of(self._snapshot(snapshot), None).series())

    @contextmanager
    def lease(self, snapshot: int, ttl_s: float) -> Iterator[None]:
        """Keep a snapshot from being swept; where nothing can be written nothing sweeps, so nothing is held."""
        if not self._database.writable:
            self._snapshot(snapshot)
            yield
            return
        with self._leases.held(snapshot, ttl_s, lambda: self._snapshot(snapshot)):
            yield

    @contextmanager
    def reading(self, snapshot: int | None = None) -> Iterator[int]:
        """Hold a snapshot for what one thread reads at once; see `ports.bars.BarStore.reading`."""
        held: int | None = getattr(self._reading, "number", None)
        if held is not None and snapshot in (None, held):
            yield held
            return
        number = self.head() if snapshot is None else snapshot
        with self._still(number):
            self._reading.number = number
            try:
                yield number
            finally:
                self._reading.number = held

    def _still(self, snapshot: int) -> AbstractContextManager[object]:
        """Keep a snapshot from being swept from under this thread."""
        return self.lease(snapshot, _READING_S)

    def leased(self) -> list[int]:
        """Return the snapshots that leases hold, rising."""
        return list(self._leases.snapshots())

    def instruments(self, snapshot: int | None = None) -> Sequence[Instrument]:
        """Return every instrument at a snapshot, by default the head, sorted by name."""
        number, known = self._snapshot(snapshot), self._instruments
        if known is None or known[0] != number:
            known = number, read_instruments(self._database, number)
            self._instruments = known
        return known[1]

    def factors(self, instruments: Sequence[str], snapshot: int | None = None) -> Mapping[str, Factors]:
        """Return the factors of those named (`venue:symbol`) that have some."""
        return read_factors(self._database, instruments, self._snapshot(snapshot))

    def empties(self, series: Sequence[Series] | None = None, snapshot: int | None = None) -> Sequence[EmptyRange]:
        """Return the ranges that are confirmed empty, by series and start."""
        return read_empties(self._database, series, self._snapshot(snapshot))

    def quarantined(self, series: Sequence[Series] | None = None, *, limit: int = 1000) -> Sequence[Quarantined]:
        """Return rows that were set aside, oldest first; rows of no symbol have an empty one."""
        return read_quarantined(self._database, series, limit)

    def universes(self) -> Sequence[Universe]:
        """Return the stored universes, sorted by name."""
        return read_universes(self._database)

    def save_universe(self, universe: Universe) -> None:
        """Add or replace a universe; the head does not move."""
        values = universe_row(universe)
        write(self._database, f"universe {universe.name}", lambda: self._database.execute("save_universe", values))

    def delete_universe(self, name: str) -> bool:
        """Remove a universe; say whether it was there."""
        with self._database.transaction(f"universe {name}"):
            return self._database.execute("delete_universe", (name,)).rowcount > 0

    def presets(self) -> Sequence[Preset]:
        """Return the presets, sorted by name."""
        return read_presets(self._database)

    def save_preset(self, preset: Preset) -> None:
        """Add or replace a preset; the head does not move."""
        values = preset_row(preset)
        write(self._database, f"preset {preset.name}", lambda: self._database.execute("save_preset", values))

    def delete_preset(self, name: str) -> bool:
        """Remove a preset; say whether it was there."""
        with self._database.transaction(f"preset {name}"):
            return self._database.execute("delete_preset", (name,)).rowcount > 0

    def holdings(self) -> BarHoldings:
        """Return all that is held, as rows that another store can hold just so."""
        from tapehead.stores.tables.holdings import BarRows

        return BarRows(self._ground, self._locked)

    def close(self) -> None:
        """Close the database connections of every thread."""
        self._database.close()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the writer lock; what a writer left behind who died or failed is removed first."""
        with self._ground.writing() as undone:
            if undone:
                remove_orphans(self._database, self._files)
            yield

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        """Begin a commit under the writer lock."""
        with self._locked():
            writing = Writing(self._database, self._files, self._codec)
            try:
                yield writing
            except BaseException:
                writing.discard()
                raise

    def _snapshot(self, asked: int | None) -> int:
        """Return the number of the snapshot asked for, the head by default; raise ParameterError if it is not held."""
        head = self.head()
        if asked is None:
            return head
        check_snapshot(self._database, asked, head)
        return asked
