"""RowedBars: the store of bars in PostgreSQL, of which some series have rows that anybody may edit by SQL."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from tapehead.database.pool import Pool
from tapehead.errors import RowsError
from tapehead.layout.columns import Column
from tapehead.model.history import Finding
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.rollup import RollUp
from tapehead.model.segment import BarRow, Coverage, Digest, Manifest, Moved, SegmentRef
from tapehead.ports.bars import Array, Codec
from tapehead.ports.holdings import BarHoldings
from tapehead.stores.postgres.bars import PostgresBars
from tapehead.stores.postgres.rows_check import check_rows_of
from tapehead.stores.postgres.rows_edited import Edited
from tapehead.stores.postgres.rows_overlay import Overlaid, Overlay, read_overlay
from tapehead.stores.postgres.rows_rebuild import Rebuild
from tapehead.stores.postgres.rows_table import RowSeries, RowTable
from tapehead.stores.tables.series import SeriesRows

_WAIT_S: Final = 1.0
"""How long the segments of edited rows wait for another writer, before the rows themselves are read."""
_PAUSE_S: Final = 0.02
_KEPT: Final = 4
"""Overlays whose bytes are kept, for readers who began before the newest one."""


class RowedBars(PostgresBars):
    """`ports.bars.BarStore`; who looks at the head sees every edit of rows that was committed before.

    Looking makes segments of what is marked. Where that cannot be, for a user who may only read, on a replica, or while
    another process writes the store, the marked periods are read from the rows as they are.
    """

    def __init__(self, pool: Pool, codec: Codec, *, lock_wait_s: float = 5.0) -> None:
        super().__init__(pool, codec, lock_wait_s=lock_wait_s)
        self.table = RowTable(self._server)
        self.rebuilding = Rebuild(self.table, self._files, self._layers, codec)
        self._may_write: bool | None = None
        self._overlay: Overlaid | None = None
        self._blocks: OrderedDict[Digest, bytes] = OrderedDict()

    def head(self) -> int:
        """Return the number of the newest commit, when all that was edited before is in it or over it."""
        known = hasattr(self._known, "head") or (hasattr(self._known, "planned") and not self._server.is_held)
        if known or self._server.in_transaction:
            return super().head()
        head, marked = self.table.ask("head_and_marks").fetchone()
        if not marked:
            return int(head)
        if self._settled():
            return int(self.table.ask("head_and_marks").fetchone()[0])
        return self.outlast(self._overlaid)

    @contextmanager
    def reading(self, snapshot: int | None = None) -> Iterator[int]:
        """Read inside one transaction, see `PostgresBars.reading`; what was edited before belongs to it."""
        head = self.head()
        with super().reading(snapshot) as number:
            if isinstance(head, Overlaid) and getattr(self._known, "head", None) == head:
                self._known.head = head
                yield head if snapshot is None else number
            else:
                yield number

    def manifest(
        self, series: Sequence[Series], start: int, end: int, *, warm: int = 0, snapshot: int | None = None
    ) -> Manifest:
        """Return the refs of a range at a snapshot; see `ports.bars.BarStore.manifest`."""
        number = self._snapshot(snapshot)
        if not isinstance(number, Overlaid):
            return super().manifest(series, start, end, warm=warm, snapshot=number)
        shelf = number.overlay.laid(self._shelves.of(int(number), series))
        return Manifest(number, shelf.refs(series, start, end, warm))

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the bytes of each ref in order."""
        if not self._blocks or not any(ref.data in self._blocks for ref in refs):
            yield from super().read(refs)
            return
        for ref in refs:
            block = self._blocks.get(ref.data)
            if block is not None:
                yield ref, block
            else:
                yield from super().read([ref])

    def coverage(self, series: Sequence[Series] | None = None) -> Sequence[Coverage]:
        """Return first, last and number of bars at the head, sorted by series."""
        head = self.head()
        found = super().coverage(series)
        if not isinstance(head, Overlaid):
            return found
        edited = head.overlay.refs
        asked = edited if series is None else [one for one in series if one in edited]
        now = [head.overlay.covered(one) for one in asked]
        every = [one for one in found if one.series not in edited] + [one for one in now if one is not None]
        return sorted(every, key=lambda one: (one.series.venue, one.series.symbol, one.series.interval.us))

    def intervals(self, without: str = "") -> Sequence[Interval]:
        """Return the intervals of which bars are held, what was edited among them."""
        if not isinstance(self.head(), Overlaid):
            return super().intervals(without)
        held = (one.series for one in self.coverage())
        return sorted({one.interval for one in held if one.venue != without}, key=lambda one: one.us)

    def moved(self, before: int, snapshot: int) -> Moved | None:
        """Return what changed between two snapshots; what was edited over the later one counts as changed."""
        found = super().moved(before, snapshot)
        if found is None or not isinstance(snapshot, Overlaid):
            return found
        return Moved(list(dict.fromkeys((*found.series, *snapshot.overlay.refs))), found.instruments)

    def newest(self, series: Sequence[Series], snapshot: int) -> Mapping[Series, BarRow | None]:
        """Return the newest bar of each series, see `ports.bars.BarStore.newest`; of edited ones it is not kept."""
        found = super().newest(series, snapshot)
        if not isinstance(snapshot, Overlaid):
            return found
        edited = snapshot.overlay.refs
        return {**found, **{one: None for one in series if one in edited}}

    def keep_roll_ups(self, roll_ups: Mapping[Series, RollUp], interval: Interval, snapshot: int) -> bool:
        """Keep coarser bars; not those of edits that no segment holds yet."""
        return not isinstance(snapshot, Overlaid) and super().keep_roll_ups(roll_ups, interval, snapshot)

    def check(
        self,
        *,
        rows: bool,
        heal: Callable[[SegmentRef], Mapping[Column, Array] | None] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Iterator[Finding]:
        """Yield what is wrong, see `ports.bars.BarStore.check`; with `rows`, rows that differ from their segments."""
        yield from super().check(rows=rows, heal=heal, progress=progress)
        if rows:
            self.head()
            yield from check_rows_of(self.table, self._layers, progress)

    def recount(self) -> int:
        """Work out anew the coverage, and which instruments have bars; return how many were wrong."""
        with self._locked():
            return super().recount() + int(self.table.ask("recount_flags").rowcount)

    def holdings(self) -> BarHoldings:
        """Return all that is held, see `ports.bars.BarStore.holdings`; what was edited before is in it.

        Raises RowsError where this user cannot make segments of it.
        """
        if isinstance(self.head(), Overlaid):
            step = "As a user who may write them: tapehead store recount"
            raise RowsError(series="bars", cause="some rows were edited that no segment holds yet", step=step)
        return super().holdings()

    def writing_rows(self) -> AbstractContextManager[None]:
        """Hold the writer lock and a transaction, to change who has rows."""
        return self._locked()

    def row_of(self, series: Series) -> RowSeries:
        """Return the place of a series, made where it is new."""
        return RowSeries(SeriesRows(self._server).place(series), series)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the writer lock; what was edited before is in the segments, and what changes inside in the rows."""
        nested = self._server.in_transaction
        if not nested and self.table.ask("head_and_marks").fetchone()[1]:
            self._settled()
        with super()._locked():
            before = int(self.table.ask("head_and_marks").fetchone()[0])
            yield
            if not nested:
                self.rebuilding.follow(before)

    def _snapshot(self, asked: int | None) -> int:
        """Return the number of the snapshot asked for; that of an overlay is the head it was made over."""
        return asked if isinstance(asked, Overlaid) else super()._snapshot(asked)

    def _settled(self) -> bool:
        """Make segments of what was edited; False where that cannot be done now."""
        if not self._can_write():
            return False
        end = time.monotonic() + _WAIT_S
        while not self.rebuilding.rebuild():
            # Rows of these marks were read once: to wait for each look would only make it slow.
            if time.monotonic() >= end or self._overlay is not None:
                return False
            time.sleep(_PAUSE_S)
        self._overlay = None
        return True

    def _can_write(self) -> bool:
        """Say whether this user may make segments."""
        if self._may_write is None:
            self._may_write = self._server.writable and bool(self.table.ask("may_write").fetchone()[0])
        return self._may_write

    def _overlaid(self) -> int:
        """Return the head with what was edited over it."""
        with self._server.moment():
            head = int(self.table.ask("head_and_marks").fetchone()[0])
            marks = self.table.marks()
            if not marks:
                return head
            known = self._overlay
            if known is not None and known == head and known.overlay.marks == {mark.id for mark in marks}:
                return known
            overlay = read_overlay(Edited(self.table, self._layers, head), marks, head)
        self._keep(overlay)
        self._overlay = Overlaid.of(head, overlay)
        return self._overlay

    def _keep(self, overlay: Overlay) -> None:
        """Keep the bytes of an overlay, and those of a few before it."""
        self._blocks.update(overlay.blocks)
        while len(self._blocks) > _KEPT * max(len(overlay.blocks), 16):
            self._blocks.popitem(last=False)
