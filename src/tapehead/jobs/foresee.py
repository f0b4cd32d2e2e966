"""foresee: what taking a store over into another one means: how much, how long, and whether it may be done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal, NamedTuple

from tapehead.errors import PromoteError
from tapehead.jobs.digest_rows import plain
from tapehead.model.result import RunId
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore
from tapehead.ports.holdings import NAMED_TABLES, Row, RunHoldings, RunMark, Value
from tapehead.ports.runs import RunStore
from tapehead.ports.trials import TrialLedger

State = Literal["absent", "empty", "begun", "older", "equal"]

_UNDONE_BY, _SWEPT = 7, 8
_SAVED_AT: Final = 4
_CHANGES: Final = (_UNDONE_BY, _SWEPT)
"""Of a commit what later ones, and gc, write into its row."""
_MOST_NAMED: Final = 3
_BYTES_PER_S: Final = 40_000_000
_SEGMENT_S: Final = 0.004
_RESULT_S: Final = 0.001
_TRIAL_S: Final = 0.00005
_START_S: Final = 0.5


class Side(NamedTuple):
    """One of the two stores; `where` names it to people."""

    where: str
    bars: BarStore
    runs: RunStore
    trials: TrialLedger


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would be taken over.

    Attributes
    ----------
    source, target : str
        The stores as people name them.
    state : str
        What the target holds: `absent` (nothing, not even a schema), `empty`, `begun` (an earlier attempt that was cut
        short), `older` (an earlier state of the source), `equal`.
    snapshot, series, bars : int
        At the head of the source.
    commits : int
        Of the source.
    segments, segment_bytes : int
        That the target lacks.
    held_segments : int
        That the target has already.
    block_bytes : int
        Of the tail.
    runs, run_bytes, results : int
        That the target lacks; results and tiles of sweeps.
    held_runs : int
        That the target has already.
    going : tuple of str
        Runs that somebody works on just now: they stay.
    ahead : tuple of str
        Runs of which the target has more than the source: they stay as they are.
    trials : int
        In the ledger of the source.
    seconds : float
        About how long it takes.
    """

    source: str
    target: str
    state: State
    snapshot: int
    commits: int
    series: int
    bars: int
    segments: int
    segment_bytes: int
    held_segments: int
    block_bytes: int
    runs: int
    run_bytes: int
    results: int
    held_runs: int
    going: tuple[RunId, ...]
    ahead: tuple[RunId, ...]
    trials: int
    seconds: float

    @property
    def size_bytes(self) -> int:
        """Bytes that have to be taken over."""
        return self.segment_bytes + self.block_bytes + self.run_bytes


class RunPlan(NamedTuple):
    """Which runs are to be taken, which are there already, which stay for now, and which the target has more of."""

    taken: Sequence[RunMark]
    there: Sequence[RunMark]
    going: Sequence[RunId]
    ahead: Sequence[RunId]


def foresee(source: Side, target: Side | None, *, called: str = "") -> Forecast:
    """Return what would be taken over; nothing is written.

    Parameters
    ----------
    source : Side
    target : Side or None
        None where no store is there yet; `called` is then its name.

    Raises
    ------
    PromoteError
        The source holds nothing, or the target holds what the source does not.
    """
    plan = plan_runs(source, target)
    mine = source.bars.holdings()
    commits = sum(1 for _ in mine.rows("commits"))
    trials = sum(one.trials for one in source.trials.counts())
    if (
        not commits
        and not plan.taken
        and not plan.there
        and not trials
        and not any(map(any, map(mine.rows, NAMED_TABLES)))
    ):
        raise PromoteError(source=source.where, target=called, cause="it holds nothing", step=_FILL)
    if target is not None:
        check_bars(source, target)
    refs = mine.segments()
    lacking = absent(refs, target)
    sizes = mine.sizes()
    segment_bytes = sum(sizes.get(ref.data, 0) for ref in lacking)
    facts = source.bars.facts()
    run_bytes = sum(mark.size_bytes for mark in plan.taken)
    results = sum(mark.results + mark.tiles for mark in plan.taken)
    blocks = mine.blocks_bytes()
    seconds = _START_S + (segment_bytes + blocks + run_bytes) / _BYTES_PER_S
    seconds += len(refs) * _SEGMENT_S + results * _RESULT_S + trials * _TRIAL_S
    return Forecast(
        source=source.where,
        target=called if target is None else target.where,
        state=_state(source, target, done=not lacking and not plan.taken),
        snapshot=facts.snapshot,
        commits=commits,
        series=facts.series,
        bars=facts.bars,
        segments=len(lacking),
        segment_bytes=segment_bytes,
        held_segments=len(refs) - len(lacking),
        block_bytes=blocks,
        runs=len(plan.taken),
        run_bytes=run_bytes,
        results=results,
        held_runs=len(plan.there),
        going=tuple(plan.going),
        ahead=tuple(plan.ahead),
        trials=trials,
        seconds=seconds,
    )


def absent(refs: Sequence[SegmentRef], target: Side | None) -> list[SegmentRef]:
    """Return the segments whose bytes a store lacks."""
    there = {} if target is None else target.bars.holdings().sizes()
    return [ref for ref in refs if ref.data not in there]


def check_bars(source: Side, target: Side) -> None:
    """Raise PromoteError unless what the target holds of bars is the source's, or was at some time.

    Then nothing of the target is lost where its rows become those of the source.
    """

    def refuse(cause: str, step: str = _ELSEWHERE) -> PromoteError:
        return PromoteError(source=source.where, target=target.where, cause=cause, step=step)

    if not target.bars.holdings().writable:
        raise refuse("it can only be read", "Name the primary server, or a user who may write")
    mine, lost = source.bars.holdings().rows("commits"), []
    for row in map(plain, target.bars.holdings().rows("commits")):
        other = next(mine, None)
        if other is None or _kept(plain(other)) != _kept(row):
            told = f"its commit {row[0]!r}, {row[3]!r}, is not one of {source.where}"
            raise refuse(f"it holds what the other store does not: {told}")
        if other[_SWEPT] and not row[_SWEPT]:
            lost.append(str(row[0]))
    if lost:
        some = ", ".join(lost[:_MOST_NAMED]) + (" and more" if len(lost) > _MOST_NAMED else "")
        cause = (
            f"it can still be read as of snapshots that gc gave back in {source.where}, and they would be lost: {some}"
        )
        raise refuse(cause, f"Give them back there first: tapehead --home {target.where} store gc --keep 0d")
    own = {row[0]: row for row in map(plain, source.bars.holdings().rows("universes"))}
    for row in map(plain, target.bars.holdings().rows("universes")):
        built_in, other = row[2], own.get(row[0])
        if other is not None and not built_in and other != row:
            cause = f"its universe {row[0]!r} is another one"
            raise refuse(cause, f"Delete one of the two: tapehead --home {target.where} universe delete {row[0]!r}")
    kept = {row[0]: row for row in map(plain, source.bars.holdings().rows("presets"))}
    for row in map(plain, target.bars.holdings().rows("presets")):
        if kept.get(row[0], row)[:_SAVED_AT] != row[:_SAVED_AT]:
            cause = f"its preset {row[0]!r} is another one"
            raise refuse(cause, f"Delete one of the two: tapehead --home {target.where} preset delete {row[0]!r}")


def plan_runs(source: Side, target: Side | None) -> RunPlan:
    """Decide by run; raises PromoteError for one that differs in both stores."""
    marks = source.runs.holdings().marks()
    there = {} if target is None else {mark.run: mark for mark in target.runs.holdings().marks()}
    running = {mark.run for mark in marks if mark.state == "running"}
    going = sorted(running - set(source.runs.unfinished())) if running else []
    taken, held, ahead = [], [], []
    for mark in (mark for mark in marks if mark.run not in going):
        other = there.get(mark.run)
        if other is None or target is None:
            taken.append(mark)
        elif _facts(mark) == _facts(other):
            held.append(mark)
        elif _goes_on(other, mark, target.runs.holdings(), source.runs.holdings()):
            taken.append(mark)
        elif _goes_on(mark, other, source.runs.holdings(), target.runs.holdings()):
            ahead.append(mark.run)
        else:
            cause = f"run {mark.run} is in both, and each has events that the other has not"
            step = f"Remove one of the two: tapehead --home {target.where} runs rm {mark.run}"
            raise PromoteError(source=source.where, target=target.where, cause=cause, step=step)
    return RunPlan(taken, held, going, ahead)


def _facts(mark: RunMark) -> tuple[Value, ...]:
    """Return what is equal in equal copies of a run, whichever of them had its events pruned."""
    return (*mark[1:5], *mark[6:8])


def _goes_on(less: RunMark, more: RunMark, short: RunHoldings, long: RunHoldings) -> bool:
    """Say whether all that one store tells of a run is told by the other one too, from the first event on."""
    if less.last_event > more.last_event or not less.last_event:
        return False
    longer = _events(long, more.run)
    return all(next(longer, None) == row for row in _events(short, less.run))


def _events(runs: RunHoldings, run: RunId) -> Iterator[tuple[Value, ...]]:
    """Yield the events of a run."""
    return map(tuple, chain.from_iterable(runs.pages(run, "events")))


def _kept(row: Row) -> list[Value]:
    """Return what of a commit's row never changes."""
    return [value for at, value in enumerate(row) if at not in _CHANGES]


def _state(source: Side, target: Side | None, *, done: bool) -> State:
    """Return what the target holds."""
    if target is None:
        return "absent"
    head = target.bars.head()
    if not head:
        return "begun" if target.bars.holdings().sizes() else "empty"
    return "equal" if done and head == source.bars.head() else "older"


_FILL: Final = "Name the store that is meant: tapehead --home DIR store stats"
_ELSEWHERE: Final = "Name an empty database or folder; what is in a store: tapehead --home DIR store log"
