"""run_task: one instrument through strategy, simulation and metrics; an error becomes a Failure."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tapehead.errors import AdjustError, SignalsError, TapeheadError
from tapehead.indicators.memo import Memo
from tapehead.jobs.adjust import seen_by_signals
from tapehead.jobs.ask import ask, place_of
from tapehead.jobs.beside import Beside
from tapehead.jobs.plan import Item, Plan, missing_steps
from tapehead.jobs.read import Shelf, read_bars
from tapehead.jobs.sensitivity import sensitivity_of
from tapehead.jobs.stages import BAR_BYTES, TRADE_BYTES, Stages, bytes_of
from tapehead.jobs.unknown import unknown_lines
from tapehead.jobs.unread import unread_settings
from tapehead.layout.columns import AFTER_HOLE
from tapehead.layout.formats import EQUITY_POINTS
from tapehead.metrics.summary import summarise
from tapehead.model.bars import Bars
from tapehead.model.calendar import calendar
from tapehead.model.result import RunResult
from tapehead.model.signals import Signals
from tapehead.model.space import STRATEGY
from tapehead.model.spec import iso
from tapehead.ports.work import Cancel, Failure, Outcome, Results, Task
from tapehead.simulation.compared import Stated, changed_bars
from tapehead.simulation.curve import curve
from tapehead.simulation.simulate import Simulated, simulate
from tapehead.simulation.survey import survey
from tapehead.strategies.strategy import Strategy, instance

Given = TypeVar("Given")
DELISTED_AFTER_US = 30 * 86_400_000_000
"""A series whose last bar ends longer than this before the end asked for counts as delisted."""
_ADJUSTED_BY: Mapping[str, str] = {"split": "splits", "all": "splits and dividends"}
WARM_UP_NEAR = 1e-4
"""With more warm-up, a level, a size or a target counts as changed where it moves by more than this share of itself."""
NO_WHOLE_BAR = ("store.no_bars", "no whole bar in the range")
SHORT_SHARE = 0.01
"""A history that lacks more than this share of the asked range is flagged `short_history`."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Bench:
    """What a worker needs for the tasks of one run: the plan by series, the strategy's class, the shelf of bars.

    `cancel` is the run's own where this process drives it; in another process nobody sets it. A sweep over several
    strategies has them in `several`, class and origin by name. `beside` holds the other series that they read.
    """

    plan: Plan
    items: Mapping[Any, Item]
    made: Any
    origin: str
    shelf: Shelf
    cancel: Cancel = field(default_factory=Cancel)
    several: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    beside: Beside = field(init=False)

    def __post_init__(self) -> None:
        """Make ready what is read beside the instruments."""
        object.__setattr__(self, "beside", Beside(self.plan, self.shelf))

    def asked(self, parameters: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the class that parameters are of, and where its code lies."""
        return self.several[str(parameters[STRATEGY])] if self.several else (self.made, self.origin)

    def strategy(self, parameters: Mapping[str, Any]) -> Strategy:
        """Make the strategy that parameters are of."""
        if not self.several:
            return instance(self.made, parameters)
        own = {name: value for name, value in parameters.items() if name != STRATEGY}
        return instance(self.asked(parameters)[0], own)


def run_task(bench: Bench, task: Task) -> Outcome:
    """Run one task; never raises.

    Returns
    -------
    Results or Failure
        A Failure names instrument and place; the other tasks go on.
    """
    item = bench.items[task.series]
    return guarded(item.instrument.name, lambda: _run(bench, item, task))


def guarded(instrument: str, run: Callable[[], Given]) -> Given | Failure:
    """Return what `run` gives, or its error as a Failure that names the instrument."""
    try:
        return run()
    except TapeheadError as error:
        return Failure(error.code, str(error))
    except MemoryError:
        return Failure("surroundings.memory", f"{instrument}: not enough memory for its bars.")
    except OSError as error:
        return Failure("surroundings", f"{instrument}: {error}.")
    except Exception as error:  # noqa: BLE001 - told as this instrument's failure; the others go on
        last = traceback.extract_tb(error.__traceback__)[-1]
        cause = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
        return Failure("engine.failed", f"{instrument}: {cause}. The other instruments go on.")


def _run(bench: Bench, item: Item, task: Task) -> Results:
    """Read, ask the strategy, simulate, sum up."""
    clock = Stages()
    bars = bars_of(bench, item)
    clock.mark("read", len(bars) * BAR_BYTES)
    if len(bars) <= bars.warm:
        return Results((), 0, (NO_WHOLE_BAR,))
    memo = Memo()
    signals = signals_of(bench, item, bars, memo, bench.plan.spec.parameters)
    clock.mark("signals", bytes_of(signals, bars, memo))
    indicators, unknown = memo.size_bytes, unknown_lines(memo)
    item = ended(item, bars, bench.plan.last)
    try:
        done = simulate(bars, signals, item.rules, memo)
    except SignalsError as error:
        raise located(bench, item, error, bench.plan.spec.parameters) from None
    clock.mark("walk", len(done.trades) * TRADE_BYTES + done.ledger.rows.nbytes + memo.size_bytes - indicators)
    also, why_not = sensitivity_of(bars, signals, item.rules, memo, done)
    result, warnings = _result(bench, item, task, bars, done, also, why_not)
    warnings += [("settings.unread", text) for text in unread_settings(item.rules, signals)]
    warnings += unknown
    clock.mark("metrics", result.equity.nbytes)
    if item.wider:
        warnings += warm_up_warnings(bench, item, bars, signals, bench.plan.spec.parameters)
        clock.mark("warm_up")
    result = _timed(result, clock.total_us())
    trial = done.moments.observations, done.blocks
    return Results((result,), result.bars, tuple(warnings), clock.us, clock.held, (trial,))


def bars_of(bench: Bench, item: Item) -> Bars:
    """Read the bars of an instrument; raise AdjustError where its prices cannot be adjusted as the run asks."""
    if item.fault:
        raise AdjustError(item.fault)
    spec = bench.plan.spec
    return read_bars(bench.shelf, item.series, item.refs, spec.start, spec.end, bench.plan.warm)


def signals_of(
    bench: Bench, item: Item, bars: Bars, memo: Memo, parameters: Mapping[str, Any], warm: int | None = None
) -> Signals:
    """Ask the strategy, on adjusted prices where the run asks for them; entries count while a member only.

    `warm` bars stand before the start, where those are not the plan's.
    """
    strategy, origin = bench.strategy(parameters), bench.asked(parameters)[1]
    seen = bench.beside.bars(strategy, item, seen_by_signals(bars, item.adjustment), origin, warm=warm)
    signals = ask(strategy, seen, memo, origin)
    return signals if item.member is None else signals.entering_while(item.member.holds(bars.ts))


def located(bench: Bench, item: Item, error: SignalsError, parameters: Mapping[str, Any]) -> SignalsError:
    """Return an error of the simulation with the place of the strategy that it comes from."""
    made, origin = bench.asked(parameters)
    cause = f"{error.facts['cause']} ({place_of(made, origin)})"
    return SignalsError(strategy=made.name, instrument=item.instrument.name, cause=cause)


def ended(item: Item, bars: Bars, last: int) -> Item:
    """Count a series as delisted by the last bar that was read: a segment may go on beyond the range."""
    quiet = last - int(bars.ts[-1]) - item.series.interval.us
    return replace(item, rules=replace(item.rules, delisted=True)) if quiet > DELISTED_AFTER_US else item


def warm_up_warnings(
    bench: Bench, item: Item, bars: Bars, signals: Signals, parameters: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Ask again with twice the warm-up and tell how many decisions change: a sign that the warm-up is too short."""
    spec, warm = bench.plan.spec, bench.plan.warm
    try:
        longer = read_bars(bench.shelf, item.series, item.wider, spec.start, spec.end, 2 * warm)
        again = signals_of(bench, item, longer, Memo(), parameters, 2 * warm)
    except TapeheadError as error:
        return [("signals.warm_up", f"twice the warm-up of {warm:,} bars could not be tried: {error}")]
    old, new = Stated.of(signals, len(bars)), Stated.of(again, len(longer))
    decisions, values = changed_bars(old, bars.warm, new, longer.warm, WARM_UP_NEAR)
    said = []
    if decisions:
        said.append(f"{decisions:,} signal{'s change' if decisions != 1 else ' changes'}")
    if values:
        said.append(f"{values:,} value{'s' * (values != 1)} of levels, sizes or target move{'s' * (values == 1)}")
    text = f"{' and '.join(said)} with twice the warm-up of {warm:,} bars; let warm() ask for more"
    return [("signals.warm_up", text)] if said else []


def _result(
    bench: Bench,
    item: Item,
    task: Task,
    bars: Bars,
    done: Simulated,
    also: Mapping[str, float | None],
    why_not: Mapping[str, str],
) -> tuple[RunResult, list[tuple[str, str]]]:
    """Sum up one simulation."""
    spec = bench.plan.spec
    metrics, why = summarise(
        bars,
        item.rules,
        done.moments,
        trades=done.trades,
        final_equity=done.final_equity,
        fees_paid=done.fees_paid,
        open_profit=done.position.profit if done.position else None,
        equity=lambda: curve(bars, done.ledger, item.rules).equity,
    )
    metrics |= also
    why |= why_not
    flags, warnings = data_flags(bench.plan, item, bars)
    if done.log is not None and done.log.slow:
        warnings.append(("strategy.not_compiled", f"on_bar ran as Python, some 100 times slower: {done.log.slow}"))
    split = _held_over_splits(item, bars, done)
    if split:
        flags.append("split_while_held")
        text = f"{split:,} position{'s' * (split != 1)} held over a split; units stay as bought, so prices jump"
        warnings.append(("data.split_while_held", text))
    line = curve(bars, done.ledger, item.rules, EQUITY_POINTS)
    result = RunResult(
        run=task.run,
        instrument=item.instrument.name,
        interval=spec.interval,
        parameters=spec.parameters,
        metrics=metrics,
        why=why,
        flags=(*flags, *done.flags),
        equity=line.equity,
        final_equity=done.final_equity,
        decisions=done.trades.digest(),
        segments=bars.segments,
        trades=done.trades,
        elapsed_us=0,
        bars=len(bars) - bars.warm,
        first=int(bars.ts[bars.warm]),
        last=int(bars.ts[-1]),
    )
    return result, warnings


def _timed(result: RunResult, elapsed_us: float) -> RunResult:
    """Return the result with the time it took."""
    return replace(result, elapsed_us=round(elapsed_us))


def data_flags(plan: Plan, item: Item, bars: Bars) -> tuple[list[str], list[tuple[str, str]]]:
    """Return flags and warnings about the bars themselves."""
    flags, warnings = [], []
    basis = item.instrument.basis
    if basis in _ADJUSTED_BY:
        flags.append("vendor_adjusted")
        warnings.append(("data.vendor_adjusted", f"its stored prices are adjusted for {_ADJUSTED_BY[basis]} already"))
    interval, first = item.series.interval, int(bars.ts[bars.warm])
    scored = len(bars) - bars.warm
    holes, missing = _holes(item, bars)
    if holes:
        flags.append("holes")
        text = f"{missing:,} bar{'s' * (missing != 1)} missing in {holes:,} hole{'s' * (holes != 1)}, nothing filled"
        warnings.append(("data.holes", text))
    late = missing_steps(item.rules, interval, plan.first, first) if first > plan.first else 0
    if late > SHORT_SHARE * (late + scored):
        flags.append("short_history")
        warnings.append(
            ("data.short_history", f"starts {iso(first)[:10]}, {late:,} bar{'s' * (late != 1)} fewer than asked")
        )
    if bars.warm < plan.warm:
        flags.append("short_warm_up")
        text = f"{bars.warm:,} of {plan.warm:,} warm-up bars are there before {iso(first)[:10]}"
        warnings.append(("data.short_warm_up", text))
    return flags, warnings


def _held_over_splits(item: Item, bars: Bars, done: Simulated) -> int:
    """Count the positions, closed or open, between whose entry and exit the split factor of the bars changes."""
    if item.adjustment is None:
        return 0
    share = item.adjustment.share[item.adjustment.at(bars.ts[bars.warm :])]
    changed = int(np.count_nonzero(share[done.trades.entry_bar] != share[done.trades.exit_bar]))
    return changed + int(done.position is not None and share[done.position.entry_bar] != share[-1])


def _holes(item: Item, bars: Bars) -> tuple[int, int]:
    """Return how many holes the scored bars have, and how many steps are absent in them together.

    Counted hole by hole: a bar outside the sessions takes no step, so totals alone would not tell. The flags say where,
    unless the total says more: an undo may have taken what stood before a bar, and an unfinished bar is left out.
    """
    days, interval, ts = calendar(item.rules.calendar), item.series.interval, bars.ts[bars.warm :]
    first, last = days.steps(ts[[0, -1]], interval).tolist()
    absent = np.zeros(0, np.int64)
    if survey(bars.flags[bars.warm + 1 :]).holes:
        after = np.flatnonzero(bars.flags[bars.warm + 1 :] & AFTER_HOLE) + 1
        absent = days.steps(ts[after], interval) - days.steps(ts[after - 1], interval) - 1
    if absent.sum() < last - first + 1 - len(ts):
        absent = np.diff(days.steps(ts, interval)) - 1
    absent = absent[absent > 0]
    return len(absent), int(absent.sum())


Work = Callable[[Task], Outcome]
