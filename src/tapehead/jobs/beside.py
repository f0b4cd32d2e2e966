"""Beside: the series that a strategy reads beside its bars, aligned as of each decision."""

import threading
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from tapehead.errors import AdjustError, ParameterError
from tapehead.jobs.adjust import seen_by_signals
from tapehead.jobs.ask import ask_needs
from tapehead.jobs.plan import Item, Plan, Reference
from tapehead.jobs.read import Shelf, read_bars
from tapehead.jobs.resample import divides, placed, resample
from tapehead.layout.columns import BAR_COLUMNS, PARTIAL
from tapehead.model.bars import I64, Bars, Other, frozen_bars
from tapehead.model.calendar import Calendar, calendar
from tapehead.model.interval import Interval
from tapehead.model.need import Need
from tapehead.simulation.tails import Tail
from tapehead.strategies.strategy import Strategy, has_own_needs

Made = dict[tuple[str, str], Other]
"""Series that were made for the bars of one instrument, by instrument asked for and interval."""
BENT: Final[dict[Tail, float]] = {"raised": 1.5, "lowered": 0.5, "walk": 1.25}
"""By what the look-ahead test multiplies later bars of other series, by the tail that the bars themselves get."""
_BENT_COLUMNS: Final = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Cut:
    """What the look-ahead test shows of other series: bars closed after `keep_us` x `factor`, none after `end_us`."""

    keep_us: int
    end_us: int
    factor: float

    def of(self, bars: Bars) -> Bars:
        """Return bars of another instrument as the cut shows them."""
        closed = bars.ts + bars.series.interval.us
        end = int(np.searchsorted(closed, self.end_us, side="right"))
        keep = int(np.searchsorted(closed, self.keep_us, side="right"))
        columns = {name: getattr(bars, name)[:end] for name in BAR_COLUMNS}
        for name in _BENT_COLUMNS:
            columns[name] = columns[name].copy()
            columns[name][keep:] *= self.factor
        return frozen_bars(bars.series, columns, min(bars.warm, end))


@dataclass(slots=True, eq=False)
class Beside:
    """Bars of the references of a run, read once a process and kept as long as it lives; safe from several threads."""

    plan: Plan
    shelf: Shelf
    _kept: dict[tuple[str, str, int], Bars] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def bars(
        self,
        strategy: Strategy,
        item: Item,
        seen: Bars,
        origin: str = "",
        *,
        made: Made | None = None,
        warm: int | None = None,
        cut: Cut | None = None,
    ) -> Bars:
        """Return the bars that a strategy is asked about, with the other series that it needs.

        Parameters
        ----------
        seen : Bars
            Those of the instrument, as signals see them. The same are returned where nothing else is needed.
        made : dict, optional
            Series made already for these bars, by another set of parameters; it is added to.
        warm : int, optional
            Bars before the start, where those are not the plan's.
        cut : Cut, optional
            What the look-ahead test shows of the others.

        Raises
        ------
        StrategyError, ParameterError
            `needs` fails, or names a series that cannot be made.
        """
        if not has_own_needs(type(strategy)) or not len(seen):
            return seen
        made = {} if made is None else made
        others = {}
        for need in ask_needs(strategy, origin):
            key = (need.instrument, need.interval)
            if key not in made:
                made[key] = self._other(need, item, seen, self.plan.warm if warm is None else warm, cut)
            others[need.name] = made[key]
        return replace(seen, others=others) if others else seen

    def _other(self, need: Need, item: Item, seen: Bars, warm: int, cut: Cut | None) -> Other:
        """Make one series as the bars know it."""
        own = seen.series.interval
        if not need.instrument:
            return _aligned(need, seen, item.rules.calendar, seen, own)
        reference = self.plan.reference(need)
        bars = self._read(reference, warm)
        return _aligned(need, bars if cut is None else cut.of(bars), reference.item.instrument.calendar, seen, own)

    def _read(self, reference: Reference, warm: int) -> Bars:
        """Return the bars of a reference, as signals see them."""
        key = (reference.asked, reference.interval, warm)
        with self._lock:
            if key not in self._kept:
                spec, item = self.plan.spec, reference.item
                if item.fault:
                    raise AdjustError(item.fault)
                bars = read_bars(self.shelf, item.series, item.refs, spec.start, spec.end, warm)
                self._kept[key] = seen_by_signals(bars, item.adjustment)
            return self._kept[key]


def _aligned(need: Need, bars: Bars, clock: str, seen: Bars, own: Interval) -> Other:
    """Return bars, made coarser where that is needed, with the last closed one at the close of each bar seen."""
    wanted = Interval.parse(need.interval) if need.interval else own
    held = bars.series.interval
    if wanted == held:
        closed = bars.ts + held.us
    else:
        days = calendar(clock)
        if not divides(days, held, wanted):
            bound = f"the interval of the run, {held}, or one that whole bars of it make up, such as 1d"
            raise ParameterError(name=f"Need('{need.name}').interval", value=str(wanted), bound=bound)
        bars, closed = _coarser(bars, wanted, days)
    at = np.searchsorted(closed, seen.ts + own.us, side="right").astype(np.int64) - 1
    at.flags.writeable = False
    return Other(bars, at)


def _coarser(fine: Bars, wanted: Interval, days: Calendar) -> tuple[Bars, I64]:
    """Return whole coarse bars, and when each had closed: at the close of its last finer bar, since none is missing."""
    made = resample(fine, wanted, days).bars
    at, inside = placed(fine.ts, fine.series.interval, days)
    steps = days.steps(at[inside], wanted)
    last = np.flatnonzero(np.append(steps[1:] != steps[:-1], [True])) if len(steps) else np.zeros(0, np.int64)
    closed = fine.ts[inside][last] + fine.series.interval.us
    whole = (made.flags & PARTIAL) == 0
    columns = {name: np.ascontiguousarray(getattr(made, name)[whole]) for name in BAR_COLUMNS}
    return frozen_bars(made.series, columns, 0, fine.segments), closed[whole]
