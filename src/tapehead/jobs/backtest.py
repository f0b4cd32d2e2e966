"""backtest: run a plan and yield its events as they are kept."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace

from tapehead.errors import TapeheadError
from tapehead.jobs.lookahead import Ask, Spent, Verdict, look_ahead
from tapehead.jobs.plan import Item, Plan, no_bars
from tapehead.jobs.recall import recall
from tapehead.jobs.run_tally import Tally
from tapehead.model.events import Cancelled, Completed, Ended, Event, Failed, Progress, Result, Started, Warned
from tapehead.model.result import Receipt, RunId, State
from tapehead.model.spec import run_digest
from tapehead.ports.bars import BarStore
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.work import Cancel, Executor, Failure, Outcome, Task

Numbered = tuple[int, Event]
PROGRESS_EVERY_S = 0.1
TOLD_FROM_S = 0.5
"""A look-ahead test of a run that took less is over before it can be told."""
LEASE_S = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Where a run is kept and who works on it; `work` makes the picklable work of a run id.

    `probe` makes the picklable work of its look-ahead test; `strategy` and `place` name what is tested and its lines.
    `keep_failed` keeps a run of which nothing came out, with the event that says why. `bench` is what the work finds in
    this process as long as the run lives.
    """

    bars: BarStore
    runs: RunStore
    log: EventLog
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
    with desk.bars.lease(plan.snapshot, LEASE_S), ExitStack() as held:
        with desk.runs.together("a run"):
            run = desk.runs.create(plan.key, plan.spec, plan.snapshot, origin)
            held.enter_context(desk.runs.claim(run))
            opening = _opening(desk, plan, run, tally)
        yield from _drive(desk, plan, run, cancel, tally, opening, plan.items)


def go_on(
    desk: Desk, plan: Plan, cancel: Cancel, tally: Tally, run: RunId, held: AbstractContextManager[object]
) -> Generator[Numbered, None, None]:
    """Work on a run that ended early, where it was left, and yield what is new, as `backtest` does.

    What is kept of it is read and counted, never made again; `started` is logged once in its life, `progress` each
    time that it goes on. The caller holds the run by `held`, which is left at the end.
    """
    with held, desk.bars.lease(plan.snapshot, LEASE_S):
        with desk.runs.together(f"run {run}"):
            settled = recall(desk.runs, desk.log, plan, run, tally)
            desk.runs.reopen(run)
            far = _progress(run, tally, time.perf_counter())
            opening: list[Numbered] = [(desk.log.append(run, [far]), far)]
        left = [item for item in plan.items if item.instrument.name not in settled]
        yield from _drive(desk, plan, run, cancel, tally, opening, left)


def _opening(desk: Desk, plan: Plan, run: RunId, tally: Tally) -> list[Numbered]:
    """Log that the run begins, and which instruments it will say nothing of."""
    events: list[Event] = [Started(run, plan.spec.to_json(), tally.total, plan.snapshot, plan.stamps)]
    lacking = f"no {plan.spec.interval} bars in the range"
    events += [Warned(run, name, "store.no_bars", lacking) for name in plan.absent]
    last = desk.log.append(run, events)
    return list(enumerate(events, last + 1 - len(events)))


def _drive(
    desk: Desk, plan: Plan, run: RunId, cancel: Cancel, tally: Tally, opening: list[Numbered], items: Sequence[Item]
) -> Iterator[Numbered]:
    """Tell what is logged, run the items, test, end; whatever happens meanwhile, the run is not left as it is."""
    try:
        yield from opening
        for task, outcome in _outcomes(desk, items, run, cancel):
            yield from _keep(desk, run, task, outcome, tally)
        verdict = yield from _test(desk, plan, run, cancel, tally)
        last = _end(desk, plan, run, cancel, tally, verdict)
    except (GeneratorExit, KeyboardInterrupt):
        cancel.cancel()
        if not cancel.suspended:
            interrupted = Cancelled(run, "run.interrupted", _kept(tally), tally.count)
            _close(desk, run, "cancelled", tally, interrupted)
        raise
    except Exception as error:
        cancel.cancel()
        if not cancel.suspended:
            code = error.code if isinstance(error, TapeheadError) else "engine.failed"
            _close(desk, run, "failed", tally, Failed(run, code, str(error) or type(error).__name__, tally.count))
        raise
    if last is not None:
        yield last


def _close(
    desk: Desk, run: RunId, state: State, tally: Tally, event: Ended, receipt: Receipt | None = None
) -> Numbered:
    """End the run and log the event that says so, with where its time went, in one commit."""
    event = replace(event, stages_ms=tally.stages_ms(), stages_bytes=dict(tally.stages_bytes))
    with desk.runs.together(f"the end of run {run}"):
        desk.runs.finish(run, state, receipt, tally.failed)
        return desk.log.append(run, [event]), event


def _outcomes(desk: Desk, items: Sequence[Item], run: RunId, cancel: Cancel) -> Iterator[tuple[Task, Outcome]]:
    """Run the tasks, in order of completion."""
    tasks = (Task(run, item.series, 0, 1) for item in items)
    return desk.executor.map(desk.work(run), tasks, cancel=cancel, in_flight=2 * desk.executor.workers)


def _keep(desk: Desk, run: RunId, task: Task, outcome: Outcome, tally: Tally) -> Iterator[Numbered]:
    """Keep an outcome and its events in one transaction, then tell them."""
    tally.done += 1
    results = () if isinstance(outcome, Failure) else outcome.results
    events = list(_events(run, task, outcome, tally))
    before = time.perf_counter()
    with desk.runs.together(f"results of run {run}"):
        desk.runs.save(results)
        last = desk.log.append(run, events)
    tally.spend("persist", (time.perf_counter() - before) * 1e6)
    yield from enumerate(events, last + 1 - len(events))


def _events(run: RunId, task: Task, outcome: Outcome, tally: Tally) -> Iterator[Event]:
    """Count an outcome and say it as events."""
    name = task.series.instrument
    if isinstance(outcome, Failure):
        tally.failed += 1
        tally.failures.append(outcome)
        yield Warned(run, name, outcome.code, outcome.text)
    else:
        tally.bars += outcome.bars
        for stage, us in outcome.stages_us.items():
            tally.spend(stage, us)
        for stage, size in outcome.stages_bytes.items():
            tally.hold(stage, size)
        for result in outcome.results:
            tally.count += 1
            tally.last_ms = tally.elapsed_ms()
            tally.first_ms = tally.first_ms or tally.last_ms
            tally.lines.append(result.line())
            yield Result(run, result, tally.last_ms)
        for code, text in outcome.warnings:
            yield Warned(run, name, code, text)
    now = time.perf_counter()
    if now - tally.progress_at >= PROGRESS_EVERY_S and tally.done < tally.total:
        tally.progress_at = now
        yield _progress(run, tally, now)


def _test(
    desk: Desk, plan: Plan, run: RunId, cancel: Cancel, tally: Tally
) -> Generator[Numbered, None, Verdict | None]:
    """Test the strategy for look-ahead and tell how far that is; wholly until its code has passed once."""
    if not tally.count or tally.done < tally.total:
        return None
    began = time.perf_counter()
    whole = desk.runs.tested(plan.spec.strategy, plan.key) is None
    bars = tally.bars // tally.count + plan.warm
    asked_us = tally.stages_us.get("signals", 0.0) + tally.stages_us.get("read", 0.0) + tally.recalled_us
    spent = Spent(tally.last_ms / 1e3, asked_us / max(bars * tally.count, 1), bars)
    done = [line.instrument for line in tally.lines]
    verdict = None
    for verdict in look_ahead(desk.executor, desk.probe, plan, done, spent, cancel, whole=whole, run=run):
        now = time.perf_counter()
        if spent.wall_s >= TOLD_FROM_S and now - tally.progress_at >= PROGRESS_EVERY_S:
            tally.progress_at = now
            told = _progress(run, tally, now, (verdict.asked, verdict.total))
            yield desk.log.append(run, [told]), told
    tally.spend("look_ahead", (time.perf_counter() - began) * 1e6)
    return verdict


def _progress(run: RunId, tally: Tally, now: float, tested: tuple[int, int] | None = None) -> Progress:
    """Say how far the run is; what its test takes is no part of its speed."""
    spent = now - tally.began if tested is None else tally.last_ms / 1e3
    eta_ms = spent / max(tally.done, 1) * (tally.total - tally.done) * 1e3
    return Progress(run, tally.done, tally.total, round(tally.bars / spent), round(eta_ms, 1), tested)


def _kept(tally: Tally) -> str:
    """Say what is kept of a run that ended early."""
    return f"Cancelled at {tally.done} of {tally.total}. The {tally.count} results are kept."


def _end(desk: Desk, plan: Plan, run: RunId, cancel: Cancel, tally: Tally, verdict: Verdict | None) -> Numbered | None:
    """Finish the run and tell how it ended; None of one that is only suspended."""
    if cancel.asked and tally.done < tally.total:
        if cancel.suspended:
            return None
        return _close(desk, run, "cancelled", tally, Cancelled(run, "run.cancelled", _kept(tally), tally.count))
    failed = _failed(desk, plan, run, tally)
    if failed is not None and desk.keep_failed:
        return _close(desk, run, "failed", tally, failed)
    if failed is not None:
        desk.runs.delete(run)
        return 0, failed
    digest = run_digest(tally.lines)
    done = Completed(
        run=run,
        count=tally.count,
        failed=tally.failed,
        digest=digest,
        first_ms=tally.first_ms,
        last_ms=tally.last_ms,
        bars=tally.bars,
        receipt=plan.key.receipt(),
        look_ahead=None if verdict is None else verdict.to_json(desk.strategy, desk.place),
        degraded=desk.degraded(),
    )
    return _close(desk, run, "completed", tally, done, _receipt(desk, plan, digest))


def _failed(desk: Desk, plan: Plan, run: RunId, tally: Tally) -> Failed | None:
    """Say why nothing came out of a run, where that is the strategy's own fault or no bars were there."""
    if tally.count:
        return None
    own_fault = [each for each in tally.failures if each.code.startswith("strategy.")]
    if own_fault and len(own_fault) == tally.total:
        return Failed(run, own_fault[0].code, own_fault[0].text, 0)
    if tally.failed == 0:
        nothing = no_bars(desk.bars, plan.spec, [item.series for item in plan.items])
        return Failed(run, nothing.code, str(nothing), 0)
    return None


def _receipt(desk: Desk, plan: Plan, digest: str) -> Receipt:
    """Say what the run can be made again from."""
    items = {item.instrument.name: item for item in plan.items}
    return Receipt(
        key=plan.key,
        digest=digest,
        snapshot=plan.snapshot,
        segments={name: tuple(ref.data.hex() for ref in item.refs) for name, item in items.items()},
        platform=desk.platform,
        versions=desk.versions,
        adjustments={name: item.adjustment.digest.hex() for name, item in items.items() if item.adjustment is not None},
        memberships={name: item.member.digest().hex() for name, item in items.items() if item.member is not None},
        where=plan.where,
        stamps=plan.stamps,
    )
