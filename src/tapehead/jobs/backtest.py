"""backtest: run a plan and yield its events as they are kept."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field

from tapehead.jobs.lookahead import Ask, Spent, Verdict, look_ahead
from tapehead.jobs.plan import Plan, no_bars
from tapehead.model.events import Cancelled, Completed, Event, Failed, Progress, Result, Started, Warned
from tapehead.model.result import Receipt, RunId
from tapehead.model.spec import DigestLine, run_digest
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


@dataclass(slots=True, eq=False)
class Tally:
    """What a run has done so far; `stages_us` sums the time of tasks by stage, and of keeping the results."""

    began: float
    total: int
    done: int = 0
    count: int = 0
    failed: int = 0
    bars: int = 0
    first_ms: float = 0.0
    last_ms: float = 0.0
    lines: list[DigestLine] = field(default_factory=list)
    stages_us: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    progress_at: float = 0.0

    def spend(self, stage: str, us: float) -> None:
        """Add time to a stage."""
        self.stages_us[stage] = self.stages_us.get(stage, 0.0) + us

    def elapsed_ms(self) -> float:
        """Return the time since the run was asked for."""
        return round((time.perf_counter() - self.began) * 1e3, 3)


def backtest(desk: Desk, plan: Plan, cancel: Cancel, tally: Tally, origin: str) -> Iterator[Numbered]:
    """Run `plan` and yield its events, numbered, each already in the log.

    Results come in order of completion; after the last one the strategy is tested for look-ahead. After `cancel` the
    begun tasks are kept and the run ends as cancelled, or as completed where only the test went on; as cancelled when
    the caller interrupts. Where every instrument fails by the strategy's own fault, or none has a whole bar
    in the range, nothing is kept and the last event is `failed`, without a number in the log.
    """
    run = desk.runs.create(plan.key, plan.spec, plan.snapshot, origin)
    ended = False

    def say(event: Event) -> Numbered:
        return desk.log.append(run, [event]), event

    try:
        with desk.bars.lease(plan.snapshot, LEASE_S):
            yield say(Started(run, plan.spec.to_json(), tally.total, plan.snapshot, plan.stamps))
            for name in plan.absent:
                yield say(Warned(run, name, "store.no_bars", f"no {plan.spec.interval} bars in the range"))
            for task, outcome in _outcomes(desk, plan, run, cancel):
                yield from _keep(desk, run, task, outcome, tally)
        verdict = yield from _test(desk, plan, run, cancel, tally, say)
        last = _end(desk, plan, run, cancel, tally, say, verdict)
        ended = True
        yield last
    finally:
        if not ended:
            cancel.cancel()
            desk.runs.finish(run, "cancelled", None, tally.failed)
            desk.log.append(run, [Cancelled(run, "run.interrupted", _kept(tally), tally.count)])


def _outcomes(desk: Desk, plan: Plan, run: RunId, cancel: Cancel) -> Iterator[tuple[Task, Outcome]]:
    """Run the tasks, in order of completion."""
    tasks = (Task(run, item.series, 0, 1) for item in plan.items)
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
    desk: Desk, plan: Plan, run: RunId, cancel: Cancel, tally: Tally, say: Callable[[Event], Numbered]
) -> Generator[Numbered, None, Verdict | None]:
    """Test the strategy for look-ahead and tell how far that is; wholly until its code has passed once."""
    if not tally.count or tally.done < tally.total:
        return None
    whole = desk.runs.tested(plan.spec.strategy, plan.key) is None
    bars = tally.bars // tally.count + plan.warm
    asked_us = tally.stages_us.get("signals", 0.0) + tally.stages_us.get("read", 0.0)
    spent = Spent(tally.last_ms / 1e3, asked_us / max(bars * tally.count, 1), bars)
    done = [line.instrument for line in tally.lines]
    verdict = None
    for verdict in look_ahead(desk.executor, desk.probe, plan, done, spent, cancel, whole=whole, run=run):
        now = time.perf_counter()
        if spent.wall_s >= TOLD_FROM_S and now - tally.progress_at >= PROGRESS_EVERY_S:
            tally.progress_at = now
            yield say(_progress(run, tally, now, (verdict.asked, verdict.total)))
    return verdict


def _progress(run: RunId, tally: Tally, now: float, tested: tuple[int, int] | None = None) -> Progress:
    """Say how far the run is; what its test takes is no part of its speed."""
    spent = now - tally.began if tested is None else tally.last_ms / 1e3
    eta_ms = spent / tally.done * (tally.total - tally.done) * 1e3
    return Progress(run, tally.done, tally.total, round(tally.bars / spent), round(eta_ms, 1), tested)


def _kept(tally: Tally) -> str:
    """Say what is kept of a run that ended early."""
    return f"Cancelled at {tally.done} of {tally.total}. The {tally.count} results are kept."


def _end(
    desk: Desk,
    plan: Plan,
    run: RunId,
    cancel: Cancel,
    tally: Tally,
    say: Callable[[Event], Numbered],
    verdict: Verdict | None,
) -> Numbered:
    """Finish the run and tell how it ended."""
    if cancel.asked and tally.done < tally.total:
        desk.runs.finish(run, "cancelled", None, tally.failed)
        return say(Cancelled(run, "run.cancelled", _kept(tally), tally.count))
    own_fault = [each for each in tally.failures if each.code.startswith("strategy.")]
    if tally.count == 0 and own_fault and len(own_fault) == tally.total:
        desk.runs.delete(run)
        return 0, Failed(run, own_fault[0].code, own_fault[0].text, 0)
    if tally.count == 0 and tally.failed == 0:
        desk.runs.delete(run)
        nothing = no_bars(desk.bars, plan.spec, [item.series for item in plan.items])
        return 0, Failed(run, nothing.code, str(nothing), 0)
    digest = run_digest(tally.lines)
    receipt = _receipt(desk, plan, digest)
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
    numbered = say(done)
    desk.runs.finish(run, "completed", receipt, tally.failed)
    return numbered


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


def replay(log: EventLog, run: RunId) -> Iterator[tuple[int, bytes]]:
    """Yield the kept events of a run, as first sent."""
    after = 0
    while page := log.read(run, after, 256):
        yield from page
        after = page[-1][0]
