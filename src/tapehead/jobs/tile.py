"""run_tile: many sets of parameters on one instrument, its bars read once; what fails is one set, not the others."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import SignalsError, TapeheadError
from tapehead.indicators.memo import Memo
from tapehead.jobs.adjust import seen_by_signals
from tapehead.jobs.ask import ask
from tapehead.jobs.beside import Made
from tapehead.jobs.plan import Item
from tapehead.jobs.stages import BAR_BYTES, Stages
from tapehead.jobs.task import (
    NO_WHOLE_BAR,
    Bench,
    bars_of,
    data_flags,
    ended,
    guarded,
    located,
    warm_up_warnings,
)
from tapehead.jobs.unknown import Unknown, unknown_lines
from tapehead.jobs.unread import unread_settings
from tapehead.layout.cells import CELL_METRICS, CELL_REASONS
from tapehead.metrics.columns import cell_columns
from tapehead.model.bars import F64, Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.space import STRATEGY, Space
from tapehead.model.tile import Tile, no_cells
from tapehead.ports.work import Failure, Scored, Task
from tapehead.simulation.curve import curve
from tapehead.simulation.score import FLAGS, SUMS, Scores, score, score_each
from tapehead.simulation.simulate import simulate
from tapehead.strategies.strategy import instance_of

MEMO_BYTES: Final = 24 * 1024 * 1024
"""Of the lines that the sets of a tile share; near sets stand in one tile, so that few are asked for again."""
_NAMED: Final = 3
"""Sets that a warning names of those that failed alike."""
_KINDS: Final = 5
"""Ways to fail that are told of a tile."""


@dataclass(slots=True, eq=False)
class _Asking:
    """The sets of a tile on their way: what the strategy says of each, and what became of those it fails for.

    `seen` are the bars as signals see them, `allowed` those on which entries count, all of them where it is None.
    `refused` holds their places by code and text, `others` the series beside these bars that sets share.
    """

    bench: Bench
    item: Item
    bars: Bars
    memo: Memo
    points: list[int]
    space: Space
    seen: Bars
    allowed: NDArray[np.bool_] | None
    asked_us: float = 0.0
    kept: list[int] = field(default_factory=list)
    refused: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    first: Signals | None = None
    others: Made = field(default_factory=dict)

    def parameters(self, place: int) -> Mapping[str, Any]:
        """Return the parameters of the set at a place."""
        return self.space.parameters(self.points[place])

    def signals(self, place: int) -> Signals:
        """Ask the strategy with one set, as `jobs.task` asks it with the one that a backtest has."""
        parameters = self.space.parameters(self.points[place])
        made, origin = self.bench.asked(parameters)
        parameters.pop(STRATEGY, None)
        strategy = instance_of(made, parameters)
        seen = self.bench.beside.bars(strategy, self.item, self.seen, origin, made=self.others)
        signals = ask(strategy, seen, self.memo, origin)
        return signals if self.allowed is None else signals.entering_while(self.allowed)

    def each(self) -> Iterator[Signals]:
        """Yield what the strategy says of each set that it does not fail for."""
        for place in range(len(self.points)):
            before = time.perf_counter()
            try:
                signals = self.signals(place)
            except TapeheadError as error:
                self.refuse(place, error)
                continue
            finally:
                self.asked_us += (time.perf_counter() - before) * 1e6
            self.kept.append(place)
            self.first = self.first or signals
            yield signals

    def refuse(self, place: int, error: TapeheadError) -> None:
        """Note that a set failed."""
        self.refused.setdefault((error.code, str(error)), []).append(place)


def run_tile(bench: Bench, task: Task) -> Scored | Failure:
    """Score one tile; never raises.

    Returns
    -------
    Scored or Failure
        A Failure is of all its sets; a set that fails alone has no cell, and a warning names it.

    Notes
    -----
    Of what a single run says a cell lacks the metrics that CELL_METRICS does not name, and the flag `split_while_held`,
    which needs its trades.
    """
    item = bench.items[task.series]
    return guarded(item.instrument.name, lambda: _run(bench, item, task))


def _run(bench: Bench, item: Item, task: Task) -> Scored:
    """Read, ask and simulate set after set, sum up in columns."""
    clock = Stages()
    bars = bars_of(bench, item)
    clock.mark("read", len(bars) * BAR_BYTES)
    spec = bench.plan.spec
    if len(bars) <= bars.warm:
        empty = no_cells(task.run, item.instrument.name, spec.interval, task.lo, task.hi, 0)
        return Scored(empty, 0, (NO_WHOLE_BAR,))
    item = ended(item, bars, bench.plan.last)
    points = np.frombuffer(task.points, "<i8")
    seen = seen_by_signals(bars, item.adjustment)
    allowed = None if item.member is None else item.member.holds(bars.ts)
    unknown = Unknown()
    memo = Memo(MEMO_BYTES, unknown.take)
    asking = _Asking(bench, item, bars, memo, points.tolist(), Space.of(spec), seen, allowed)
    scores = _scored(asking)
    clock.mark("walk", asking.memo.size_bytes)
    tile = _tile(asking, task, scores)
    warnings = [*_failures(asking), *_noted(asking, task.lo), *unknown_lines(memo, unknown)]
    clock.mark("metrics", tile.values.nbytes + tile.blocks.nbytes)
    clock.us["signals"] = asking.asked_us
    clock.us["walk"] -= asking.asked_us
    tile = replace(tile, elapsed_us=round(clock.total_us()))
    return Scored(tile, tile.bars * len(tile), tuple(warnings), clock.us, clock.held)


def _scored(asking: _Asking) -> Scores:
    """Score the sets together; where one breaks off the call, each by itself."""
    rules = asking.item.rules
    try:
        return score(asking.bars, asking.each(), rules, asking.memo)
    except SignalsError:
        asking.kept.clear()
        asking.refused.clear()
        asking.first = None
    return _one_by_one(asking, rules)


def _one_by_one(asking: _Asking, rules: Rules) -> Scores:
    """Score each set in a call of its own."""
    found: list[Scores] = []
    for place in range(len(asking.points)):
        try:
            signals = asking.signals(place)
            found.append(score_each(asking.bars, [signals], rules, asking.memo))
        except SignalsError as error:
            asking.refuse(place, located(asking.bench, asking.item, error, asking.parameters(place)))
        except TapeheadError as error:
            asking.refuse(place, error)
        else:
            asking.kept.append(place)
            asking.first = asking.first or signals
    if not found:
        return score_each(asking.bars, [], rules, asking.memo)
    return Scores(
        np.concatenate([one.sums for one in found]),
        np.concatenate([one.blocks for one in found]),
        np.concatenate([one.flags for one in found]),
        np.concatenate([one.decisions for one in found]),
        found[0].observations,
    )


def _tile(asking: _Asking, task: Task, scores: Scores) -> Tile:
    """Return the columns of the sets that did not fail."""
    bars, item = asking.bars, asking.item

    def equity(cell: int) -> F64:
        signals = asking.signals(asking.kept[cell])
        return curve(bars, simulate(bars, signals, item.rules, asking.memo).ledger, item.rules).equity

    sums = {name: np.ascontiguousarray(scores.sums[:, k]) for k, name in enumerate(SUMS)}
    found = cell_columns(sums, bars, item.rules, scores.observations, equity)
    return Tile(
        run=task.run,
        instrument=item.instrument.name,
        interval=asking.bench.plan.spec.interval,
        lo=task.lo,
        hi=task.hi,
        points=np.array([asking.points[place] for place in asking.kept], np.int64),
        metrics=CELL_METRICS,
        values=found.values,
        why=found.why,
        final_equity=sums["final_equity"],
        flags=scores.flags,
        decisions=scores.decisions,
        blocks=scores.blocks,
        failed=len(asking.points) - len(asking.kept),
        observations=scores.observations,
        bars=len(bars) - bars.warm,
        first=int(bars.ts[bars.warm]),
        last=int(bars.ts[-1]),
        words=FLAGS,
        reasons=CELL_REASONS,
        always=tuple(data_flags(asking.bench.plan, item, bars)[0]),
        segments=bars.segments,
        elapsed_us=0,
    )


def _failures(asking: _Asking) -> Iterator[tuple[str, str]]:
    """Yield a warning for the sets that failed alike."""
    varied = [axis.name.rpartition(".")[2] for axis in asking.space.axes]
    kinds = list(asking.refused.items())
    for (code, text), places in kinds[:_KINDS]:
        named = [words_of(asking.parameters(place), varied) for place in places[:_NAMED]]
        more = f" and {len(places) - _NAMED:,} more sets" if len(places) > _NAMED else ""
        yield code, f"{', '.join(named)}{more}: {text}"
    others = sum(len(places) for _, places in kinds[_KINDS:])
    if others:
        yield kinds[_KINDS][0][0], f"{others:,} more sets of this tile failed, in other ways"


def words_of(parameters: Mapping[str, Any], varied: list[str]) -> str:
    """Return those parameters of a set that vary, in words: `fast=5 slow=30`."""
    return " ".join(f"{name}={parameters[name]}" for name in dict.fromkeys(varied) if name in parameters)


def _noted(asking: _Asking, lo: int) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of the bars and the settings, in the first tile of an instrument."""
    if lo or asking.first is None:
        return
    yield from data_flags(asking.bench.plan, asking.item, asking.bars)[1]
    yield from (("settings.unread", text) for text in unread_settings(asking.item.rules, asking.first))
    if asking.item.wider:
        parameters = asking.parameters(asking.kept[0])
        yield from warm_up_warnings(asking.bench, asking.item, asking.bars, asking.first, parameters)
