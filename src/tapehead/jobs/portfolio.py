"""portfolio: many instruments and one account, run as a plan whose events are kept as they come."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import numpy as np

from tapehead.errors import PortfolioError, WeightsError
from tapehead.indicators.memo import Memo
from tapehead.jobs.account_of import account_result, leg_result
from tapehead.jobs.complete import complete
from tapehead.jobs.drive import (
    PROGRESS_EVERY_S,
    Desk,
    Numbered,
    begun,
    cancelled,
    check_look_ahead,
    check_reached,
    drive,
    ended_empty,
    progress_due,
    progress_of,
    taken_up,
)
from tapehead.jobs.plan import Item, Plan
from tapehead.jobs.pool import Pool, facts_of, rates_of, settled_of
from tapehead.jobs.run_tally import Tally
from tapehead.jobs.task import NO_WHOLE_BAR, Bench, bars_of, data_flags, ended, guarded, signals_of
from tapehead.jobs.unknown import unknown_lines, unknown_rank
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import F64, Bars
from tapehead.model.events import Event, Result, Warned
from tapehead.model.given import GivenWeights
from tapehead.model.pooling import Pooling
from tapehead.model.result import RunId, RunResult
from tapehead.model.signals import Signals
from tapehead.model.spec import iso, run_digest
from tapehead.portfolio.equal import equal_weights
from tapehead.portfolio.given import given_facts, given_weights
from tapehead.portfolio.leg import Leg
from tapehead.portfolio.walk import SharedWalk, Walked
from tapehead.portfolio.weights import NEAR, Weighing, most_weight, rebalancing
from tapehead.ports.work import Cancel, Failure, Task
from tapehead.simulation.survey import survey

Ranking = Callable[[Bars], F64]
"""What an indicator says of bars, a number each."""


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """One instrument that was read and asked; without signals where it has no whole bar in the range."""

    item: Item
    bars: Bars
    signals: Signals | None
    warnings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a portfolio is made with: the bench of its instruments, what it needs beside them, and who ranks them."""

    bench: Bench
    pool: Pool
    ranking: Ranking | None = None

    @property
    def pooling(self) -> Pooling:
        """How the account is shared."""
        return self.bench.plan.spec.portfolio or Pooling()


def portfolio(desk: Desk, plan: Plan, course: Course, cancel: Cancel, tally: Tally, origin: str) -> Iterator[Numbered]:
    """Run `plan` from one account and yield its events, numbered, each already in the log.

    As `jobs.backtest.backtest`, but the results come together at the end, the account's first; a run that ends before
    has none. An instrument that fails is warned of and left out.
    """
    with begun(desk, plan, tally, origin) as (run, opening):
        yield from drive(desk, run, cancel, tally, opening, _body(desk, plan, course, run, cancel, tally))


def go_on(
    desk: Desk,
    plan: Plan,
    course: Course,
    cancel: Cancel,
    tally: Tally,
    run: RunId,
    held: AbstractContextManager[object],
) -> Generator[Numbered, None, None]:
    """Begin a portfolio anew that ended early: of a half of it nothing can be kept."""
    with taken_up(desk, plan, tally, run, held, lambda: None) as opening:
        yield from drive(desk, run, cancel, tally, opening, _body(desk, plan, course, run, cancel, tally))


def _body(
    desk: Desk, plan: Plan, course: Course, run: RunId, cancel: Cancel, tally: Tally
) -> Generator[Numbered, None, Numbered | None]:
    """Read and ask, walk, keep, test, end."""
    seats = yield from _gather(desk, plan, course, run, cancel, tally)
    if cancel.asked:
        return cancelled(desk, run, cancel, tally)
    legs = legs_of(course, seats)
    if legs:
        began = time.perf_counter()
        walk = SharedWalk(legs, max_positions=course.pooling.max_positions)
        while not walk.done:
            walk.step()
            if cancel.asked:
                return cancelled(desk, run, cancel, tally)
            if time.perf_counter() - tally.progress_at >= PROGRESS_EVERY_S:
                tally.progress_at = time.perf_counter()
                told = progress_of(run, tally, tally.progress_at)
                yield desk.log.append(run, [told]), told
        walked = walk.outcome()
        tally.spend("walk", (time.perf_counter() - began) * 1e6)
        yield from _keep(desk, plan, run, legs, walked, tally)
    verdict = None
    if tally.count:
        done = [leg.name for leg in legs]
        verdict = yield from check_look_ahead(desk, plan, run, cancel, tally, done)
    tally.total = tally.done
    empty = ended_empty(desk, plan, run, tally)
    if empty is not None:
        return empty
    look_ahead = None if verdict is None else verdict.to_json(desk.strategy, desk.place)
    return complete(desk, plan, run, tally, run_digest(tally.lines), look_ahead=look_ahead)


def _gather(
    desk: Desk, plan: Plan, course: Course, run: RunId, cancel: Cancel, tally: Tally
) -> Generator[Numbered, None, list[Seat]]:
    """Read every instrument and ask the strategy; tell what fails."""
    seats: list[Seat] = []
    tasks = (Task(run, item.series, 0, 1) for item in plan.items)
    mapped = desk.executor.map(
        lambda task: seat_of(course, task), tasks, cancel=cancel, in_flight=2 * desk.executor.workers
    )
    for task, outcome in mapped:
        tally.done += 1
        events: list[Event] = []
        name = task.series.instrument
        if isinstance(outcome, Failure):
            check_reached(outcome)
            tally.failed += 1
            tally.failures.append(outcome)
            events.append(Warned(run, name, outcome.code, outcome.text))
        else:
            events += [Warned(run, name, code, text) for code, text in outcome.warnings]
            if outcome.signals is not None:
                seats.append(outcome)
                tally.bars += len(outcome.bars) - outcome.bars.warm
        events += progress_due(run, tally)
        if events:
            last = desk.log.append(run, events)
            yield from enumerate(events, last + 1 - len(events))
    return seats


def seat_of(course: Course, task: Task) -> Seat | Failure:
    """Read one instrument and ask the strategy; never raises."""
    item = course.bench.items[task.series]
    return guarded(item.instrument.name, lambda: _seat(course, item))


def _seat(course: Course, item: Item) -> Seat:
    """Read one instrument and ask the strategy."""
    bench = course.bench
    bars = bars_of(bench, item)
    if len(bars) <= bars.warm:
        return Seat(item, bars, None, (NO_WHOLE_BAR,))
    memo = Memo()
    # Fills read these long after the strategy is asked; whoever else reads into the same room is given another.
    signals = signals_of(bench, item, bars, memo, bench.plan.spec.parameters)
    if isinstance(signals, BarSignals):
        step = "Give it signals(self, bars), or run it on each instrument alone: tapehead backtest"
        cause = "on_bar is asked with a cash of its own, and here all share one"
        raise PortfolioError(strategy=bench.plan.spec.strategy, cause=cause, step=step)
    told = [*data_flags(bench.plan, item, bars)[1], *unknown_lines(memo)]
    if course.ranking is not None:
        rank = np.ascontiguousarray(course.ranking(bars), np.float64)
        signals = replace(signals, rank=rank)
        told += unknown_rank(course.pooling.rank, rank)
    survey(bars.flags)
    return Seat(item, bars, signals, tuple(told))


def legs_of(course: Course, seats: Sequence[Seat]) -> list[Leg]:
    """Return the instruments of a portfolio in the order of names, weighed as its settings say.

    Raises
    ------
    WeightsError
        Weights sum to more than the leverage.
    """
    pooling, plan = course.pooling, course.bench.plan
    ordered = sorted((seat for seat in seats if seat.signals is not None), key=lambda seat: seat.item.instrument.name)
    signals = [seat.signals for seat in ordered if seat.signals is not None]
    items = [ended(seat.item, seat.bars, plan.last) for seat in ordered]
    decides = [rebalancing(seat.bars.ts, pooling) for seat in ordered]
    if pooling.weights and ordered:
        rules = plan.spec.rules
        every = zip(ordered, signals, items, strict=True)
        many = [Weighing(seat.bars, one, item.rules.delisted) for seat, one, item in every]
        if isinstance(pooling.weights, GivenWeights):
            made = given_weights(many, pooling.weights, pooling)
        else:
            made = equal_weights(many, pooling, min(1.0, rules.leverage), at_close=rules.fill == "close")
        signals = [Signals(target=each.target, rank=one.rank) for each, one in zip(made, signals, strict=True)]
        decides = [each.decides for each in made]
    legs = []
    dated, told = pooling.rebalance or pooling.weights, pooling.facts.by_name() if pooling.facts else {}
    for seat, item, one, when in zip(ordered, items, signals, decides, strict=True):
        own = told.get(item.instrument.name)
        legs.append(
            Leg(
                seat.bars,
                one,
                item.rules,
                decides=when if dated else None,
                settled=settled_of(seat.bars, item.rules.calendar) if pooling.settle == "T+1" else None,
                facts=facts_of(course.pool, seat.bars) if own is None else given_facts(own, seat.bars),
                rates=rates_of(course.bench.shelf, course.pool, item.instrument),
            )
        )
    if not pooling.weights:
        _check_weights(legs)
    return legs


def _check_weights(legs: Sequence[Leg]) -> None:
    """Raise WeightsError where weights sum to more than the leverage."""
    weighted = [leg for leg in legs if leg.signals.target is not None]
    if not weighted:
        return
    leverage = weighted[0].rules.leverage
    time_, most = most_weight([leg.bars for leg in weighted], [_target(leg) for leg in weighted])
    if most > leverage * (1.0 + NEAR):
        step = "Give each an equal share: --weights equal --rebalance month"
        raise WeightsError(sum=f"{most:.6g}", time=iso(time_), leverage=f"{leverage:g}", step=step)


def _target(leg: Leg) -> F64:
    """Return the weights of an instrument, those of a side that is not traded as 0."""
    line: F64 = np.asarray(leg.signals.target, np.float64)
    if leg.rules.side == "both":
        return line
    return np.where(line < 0.0 if leg.rules.side == "long" else line > 0.0, 0.0, line)


def results_of(plan: Plan, run: RunId, legs: Sequence[Leg], walked: Walked) -> tuple[list[RunResult], tuple[int, F64]]:
    """Return the account's result, then a row for each instrument in the order of names; and the account's returns."""
    items = {item.instrument.name: item for item in plan.items}
    account, trial = account_result(plan, run, legs, walked)
    held = {leg.name: leg for leg in legs}
    return [account, *(leg_result(plan, run, items[done.name], held[done.name], done) for done in walked.legs)], trial


def _keep(desk: Desk, plan: Plan, run: RunId, legs: Sequence[Leg], walked: Walked, tally: Tally) -> Iterator[Numbered]:
    """Keep all results and their events in one transaction, then tell them."""
    results, trial = results_of(plan, run, legs, walked)
    tally.last_ms = tally.elapsed_ms()
    tally.first_ms = tally.first_ms or tally.last_ms
    tally.done += 1
    events = [Result(run, result, tally.last_ms) for result in results]
    for result in results:
        tally.take_result(result)
    before = time.perf_counter()

    def keep() -> int:
        with desk.runs.together(f"results of run {run}"):
            desk.runs.save(results)
            desk.counting.add_results(results[:1], [trial])
            return desk.log.append(run, events)

    last = desk.runs.outlast(keep)
    tally.spend("persist", (time.perf_counter() - before) * 1e6)
    yield from enumerate(events, last + 1 - len(events))


def made_again(course: Course, run: RunId, tasks: Sequence[Task]) -> tuple[list[RunResult], dict[str, str]]:
    """Make a portfolio again without keeping anything; return its results, and why instruments failed by name."""
    failed: dict[str, str] = {}
    seats: list[Seat] = []
    for task in tasks:
        outcome = seat_of(course, task)
        if isinstance(outcome, Failure):
            failed[task.series.instrument] = outcome.text
        else:
            seats.append(outcome)
    legs = legs_of(course, seats)
    if not legs:
        return [], failed
    walk = SharedWalk(legs, max_positions=course.pooling.max_positions)
    while not walk.done:
        walk.step()
    return results_of(course.bench.plan, run, legs, walk.outcome())[0], failed
