"""promote: all that a store holds, taken over into another one, and proved to be the same there."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tapehead.jobs.foresee import Side, plan_runs
from tapehead.jobs.promote_bars import bar_faults, promote_bars
from tapehead.jobs.promote_runs import promote_runs, promote_trials, run_faults, trial_faults
from tapehead.model.result import RunId


@dataclass(frozen=True, slots=True)
class Promotion:
    """What was taken over, and whether it is the same there.

    Attributes
    ----------
    segments, segment_bytes : int
        That were copied; those that were there already are not counted.
    rows : int
        Of the manifest that were put or dropped.
    runs, trials : int
        That were added.
    left : tuple of str
        Runs that stayed: somebody works on them, or the target has more of them.
    compared : mapping of str to int
        How many were compared by their hashes: `segments`, `commits`, `rows`, `runs`, `trials`.
    faults : tuple of str
        What is not equal, as sentences; empty where all is.
    seconds : float
    """

    segments: int
    segment_bytes: int
    rows: int
    runs: int
    trials: int
    left: tuple[RunId, ...]
    compared: Mapping[str, int]
    faults: tuple[str, ...]
    seconds: float


def promote(source: Side, target: Side, progress: Callable[[str, int, int], None] | None = None) -> Promotion:
    """Take over all that a store holds into another one, and compare the two.

    Bytes of segments come first, then all rows of the manifest in one transaction, then runs, each in one of its own,
    then the ledger of trials. So whoever looks at the target meanwhile, or after an end at any moment, sees no bars or
    all of them, and of each run nothing or all of it. Called again, it goes on where it ended: what is there already is
    compared and not copied.

    Raises
    ------
    PromoteError
        The target holds what the source does not.
    DamagedSegmentError
        Of the source.
    SurroundingsError
        A disk is full, or a server is gone. What was taken over before stays.
    """
    begun = time.perf_counter()
    say = progress or _say_nothing
    plan = plan_runs(source, target)
    bars = promote_bars(source, target, say)
    runs = promote_runs(source, target, plan, say)
    trials = promote_trials(source, target, say)
    faults = [
        *bar_faults(target, bars.digests, say),
        *run_faults(source, target, runs, plan.there, say),
        *trial_faults(source, target, say),
    ]
    compared = {
        "segments": len(target.bars.holdings().segments()),
        "commits": bars.digests["commits"].rows,
        "rows": sum(one.rows for one in bars.digests.values()),
        "runs": len(runs.digests) + len(plan.there),
        "trials": sum(one.trials for one in source.trials.counts()),
    }
    return Promotion(
        segments=bars.segments,
        segment_bytes=bars.segment_bytes,
        rows=bars.rows,
        runs=len(runs.digests),
        trials=trials,
        left=(*plan.going, *plan.ahead, *runs.held),
        compared=compared,
        faults=tuple(faults),
        seconds=time.perf_counter() - begun,
    )


def _say_nothing(what: str, done: int, total: int) -> None:
    """Tell nobody."""
