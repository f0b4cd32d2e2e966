"""backtest: run a plan and yield its events as they are kept."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tapehead.jobs.complete import complete
from tapehead.jobs.drive import (
    Desk,
    Numbered,
    begun,
    cancelled,
    check_look_ahead,
    drive,
    ended_empty,
    kept_together,
    progress_due,
    taken_up,
)
from tapehead.jobs.plan import Item, Plan
from tapehead.jobs.recall import recall
from tapehead.jobs.run_tally import Tally
from tapehead.jobs.stages import TRADE_BYTES
from tapehead.model.bars import F64
from tapehead.model.events import Event, Result, Warned
from tapehead.model.result import RunId, RunResult
from tapehead.model.spec import run_digest
from tapehead.ports.work import Cancel, Failure, Outcome, Results, Task


def backtest(desk: Desk, plan: Plan, cancel: Cancel, tally: Tally, origin: str) -> Iterator[Numbered]:
    """Run `plan` and yield its events, numbered, each already in the log.

    The first `next` creates the run and logs `started`; any thread may drive the rest, one at a time. The run is held
    from its creation to its end. Results come in order of completion; after the last one the strategy is tested for
    look-ahead. After `cancel` the begun tasks are kept and the run ends as cancelled, or as completed where only the
    test went on; as cancelled when the caller interrupts, as failed when something raises. A run that is suspended
    ends without an event and stays `running`, for `go_on`. Where every instrument fails by the strategy's own fault,
    or none has a whole bar in the range, the last event is `failed`; unless the desk keeps failed runs, nothing is
    kept of it then, and it has no number in the log.
    """
    with begun(desk, plan, tally, origin) as (run, opening):
        yield from drive(desk, run, cancel, tally, opening, _body(desk, plan, run, cancel, tally, plan.items))


def go_on(
    desk: Desk, plan: Plan, cancel: Cancel, tally: Tally, run: RunId, held: AbstractContextManager[object]
) -> Generator[Numbered, None, None]:
    """Work on a run that ended early, where it was left, and yield what is new, as `backtest` does.

    What is kept of it is read and counted, never made again; `started` is logged once in its life, `progress` each
    time that it goes on. The caller holds the run by `held`, which is left at the end.
    """
    settled: set[str] = set()

    def count() -> None:
        settled.update(recall(desk.runs, desk.log, plan, run, tally))

    with taken_up(desk, plan, tally, run, held, count) as opening:
        left = [item for item in plan.items if item.instrument.name not in settled]
        yield from drive(desk, run, cancel, tally, opening, _body(desk, plan, run, cancel, tally, left))


def _body(
    desk: Desk, plan: Plan, run: RunId, cancel: Cancel, tally: Tally, items: Sequence[Item]
) -> Generator[Numbered, None, Numbered | None]:
    """Run the items in order of completion, test, end."""
    tasks = (Task(run, item.series, 0, 1) for item in items)
    in_flight = 2 * desk.executor.workers
    ways: dict[str, Any] = {"cancel": cancel, "in_flight": in_flight, "most": desk.runs.at_once}
    for group in tally.tasks.map_groups(desk.executor, desk.work(run), tasks, **ways):
        for part in kept_together(group, _size):
            yield from _keep(desk, run, part, tally)
    verdict = None
    if tally.count and tally.done == tally.total:
        done = [line.instrument for line in tally.lines]
        verdict = yield from check_look_ahead(desk, plan, run, cancel, tally, done)
    if cancel.asked and tally.done < tally.total:
        return cancelled(desk, run, cancel, tally)
    empty = ended_empty(desk, plan, run, tally)
    if empty is not None:
        return empty
    look_ahead = None if verdict is None else verdict.to_json(desk.strategy, desk.place)
    return complete(desk, plan, run, tally, run_digest(tally.lines), look_ahead=look_ahead)


def _keep(desk: Desk, run: RunId, part: Sequence[tuple[Task, Outcome]], tally: Tally) -> Iterator[Numbered]:
    """Keep outcomes and their events in one transaction, then tell them."""
    results: list[RunResult] = []
    trials: list[tuple[int, F64]] = []
    events: list[Event] = []
    for task, outcome in part:
        tally.done += 1
        if isinstance(outcome, Results):
            results += outcome.results
            trials += outcome.trials
        events += _events(run, task, outcome, tally)
    before = time.perf_counter()

    def keep() -> int:
        with desk.runs.together(f"results of run {run}"):
            desk.runs.save(results)
            desk.counting.add_results(results, trials)
            return desk.log.append(run, events)

    last = desk.runs.outlast(keep)
    tally.spend("persist", (time.perf_counter() - before) * 1e6)
    yield from enumerate(events, last + 1 - len(events))


def _size(outcome: Outcome) -> int:
    """Return about the bytes of what is kept of an outcome."""
    if not isinstance(outcome, Results):
        return 0
    return sum(one.equity.nbytes + TRADE_BYTES * len(one.trades or ()) for one in outcome.results)


def _events(run: RunId, task: Task, outcome: Outcome, tally: Tally) -> Iterator[Event]:
    """Count an outcome and say it as events."""
    name = task.series.instrument
    if isinstance(outcome, Failure):
        tally.failed += 1
        tally.failures.append(outcome)
        yield Warned(run, name, outcome.code, outcome.text)
    elif isinstance(outcome, Results):
        tally.bars += outcome.bars
        tally.take_stages(outcome.stages_us, outcome.stages_bytes)
        for result in outcome.results:
            tally.take_result(result)
            tally.last_ms = tally.elapsed_ms()
            tally.first_ms = tally.first_ms or tally.last_ms
            yield Result(run, result, tally.last_ms)
        for code, text in outcome.warnings:
            yield Warned(run, name, code, text)
    yield from progress_due(run, tally)
