"""coverage: the ledger of each series, from its times and flags alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.absent import EmptySteps, Gaps, empty_steps, find_gaps, first_step, read_empties
from tapehead.jobs.lookup import LEASE_S
from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.jobs.read import Shelf
from tapehead.jobs.resample import placed
from tapehead.layout.columns import BAR_DTYPES, PARTIAL, SUSPECT, TRADED, Column
from tapehead.model.bars import I64, U8
from tapehead.model.calendar import Calendar, calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.layers import lay_over
from tapehead.model.ledger import Gap, Ledger
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore, Codec

Progress = Callable[[str, int, int], None]
_READ: Final[tuple[Column, ...]] = ("ts", "flags")
FULL, PARTLY, GONE, EMPTY, NOTHING = "#+-o "


@dataclass(frozen=True, slots=True)
class Axis:
    """The time that strips of `cells` cells stand for: [start, end), us UTC."""

    start: int
    end: int
    cells: int

    def edges(self) -> I64:
        """Return where each cell begins, and where the last one ends, us UTC."""
        span = self.end - self.start
        return np.array([self.start + span * cell // self.cells for cell in range(self.cells + 1)], np.int64)


@dataclass(frozen=True, slots=True)
class Months:
    """Strips of a cell a calendar month, UTC: all months that [start, end), us UTC, touches."""

    start: int
    end: int

    def edges(self) -> I64:
        """Return where each month begins, and where the last one ends, us UTC."""
        first, last = np.array([self.start, self.end - 1]).astype("M8[us]").astype("M8[M]").astype(np.int64).tolist()
        edges: I64 = np.arange(first, last + 2).astype("M8[M]").astype("M8[us]").astype(np.int64)
        return edges


def coverage(
    store: BarStore,
    codec: Codec,
    shelf: Shelf,
    series: Sequence[Series],
    *,
    axis: Axis | Months | None = None,
    runs: bool = False,
    snapshot: int | None = None,
    progress: Progress | None = None,
) -> list[Ledger]:
    """Return the ledger of each series, in their order.

    Parameters
    ----------
    store, codec, shelf : BarStore, Codec, Shelf
        Two columns of a segment are read: from a tier that has them, else decoded from the store and not kept.
    series : sequence of Series
        Those without a bar are left out.
    axis : Axis, Months, optional
        Draw strips over this time.
    runs : bool
        List every run of steps without a bar.
    snapshot : int, optional
        State of the store; by default the head.
    progress : callable, optional
        Told what is read, how many series are done, and how many there are.
    """
    number = store.head() if snapshot is None else snapshot
    with store.lease(number, LEASE_S):
        refs = store.manifest(series, OPEN_START, OPEN_END, snapshot=number).refs
        calendars = {one.name: one.calendar for one in store.instruments(number)}
        empty = read_empties(store, series, number)
        made = []
        for done, each in enumerate(one for one in series if one in refs):
            if progress is not None:
                progress("reading the times of bars", done, len(refs))
            days = calendar(calendars.get(each.instrument, "24/7"))
            ts, flags = _read(store, codec, shelf, refs[each])
            made.append(make_ledger(each, days, ts, flags, empty.get(each, ()), axis=axis, runs=runs))
    return made


def _read(store: BarStore, codec: Codec, shelf: Shelf, refs: Sequence[SegmentRef]) -> tuple[I64, U8]:
    """Return times and flags of a series, its layers laid over each other."""
    kept = shelf.memory.get(tuple(ref.data for ref in refs)) if shelf.memory is not None else None
    if kept is not None:
        return kept["ts"], kept["flags"]
    layers: list[Mapping[Column, NDArray[Any]]] = []
    for ref in refs:
        into: dict[Column, NDArray[Any]] = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in _READ}
        # A look at the whole store shall not push out of the tiers what runs have brought there.
        if not (shelf.tiers.has(ref, _READ) and shelf.tiers.read(ref, _READ, into)):
            for _, data in store.read([ref]):
                codec.decode(data, _READ, into)
        layers.append(into)
    whole = layers[0] if len(layers) == 1 else lay_over(layers)
    return whole["ts"], whole["flags"]


def make_ledger(
    series: Series,
    days: Calendar,
    ts: I64,
    flags: U8,
    ranges: Sequence[EmptyRange],
    *,
    axis: Axis | Months | None = None,
    runs: bool = False,
) -> Ledger:
    """Return the ledger of one series from its times and flags (shape (n_bars,), at least one) and what is empty."""
    interval = series.interval
    at, inside = placed(ts, interval, days)
    steps = days.steps(at[inside] if inside.any() else at, interval)
    empty = empty_steps(days, interval, ranges)
    gaps = find_gaps(steps, empty)
    sizes = gaps.ends - gaps.starts
    return Ledger(
        series,
        days.name,
        int(ts[0]),
        int(ts[-1]),
        len(ts),
        empty=int(sizes[gaps.empty].sum()),
        missing=int(sizes[~gaps.empty].sum()),
        gaps=int((~gaps.empty).sum()),
        suspect=int((flags & SUSPECT != 0).sum()),
        partial=int((flags & PARTIAL != 0).sum()),
        untraded=int((flags & TRADED == 0).sum()),
        outside=int((~inside).sum()),
        runs=_runs(gaps, days, interval) if runs else (),
        strip="" if axis is None else _strip(steps, empty, days, interval, axis),
    )


def _runs(gaps: Gaps, days: Calendar, interval: Interval) -> tuple[Gap, ...]:
    """Return the gaps with their times; one ends where its last step would have closed."""
    starts = days.opens(gaps.starts, interval).tolist()
    lasts = days.opens(gaps.ends - 1, interval).tolist()
    sizes = (gaps.ends - gaps.starts).tolist()
    return tuple(
        Gap(start, days.bar_end(last, interval), size, bool(is_empty))
        for start, last, size, is_empty in zip(starts, lasts, sizes, gaps.empty, strict=True)
    )


def _strip(steps: I64, empty: EmptySteps, days: Calendar, interval: Interval, axis: Axis | Months) -> str:
    """Return a letter a cell; a step belongs to the cell in which it opens."""
    bounds = np.clip(first_step(days, interval, axis.edges()), steps[0], steps[-1] + 1)
    # Steps rise, so what is new differs from its neighbour; np.unique took 3 s for a million of them.
    held = steps[np.append(True, steps[1:] > steps[:-1])]
    expected = np.diff(bounds)
    there = np.diff(np.searchsorted(held, bounds))
    in_empty = np.append([0], np.cumsum(empty.holds(held)))
    confirmed = np.diff(empty.before(bounds)) - np.diff(in_empty[np.searchsorted(held, bounds)])
    missing = expected - there - confirmed
    letters = np.select(
        [expected == 0, (missing == 0) & (there > 0), missing == 0, there > 0], [NOTHING, FULL, EMPTY, PARTLY], GONE
    )
    return "".join(letters.tolist())
