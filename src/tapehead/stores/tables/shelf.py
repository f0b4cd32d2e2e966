"""Shelf: what one snapshot holds, in memory, answered by range."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.segment import SegmentRef


class Row(NamedTuple):
    """One series: its refs, and of each period (rising) the outer open times, bars and place.

    The refs of period i are `refs[places[i]:places[i + 1]]`; `bars` is the least that a period holds.
    """

    refs: tuple[SegmentRef, ...]
    firsts: tuple[int, ...]
    lasts: tuple[int, ...]
    bars: tuple[int, ...]
    places: tuple[int, ...]


class Shelf:
    """The refs of every series of one snapshot; never changes once made."""

    def __init__(self, rows: Mapping[Series, Row]) -> None:
        self.rows = rows

    def refs(self, series: Sequence[Series], start: int, end: int, warm: int) -> dict[Series, tuple[SegmentRef, ...]]:
        """Return for each series the refs that overlap [start, end) and those of the `warm` bars before `start`."""
        found: dict[Series, tuple[SegmentRef, ...]] = {}
        rows = self.rows
        for one in series:
            row = rows.get(one)
            if row is None:
                continue
            if start <= row.firsts[0] and row.lasts[-1] < end:
                found[one] = row.refs
                continue
            refs = _select(row, start, end, warm)
            if refs:
                found[one] = refs
        return found

    def series(self) -> Iterable[Series]:
        """Return every series that has a ref."""
        return self.rows.keys()

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.rows)

    def with_changes(self, changed: Iterable[Series], now: "Shelf") -> "Shelf":
        """Return this shelf with the `changed` series as `now` has them, or without those that it has not."""
        rows = dict(self.rows)
        for one in changed:
            rows.pop(one, None)
        return Shelf({**rows, **now.rows})


def shelf_of(records: Iterable[Sequence[Any]]) -> Shelf:
    """Make a shelf of rows of the queries `refs_of_*`, which come together by series and in order of period, layer."""
    intervals: dict[int, Interval] = {}
    refs: dict[Series, list[SegmentRef]] = {}
    key, series = None, None
    for venue, symbol, us, *fields in records:
        if series is None or key != (venue, symbol, us):
            key = (venue, symbol, us)
            if us not in intervals:
                # By way of parse: its cached object is the caller's too, and identity is the fast path of equality.
                intervals[us] = Interval.parse(Interval.of_us(us).text)
            series = Series(venue, symbol, intervals[us])
            refs[series] = []
        refs[series].append(SegmentRef(series, *fields))
    return Shelf({one: _row(tuple(held)) for one, held in refs.items()})


def _row(refs: tuple[SegmentRef, ...]) -> Row:
    """Make the row of refs in order of period, layer."""
    places = [i for i, ref in enumerate(refs) if i == 0 or ref.period != refs[i - 1].period] + [len(refs)]
    periods = [refs[lo:hi] for lo, hi in pairwise(places)]
    return Row(
        refs,
        tuple(min(ref.first for ref in layers) for layers in periods),
        tuple(max(ref.last for ref in layers) for layers in periods),
        tuple(max(ref.rows for ref in layers) for layers in periods),
        tuple(places),
    )


def _select(row: Row, start: int, end: int, warm: int) -> tuple[SegmentRef, ...]:
    """Return the refs of a range, with whole periods before it until `warm` bars are surely there."""
    lo, hi = bisect_left(row.lasts, start), bisect_left(row.firsts, end)
    if hi <= lo and not warm:
        return ()
    earliest = start
    if warm > 0:
        surely = _bars_before(row.refs[row.places[lo]], start) if lo < hi else 0
        while surely < warm and lo > 0:
            lo -= 1
            surely += row.bars[lo]
        # Every ref of that period: its warm bars may lie in one that ends before `start`, under a tail that does not.
        earliest = row.firsts[min(lo, len(row.firsts) - 1)]
    chosen = row.refs[row.places[lo] : row.places[max(lo, hi)]]
    if len(chosen) == hi - lo:
        return chosen
    return tuple(ref for ref in chosen if ref.last >= earliest and ref.first < end)


def _bars_before(ref: SegmentRef, start: int) -> int:
    """Return how many bars of the lowest layer of a period lie before `start` at least, whatever its holes."""
    us = ref.series.interval.us
    steps = (ref.last - ref.first) // us + 1
    if ref.first >= start or ref.rows > steps:
        return 0
    return min(ref.rows, max(0, -(-(start - ref.first) // us) - (steps - ref.rows)))
