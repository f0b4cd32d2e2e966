"""Rolling: the coarser bars of one look-up, out of what is kept of them where that is less work."""

from collections.abc import Mapping, Sequence

from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.jobs.read import Columns, Shelf
from tapehead.jobs.roll_up import FEWEST, KEPT, Rolled, Source, bring_up, make_rolled, read_rolled
from tapehead.model.calendar import Calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.rollup import RollUp
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore

Asked = tuple[Series, Interval, Calendar, Sequence[EmptyRange]]
"""A series that is held, the coarser interval wanted of it, its calendar, and where no bar of it is expected."""
_TIMES = 3
"""So many times the finer bars of the range may be read to bring up to date what is kept of all."""


class Rolling:
    """Made for one look-up of one snapshot.

    Daily and weekly bars are kept once all of a series was read to make them, and brought up to date by whoever reads
    them next; where a part of the range is asked for, and making that is less work, nothing is kept.

    Parameters
    ----------
    store : BarStore
    shelf : Shelf
    snapshot : int
        The one that is read.
    asked : sequence of Asked
        Others than those of the intervals that are kept are left alone.
    """

    def __init__(self, store: BarStore, shelf: Shelf, snapshot: int, asked: Sequence[Asked]) -> None:
        self._store = store
        self._shelf = shelf
        self._snapshot = snapshot
        wanted = {(one, to): (days, empty) for one, to, days, empty in asked if to in KEPT}
        series = list(dict.fromkeys(one for one, _ in wanted))
        refs = store.manifest(series, OPEN_START, OPEN_END, snapshot=snapshot).refs if series else {}
        self._sources = {
            (one, to): Source(one, to, days, refs[one], empty)
            for (one, to), (days, empty) in wanted.items()
            if sum(ref.rows for ref in refs.get(one, ())) >= FEWEST
        }
        self._new: dict[Interval, dict[Series, RollUp]] = {}

    def find(
        self, wanted: Sequence[tuple[Series, Interval, Sequence[SegmentRef]]]
    ) -> dict[tuple[Series, Interval], Rolled]:
        """Return the coarser bars that are kept, brought up to date where that takes less than to make the range's.

        Parameters
        ----------
        wanted : sequence of (Series, Interval, sequence of SegmentRef)
            The blocks that would be read for the range.
        """
        found: dict[tuple[Series, Interval], Rolled] = {}
        for to in KEPT:
            mine = {one: refs for one, each, refs in wanted if each == to and (one, to) in self._sources}
            kept: Mapping[Series, RollUp] = self._store.roll_ups(list(mine), to) if mine else {}
            for one, roll_up in kept.items():
                rolled = self._current(self._sources[one, to], roll_up, mine[one])
                if rolled is not None:
                    found[one, to] = rolled
        return found

    def make(self, series: Series, to: Interval, refs: Sequence[SegmentRef], columns: Columns) -> Rolled | None:
        """Make the coarser bars of a whole series out of what was read; None where only a part was."""
        source = self._sources.get((series, to))
        if source is None or len(refs) != len(source.refs):
            return None
        rolled = make_rolled(source, columns)
        if rolled is not None:
            self._new.setdefault(to, {})[series] = rolled.kept
        return rolled

    def keep(self) -> None:
        """Keep what was made, for the next who asks; when what is read here is no longer held."""
        for to, roll_ups in self._new.items():
            self._store.keep_roll_ups(roll_ups, to, self._snapshot)

    def _current(self, source: Source, kept: RollUp, refs: Sequence[SegmentRef]) -> Rolled | None:
        """Return what is kept, brought up to date where it is not."""
        rolled = read_rolled(source, kept)
        if rolled is None:
            rolled = bring_up(self._shelf.tiers, source, kept, _TIMES * sum(ref.rows for ref in refs))
            if rolled is not None:
                self._new.setdefault(source.interval, {})[source.series] = rolled.kept
        return rolled
