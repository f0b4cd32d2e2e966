"""look_ahead: after the last result, see whether the strategy knew anything of later bars."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tapehead.jobs.plan import Item, Plan
from tapehead.jobs.probe import Asking
from tapehead.model.spec import iso
from tapehead.ports.work import Cancel, Executor, Failure, Task
from tapehead.simulation.lookahead import CUTS, Finding, Probed
from tapehead.simulation.tails import TAILS

Ask = Callable[[Asking], Callable[[Task], Probed]]
_WHOLE_INSTRUMENTS: Final = 50
_AGAIN_INSTRUMENTS, _AGAIN_CUTS, _AGAIN_SHARE = 3, 2, 0.05
_THOROUGH: Final = 3
_SAFETY: Final = 0.8
"""Part of the time that is planned for; the rest is for what a plan does not know."""
_MEAN_CUT: Final = 0.6
"""Mean place of a cut within the bars used."""
_QUESTION_US: Final = 300.0
"""Time of a question about no bars at all, views, a memo, a comparison; one thread at a time has the interpreter."""
_COPY_US: Final = 0.01
"""Time of a bar to be copied and compared."""
_ENOUGH_BARS: Final = 4_096
"""Bars of a series that are worth more than another kind of tail."""
_LEAST_BARS: Final = 256
_NEAR_BARS: Final = 64


@dataclass(frozen=True, slots=True)
class Spent:
    """What the run took: `wall_s` to its last result, `us_a_bar` of the strategy and of reading, over all workers.

    `bars` is the mean number of bars of an instrument, warm-up included.
    """

    wall_s: float
    us_a_bar: float
    bars: int


@dataclass(slots=True, eq=False)
class Verdict:
    """What the test says: counts over all instruments, and the first finding in the order of the plan.

    `whole` is a test of up to 50 instruments by 8 cuts, as a source gets once; `stopped` says that Ctrl-C ended it.
    """

    whole: bool
    total: int
    asked: int = 0
    instruments: int = 0
    cuts: int = 0
    bars: int = 0
    signals: int = 0
    refused: str = ""
    stopped: bool = False
    findings: dict[str, Finding] = field(default_factory=dict)

    def take(self, instrument: str, probed: Probed) -> None:
        """Count what came of one instrument."""
        self.asked += 1
        self.instruments += probed.cuts > 0
        self.cuts += probed.cuts
        self.bars += probed.bars
        self.signals += probed.signals
        self.refused = self.refused or probed.refused
        if probed.finding is not None:
            self.findings[instrument] = probed.finding

    def to_json(self, strategy: str, place: str) -> dict[str, Any]:
        """Return `look_ahead` of the event `completed`; `place` is where the strategy's code stands."""
        counts = {"cuts": self.cuts, "instruments": self.instruments, "bars": self.bars, "signals": self.signals}
        body: dict[str, Any] = {"found": bool(self.findings), **counts, "whole": self.whole}
        if self.findings:
            instrument, finding = next(iter(self.findings.items()))
            at, cut = iso(finding.ts), iso(finding.cut_ts)
            body |= {"fault": finding.fault, "instrument": instrument, "signal": finding.change.signal, "bar": at}
            body |= {"cut": cut, "changed": finding.change.changed}
            body["text"] = sentence(strategy, place, instrument, finding)
        elif not self.cuts:
            body["text"] = self.refused or "there was nothing to cut"
        return {**body, "stopped": True} if self.stopped else body


def look_ahead(
    executor: Executor,
    ask: Ask,
    plan: Plan,
    done: Sequence[str],
    spent: Spent,
    cancel: Cancel,
    *,
    whole: bool,
    run: str,
    parameters: Mapping[str, Any] | None = None,
) -> Iterator[Verdict]:
    """Test the instruments with a result, and yield the verdict so far after each; the last one is final.

    Parameters
    ----------
    ask : callable
        Makes the work of an executor; see `jobs.probe.run_probe`.
    done : sequence of str
        Names of instruments with a result.
    spent : Spent
        What the run took: a whole test takes at most as long, a later one at most a twentieth of it.
    cancel : Cancel
        Ends the test, at once where it runs in processes; what it has seen stands.
    whole : bool
        Up to 50 instruments by 8 cuts, else 3 by 2.
    parameters : mapping, optional
        Those of the spec where they are not given.
    """
    began = time.monotonic()
    items = _chosen(plan, done, _WHOLE_INSTRUMENTS if whole else _AGAIN_INSTRUMENTS)
    asking = _asking(plan, items, spent, executor.workers, began, whole=whole)
    if parameters is not None:
        asking = replace(asking, parameters=parameters)
    verdict = Verdict(whole, len(items))
    yield verdict
    names = {item.series: item.instrument.name for item in items}
    # Not by a cancel: what has begun is let end where it is only late, and stopped where the user asks for it.
    wanted = itertools.takewhile(lambda _: not verdict.findings and time.monotonic() < asking.until, items)
    tasks = (Task(run, item.series, 0, 1) for item in wanted)
    for task, probed in executor.map(ask(asking), tasks, cancel=cancel, in_flight=executor.workers):
        verdict.take(names[task.series], Probed(refused=probed.text) if isinstance(probed, Failure) else probed)
        yield verdict
    verdict.stopped = cancel.asked
    order = [item.instrument.name for item in items]
    verdict.findings = {name: verdict.findings[name] for name in sorted(verdict.findings, key=order.index)}


def _chosen(plan: Plan, done: Sequence[str], most: int) -> list[Item]:
    """Return instruments with a result, evenly spread by name; where the spread begins depends on the run's key."""
    having = set(done)
    items = sorted((i for i in plan.items if i.instrument.name in having), key=lambda item: item.instrument.name)
    if len(items) <= most:
        return items
    begin = _seed(plan) % len(items)
    return [items[(begin + k * len(items) // most) % len(items)] for k in range(most)]


def _asking(plan: Plan, items: Sequence[Item], spent: Spent, workers: int, began: float, *, whole: bool) -> Asking:
    """Fit the test into its time: fewer kinds of tails first, then a shorter part of each series."""
    wall_s = spent.wall_s if whole else _AGAIN_SHARE * spent.wall_s
    cuts = CUTS if whole else _AGAIN_CUTS
    rows = max(1, spent.bars)
    each_us = _SAFETY * wall_s * 1e6 / max(len(items), 1)
    side_by_side = max(1, min(workers, len(items)))
    least = min(plan.warm + _LEAST_BARS, rows // 2)
    tails, bars = len(TAILS) if whole else 1, 0.0
    while True:
        questions = cuts * tails
        room_us = side_by_side * (each_us - (1 + questions) * _QUESTION_US)
        bars = room_us / ((spent.us_a_bar + _COPY_US) * (1 + _MEAN_CUT * questions))
        if tails == 1 or bars >= min(rows, _ENOUGH_BARS + plan.warm):
            break
        tails -= 1
    names = [item.instrument.name for item in items]
    return Asking(
        cuts,
        tails,
        min(1.0, max(bars, 0.0) / rows),
        least,
        _seed(plan),
        began + wall_s,
        frozenset(names[:1]),
        frozenset(names[:_THOROUGH] if whole else ()),
    )


def _seed(plan: Plan) -> int:
    """Return a number that an equal run has too."""
    return int.from_bytes(plan.key.digest()[:4], "little")


def sentence(strategy: str, place: str, instrument: str, finding: Finding) -> str:
    """Say what was found, where, and what to look at."""
    change, at, cut = finding.change, iso(finding.ts), iso(finding.cut_ts)
    what = f"{change.signal} at {at}"
    if finding.fault == "writes_bars":
        return (
            f"{strategy} writes to its bars: on {instrument} {what} was {change.was} and is {change.now} after "
            f"signals(). Bars are not the strategy's own: work on a copy, such as bars.{change.signal}.copy() ({place})"
        )
    if finding.fault == "impure":
        return (
            f"{strategy} gives other signals for the same bars: on {instrument} {what} was {change.was}, then "
            f"{change.now}. Look for random numbers without a seed, a clock, or a state kept between calls ({place})"
        )
    near = finding.keep - change.bar <= _NEAR_BARS
    look = (
        "a shift by a negative number, an index t+1, a centred window or a coarser bar that has not closed yet"
        if near
        else "a mean, a maximum, a rank or a fit over the whole range, or len(bars) and bars.ts[-1]"
    )
    more = f", with {change.changed - 1:,} other bars" if change.changed > 1 else ""
    return (
        f"{strategy} knows later bars: on {instrument} {what} was {change.was} and is {change.now}{more}, when only "
        f"the bars from {cut} on are other ones. Look for {look} ({place})"
    )
