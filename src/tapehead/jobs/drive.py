"""drive: what backtests and sweeps share: a run is begun and held, driven, tested, and ended in order."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from tapehead.errors import DatabaseAwayError, LostRunError, PoolExhaustedError, SuspendedRunError, TapeheadError
from tapehead.jobs.ledger import Counting
from tapehead.jobs.lookahead import Ask, Spent, Verdict, look_ahead
from tapehead.jobs.plan import Plan, no_bars
from tapehead.jobs.run_tally import Tally
from tapehead.model.events import Cancelled, Ended, Event, Failed, Progress, Started, Warned
from tapehead.model.result import Receipt, RunId, State
from tapehead.model.short_spec import short_spec
from tapehead.ports.bars import BarStore
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.trials import TrialLedger
from tapehead.ports.work import Cancel, Executor, Failure, Outcome, Task

Numbered = tuple[int, Event]
PROGRESS_EVERY_S = 0.1
TOLD_FROM_S = 0.5
"""A look-ahead test of a run that took less is over before it can be told."""
LEASE_S = 3600.0
_COMMIT_BYTES: Final = 8 * 1024 * 1024
"""Of results that one commit keeps, unless one alone is larger."""
_UNREACHED = (DatabaseAwayError, PoolExhaustedError)
_CODES: Final = {each.code: each for each in _UNREACHED}


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Where a run is kept and who works on it; `work` makes the picklable work of a run id.

    `counting` adds what is scored to the ledger of `trials`. `probe` makes the picklable work of its look-ahead test;
    `strategy` and `place` name what is tested and its lines.
    `keep_failed` keeps a run of which nothing came out, with the event that says why. `bench` is what the work finds in
    this process as long as the run lives.
    """

    bars: BarStore
    runs: RunStore
    log: EventLog
    trials: TrialLedger
    counting: Counting
    executor: Executor
    work: Callable[[RunId], Callable[[Task], Outcome]]
    probe: Ask
    strategy: str
    place: str
    degraded: Callable[[], tuple[str, ...]]
    versions: Mapping[str, str]
    platform: Mapping[str, str]
    keep_failed: bool = False
    bench: object = None


@contextmanager
def begun(desk: Desk, plan: Plan, tally: Tally, origin: str) -> Iterator[tuple[RunId, list[Numbered]]]:
    """Create a run and hold it; give its id and the events that open it, which are in the log."""
    with desk.bars.lease(plan.snapshot, LEASE_S), ExitStack() as held:

        def begin() -> tuple[RunId, list[Numbered]]:
            # What was claimed for an attempt that came to nothing.
            held.close()
            with desk.runs.together("a run"):
                run = desk.runs.create(plan.key, plan.spec, plan.snapshot, origin)
                held.enter_context(desk.runs.claim(run))
                return run, _opening(desk, plan, run, tally)

        yield desk.runs.outlast(begin)


@contextmanager
def taken_up(
    desk: Desk,
    plan: Plan,
    tally: Tally,
    run: RunId,
    held: AbstractContextManager[object],
    recall: Callable[[], None],
) -> Iterator[list[Numbered]]:
    """Open a run again that its caller holds, what is kept of it counted by `recall`; give the events that follow."""
    with held, desk.bars.lease(plan.snapshot, LEASE_S):
        # Nobody else writes of a run that is held: what is counted now is what is there when it is opened.
        recall()
        far = progress_of(run, tally, time.perf_counter())

        def reopen() -> list[Numbered]:
            with desk.runs.together(f"run {run}"):
                desk.runs.reopen(run)
                return [(desk.log.append(run, [far]), far)]

        yield desk.runs.outlast(reopen)


def _opening(desk: Desk, plan: Plan, run: RunId, tally: Tally) -> list[Numbered]:
    """Log that the run begins, and which instruments it will say nothing of."""
    events: list[Event] = [Started(run, short_spec(plan.spec.to_json()), tally.total, plan.snapshot, plan.stamps)]
    lacking = f"no {plan.spec.interval} bars in the range"
    events += [Warned(run, name, "store.no_bars", lacking) for name in plan.absent]
    last = desk.log.append(run, events)
    return list(enumerate(events, last + 1 - len(events)))


def drive(
    desk: Desk,
    run: RunId,
    cancel: Cancel,
    tally: Tally,
    opening: Sequence[Numbered],
    body: Generator[Numbered, None, Numbered | None],
) -> Iterator[Numbered]:
    """Tell what is logged, what `body` tells, and its end; whatever happens meanwhile, the run is not left as it is."""
    try:
        yield from opening
        last = yield from body
    except (GeneratorExit, KeyboardInterrupt):
        cancel.cancel()
        if not cancel.suspended:
            interrupted = Cancelled(run, "run.interrupted", _kept(tally), tally.count)
            close_run(desk, run, "cancelled", tally, interrupted)
        raise
    except LostRunError:
        cancel.suspend()
        raise
    except _UNREACHED as error:
        # Not the run has failed, but the way to its store: it stays `running`, to be gone on with.
        cancel.suspend()
        raise SuspendedRunError(run=run, cause=_unreached(error)) from error
    except Exception as error:
        cancel.cancel()
        if not cancel.suspended:
            code = error.code if isinstance(error, TapeheadError) else "engine.failed"
            failed = Failed(run, code, str(error) or type(error).__name__, tally.count)
            close_run(desk, run, "failed", tally, failed)
        raise
    if last is not None:
        yield last


def _unreached(error: TapeheadError) -> str:
    """Say why the store was not reached, without a next step that is another one here."""
    cause = error.facts.get("cause")
    told = str(error).partition(". See what it says:")[0] if cause is None else f"{error.facts.get('url')}: {cause}"
    return told.rstrip(".")


def check_reached(outcome: Outcome) -> None:
    """Raise where a task failed of a store that could not be reached: that says nothing of its instrument."""
    error = _unreached_by(outcome)
    if error is not None:
        raise error


def _unreached_by(outcome: Outcome) -> TapeheadError | None:
    """Return the error of a store that a task could not reach."""
    if isinstance(outcome, Failure) and outcome.code in _CODES:
        return _CODES[outcome.code](outcome.text)
    return None


def kept_together(
    group: Sequence[tuple[Task, Outcome]], size: Callable[[Outcome], int]
) -> Iterator[list[tuple[Task, Outcome]]]:
    """Yield what is kept by one commit each, in order; raise after those before one that could not reach the store."""
    part: list[tuple[Task, Outcome]] = []
    total = 0
    for one in group:
        here = size(one[1])
        if part and (total + here > _COMMIT_BYTES or _unreached_by(one[1]) is not None):
            yield part
            part, total = [], 0
        check_reached(one[1])
        part.append(one)
        total += here
    if part:
        yield part


def close_run(
    desk: Desk, run: RunId, state: State, tally: Tally, event: Ended, receipt: Receipt | None = None
) -> Numbered:
    """End the run and log the event that says so, with where its time went and how it came out, in one commit."""
    spent: dict[str, Any] = {"stages_ms": tally.stages_ms(), "stages_bytes": dict(tally.stages_bytes)}
    spent["executor"] = tally.tasks.to_json()
    last = replace(event, **spent, outcome=tally.outcome())

    def close() -> int:
        with desk.runs.together(f"the end of run {run}"):
            desk.runs.finish(run, state, receipt, tally.failed)
            return desk.log.append(run, [last])

    return desk.runs.outlast(close), last


def cancelled(desk: Desk, run: RunId, cancel: Cancel, tally: Tally) -> Numbered | None:
    """End a run whose end was asked for; None of one that is only suspended."""
    if cancel.suspended:
        return None
    return close_run(desk, run, "cancelled", tally, Cancelled(run, "run.cancelled", _kept(tally), tally.count))


def check_look_ahead(
    desk: Desk,
    plan: Plan,
    run: RunId,
    cancel: Cancel,
    tally: Tally,
    done: Sequence[str],
    parameters: Mapping[str, Any] | None = None,
) -> Generator[Numbered, None, Verdict]:
    """Test the strategy for look-ahead on instruments that are done, and tell how far that is; at least one is.

    The test is whole until the code has passed once. `parameters` are those of the spec where they are not given.
    """
    began = time.perf_counter()
    whole = desk.runs.tested(plan.spec.strategy, plan.key) is None
    bars = tally.bars // tally.count + plan.warm
    asked_us = tally.stages_us.get("signals", 0.0) + tally.stages_us.get("read", 0.0) + tally.recalled_us
    spent = Spent(tally.last_ms / 1e3, asked_us / max(bars * tally.count, 1), bars)
    test = look_ahead(desk.executor, desk.probe, plan, done, spent, cancel, whole=whole, run=run, parameters=parameters)
    for verdict in test:
        now = time.perf_counter()
        if spent.wall_s >= TOLD_FROM_S and now - tally.progress_at >= PROGRESS_EVERY_S:
            tally.progress_at = now
            told = progress_of(run, tally, now, (verdict.asked, verdict.total))
            yield desk.log.append(run, [told]), told
    tally.spend("look_ahead", (time.perf_counter() - began) * 1e6)
    return verdict


def progress_of(run: RunId, tally: Tally, now: float, tested: tuple[int, int] | None = None) -> Progress:
    """Say how far the run is; what its test takes is no part of its speed."""
    spent = now - tally.began if tested is None else tally.last_ms / 1e3
    eta_ms = spent / max(tally.done, 1) * (tally.total - tally.done) * 1e3
    return Progress(run, tally.done, tally.total, round(tally.bars / spent), round(eta_ms, 1), tested)


def progress_due(run: RunId, tally: Tally) -> list[Progress]:
    """Return how far the run is, where that is not said yet and the last word on it is old enough."""
    now = time.perf_counter()
    if now - tally.progress_at < PROGRESS_EVERY_S or tally.done >= tally.total:
        return []
    tally.progress_at = now
    return [progress_of(run, tally, now)]


def _kept(tally: Tally) -> str:
    """Say what is kept of a run that ended early."""
    return f"Cancelled at {tally.done} of {tally.total}. The {tally.count} results are kept."


def ended_empty(desk: Desk, plan: Plan, run: RunId, tally: Tally) -> Numbered | None:
    """End a run of which nothing came out by the strategy's own fault, or for want of bars; None of any other.

    Unless the desk keeps failed runs, nothing is kept of it then, and its event has no number in the log.
    """
    failed = _failed(desk, plan, run, tally)
    if failed is None:
        return None
    if desk.keep_failed:
        return close_run(desk, run, "failed", tally, failed)
    desk.runs.delete(run)
    return 0, failed


def _failed(desk: Desk, plan: Plan, run: RunId, tally: Tally) -> Failed | None:
    """Say why nothing came out of a run, where that is the strategy's own fault or no bars were there."""
    if tally.count:
        return None
    own_fault = [each for each in tally.failures if each.code.startswith("strategy.")]
    if own_fault and len(own_fault) == len(tally.failures) and tally.failed == tally.total:
        return Failed(run, own_fault[0].code, own_fault[0].text, 0)
    if tally.failed == 0:
        nothing = no_bars(desk.bars, plan.spec, [item.series for item in plan.items])
        return Failed(run, nothing.code, str(nothing), 0)
    return None
