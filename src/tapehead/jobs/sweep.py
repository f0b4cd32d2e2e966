"""sweep: run the sets of a grid tile by tile and yield their events as they are kept."""

import json
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, Final

import numpy as np

from tapehead.jobs.ask import place_of
from tapehead.jobs.best_so_far import BestSoFar
from tapehead.jobs.complete import complete
from tapehead.jobs.drive import (
    PROGRESS_EVERY_S,
    TOLD_FROM_S,
    Desk,
    Numbered,
    begun,
    cancelled,
    check_look_ahead,
    drive,
    ended_empty,
    kept_together,
    progress_due,
    progress_of,
    taken_up,
)
from tapehead.jobs.judge import Judgement, judge
from tapehead.jobs.lookahead import Verdict
from tapehead.jobs.plan import Plan
from tapehead.jobs.replay import replay
from tapehead.jobs.run_tally import Tally
from tapehead.jobs.search.searcher import F64, I64, Round, Searcher
from tapehead.jobs.surface import row_of, surface_of
from tapehead.jobs.sweep_digest import sweep_digest
from tapehead.jobs.task import Bench
from tapehead.jobs.tiles import Pace, Span, tile_tasks
from tapehead.jobs.unknown import MOST_TOLD, UNKNOWN
from tapehead.metrics.surface import Surface
from tapehead.model.events import Event, Tiled, Warned, numbers_of
from tapehead.model.result import RunId
from tapehead.model.space import Space
from tapehead.model.tile import Tile, no_cells
from tapehead.ports.work import Cancel, Failure, Outcome, Scored, Task

_OF_SETS = ("strategy.", "engine.", "surroundings", "input.")
"""Codes of warnings that say why sets failed; the others are about bars and settings."""
_MOST_TILES: Final = 4
"""In one commit: each is begun as large as the last ones that ended ask for."""


@dataclass(slots=True, eq=False)
class Course:
    """Where a sweep is: what hands out its sets, and what is there of them.

    `pace` says how many sets stand in a tile, `done` which places of the walk are there by instrument; `told` the
    warnings that need not be said twice; `values` the objective by set, instrument after instrument, for a search that
    decides by it. `leading` knows which set is best so far.
    """

    searcher: Searcher
    space: Space
    objective: str
    adaptive: bool
    leading: BestSoFar
    pace: Pace = field(default_factory=Pace)
    done: dict[str, list[Span]] = field(default_factory=dict)
    told: set[tuple[str | None, str, str]] = field(default_factory=set)
    with_cells: set[str] = field(default_factory=set)
    values: dict[int, list[float]] = field(default_factory=dict)

    def is_news(self, instrument: str, code: str, text: str) -> bool:
        """Note a warning of an instrument; say whether it is told: none twice, and few of lines without a number."""
        if (instrument, code, text) in self.told:
            return False
        alike = sum(one[:2] == (instrument, code) for one in self.told) if code == UNKNOWN else 0
        self.told.add((instrument, code, text))
        return alike < MOST_TOLD

    def take(self, instrument: str, span: Span, points: I64, objective: F64) -> None:
        """Note that a tile is there."""
        self.done.setdefault(instrument, []).append(span)
        self.leading.take(instrument, points, objective)
        if points.shape[0]:
            self.with_cells.add(instrument)
        if self.adaptive:
            for point, value in zip(points.tolist(), objective.tolist(), strict=True):
                self.values.setdefault(point, []).append(value)

    def medians(self, sets: I64) -> F64:
        """Return the objective of sets: the median over the instruments that each has one on so far, else NaN."""
        found = np.full(sets.shape[0], np.nan)
        for place, point in enumerate(self.searcher.grid.points[sets].tolist()):
            known = [value for value in self.values.get(point, ()) if np.isfinite(value)]
            if known:
                found[place] = np.median(known)
        return found


def sweep(desk: Desk, plan: Plan, course: Course, cancel: Cancel, tally: Tally, origin: str) -> Iterator[Numbered]:
    """Run `plan` for every set and yield its events, numbered, each already in the log.

    As `jobs.backtest.backtest`, but results come as tiles, each in one commit with its event; after the last one the
    strategy is tested for look-ahead with the best robust set. A set that fails has no result and is warned of.
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
    """Work on a sweep that ended early, where it was left, and yield what is new, as `sweep` does.

    Tiles that are kept are counted, never made again. The caller holds the run by `held`, which is left at the end.
    """
    with taken_up(desk, plan, tally, run, held, lambda: _recall(desk, course, run, tally)) as opening:
        yield from drive(desk, run, cancel, tally, opening, _body(desk, plan, course, run, cancel, tally))


def _recall(desk: Desk, course: Course, run: RunId, tally: Tally) -> None:
    """Count what is kept; the clock of the run goes on where its last tile stopped it."""
    by = f"values.{course.objective}"
    for part in desk.runs.tiles(run, ("points", by)):
        course.take(part.instrument, (part.lo, part.hi), part.columns["points"], part.columns[by])
        tally.done += part.hi - part.lo
        tally.count += part.cells
        tally.failed += part.failed
        tally.bars += part.cells * part.bars
    for _, data in replay(desk.log, run, tiles=True):
        event = json.loads(data)
        if event["event"] == "tile":
            tally.take_stages(event.get("stages_us", {}), {})
            tally.last_ms = event["t_ms"]
            tally.first_ms = tally.first_ms or tally.last_ms
        elif event["event"] == "warning":
            course.told.add((event["instrument"], event["code"], event["text"]))
            if event["code"].startswith(_OF_SETS):
                tally.failures.append(Failure(event["code"], event["text"]))
    tally.began -= tally.last_ms / 1e3


def _body(
    desk: Desk, plan: Plan, course: Course, run: RunId, cancel: Cancel, tally: Tally
) -> Generator[Numbered, None, Numbered | None]:
    """Run round after round, sum up, test, end."""
    searcher, first = course.searcher, 0
    while (asked := searcher.next()) is not None:
        yield from _round(desk, plan, course, run, cancel, tally, asked, first)
        if cancel.asked and next(_tasks(plan, course, run, asked, first), None) is not None:
            return cancelled(desk, run, cancel, tally)
        searcher.tell(asked.sets, course.medians(asked.sets) if course.adaptive else np.full(asked.sets.shape, np.nan))
        first += asked.sets.shape[0]
    # A search may have come to its end with fewer sets than it might have scored.
    tally.total = tally.done
    empty = ended_empty(desk, plan, run, tally)
    if empty is not None:
        return empty
    began = time.perf_counter()
    names = [item.instrument.name for item in plan.items]
    found = surface_of(desk.runs, run, searcher.grid, names, course.objective)
    digest = sweep_digest(desk.runs, run, names, plan.spec.interval, course.space.parameters)
    tally.spend("surface", (time.perf_counter() - began) * 1e6)
    judged = yield from _judged(desk, plan, course, run, cancel, tally, found)
    if judged is None:
        return cancelled(desk, run, cancel, tally)
    verdict: Verdict | None = None
    told_of = _shown(found, course)
    if tally.count:
        done = sorted(course.with_cells)
        verdict = yield from check_look_ahead(desk, plan, run, cancel, tally, done, told_of)
    look_ahead = None if verdict is None else verdict.to_json(*_place(desk, told_of))
    told = found_json(found, course, judged)
    return complete(desk, plan, run, tally, digest, look_ahead=look_ahead, found=told)


def _tasks(plan: Plan, course: Course, run: RunId, asked: Round, first: int) -> Iterator[Task]:
    """Yield the tasks of a round that are not done, hot instruments first; sets that are near stand together."""
    names = sorted(item.instrument.name for item in plan.items)
    wanted = {names[place] for place in asked.instruments.tolist()}
    grid = course.searcher.grid
    inside = np.zeros(len(grid), np.bool_)
    inside[asked.sets] = True
    walk = grid.walk_order()
    points = grid.points[walk[inside[walk]]]
    items = [item for item in plan.items if item.instrument.name in wanted]
    done = {name: tuple(spans) for name, spans in course.done.items()}
    yield from tile_tasks(run, items, points, first, done, course.pace)


def _round(
    desk: Desk, plan: Plan, course: Course, run: RunId, cancel: Cancel, tally: Tally, asked: Round, first: int
) -> Iterator[Numbered]:
    """Run the tiles of a round, in order of completion."""
    tasks, in_flight = _tasks(plan, course, run, asked, first), 2 * desk.executor.workers
    ways: dict[str, Any] = {"cancel": cancel, "in_flight": in_flight, "most": min(desk.runs.at_once, _MOST_TILES)}
    for group in tally.tasks.map_groups(desk.executor, desk.work(run), tasks, **ways):
        for part in kept_together(group, _size):
            yield from _keep(desk, plan, course, run, part, tally)


def _keep(
    desk: Desk, plan: Plan, course: Course, run: RunId, part: Sequence[tuple[Task, Outcome]], tally: Tally
) -> Iterator[Numbered]:
    """Keep tiles and their events in one transaction, then tell them."""
    tiles: list[Tile] = []
    events: list[Event] = []
    for task, outcome in part:
        tile = _tile(plan, task, outcome)
        objective = tile.column(course.objective) if len(tile) else np.empty(0)
        course.take(tile.instrument, (tile.lo, tile.hi), tile.points, objective)
        course.pace.took(tile)
        tiles.append(tile)
        events += _events(course, task, tile, outcome, tally)
    before = time.perf_counter()

    def keep() -> int:
        with desk.runs.together(f"results of run {run}"):
            for tile in tiles:
                desk.runs.save_tile(tile)
            desk.counting.add_tiles(tiles)
            return desk.log.append(run, events)

    last = desk.runs.outlast(keep)
    tally.spend("persist", (time.perf_counter() - before) * 1e6)
    ends = list(accumulate(numbers_of(event) for event in events))
    yield from ((last - ends[-1] + end, event) for end, event in zip(ends, events, strict=True))


def _size(outcome: Outcome) -> int:
    """Return about the bytes of what is kept of an outcome."""
    return outcome.tile.values.nbytes + outcome.tile.blocks.nbytes if isinstance(outcome, Scored) else 0


def _tile(plan: Plan, task: Task, outcome: Outcome) -> Tile:
    """Return the tile of an outcome; of a failure one without a cell."""
    if isinstance(outcome, Scored):
        return outcome.tile
    return no_cells(task.run, task.series.instrument, plan.spec.interval, task.lo, task.hi, task.hi - task.lo)


def _events(course: Course, task: Task, tile: Tile, outcome: Outcome, tally: Tally) -> Iterator[Event]:
    """Count a tile and say it as events."""
    tally.done += task.hi - task.lo
    tally.failed += tile.failed
    if isinstance(outcome, Scored):
        tally.bars += outcome.bars
        tally.take_stages(outcome.stages_us, outcome.stages_bytes)
    if len(tile):
        tally.count += len(tile)
        tally.last_ms = tally.elapsed_ms()
        tally.first_ms = tally.first_ms or tally.last_ms
        stages = outcome.stages_us if isinstance(outcome, Scored) else {}
        yield Tiled(task.run, tile, tally.last_ms, course.space.parameters, stages)
    warnings = [(outcome.code, outcome.text)] if isinstance(outcome, Failure) else []
    warnings += outcome.warnings if isinstance(outcome, Scored) else ()
    for code, text in warnings:
        if tile.failed and code.startswith(_OF_SETS):
            tally.failures.append(Failure(code, text))
        if course.is_news(tile.instrument, code, text):
            yield Warned(task.run, tile.instrument, code, text)
    for due in progress_due(task.run, tally):
        yield replace(due, best=course.leading.told())


def _judged(
    desk: Desk, plan: Plan, course: Course, run: RunId, cancel: Cancel, tally: Tally, found: Surface
) -> Generator[Numbered, None, Judgement | None]:
    """Weigh the best sets against luck and tell how far that is; None where a cancel cuts it short."""
    began = time.perf_counter()
    chosen = {number for number in (found.best, found.best_robust) if number is not None}
    judging = judge(desk.runs, desk.trials, run, course.searcher.grid, plan.spec.interval, chosen)
    judged = None
    while not cancel.asked:
        try:
            share = next(judging)
        except StopIteration as end:
            judged = end.value
            break
        now = time.perf_counter()
        if now - began >= TOLD_FROM_S and now - tally.progress_at >= PROGRESS_EVERY_S:
            tally.progress_at = now
            told = replace(progress_of(run, tally, now), judged=round(100 * share))
            yield desk.log.append(run, [told]), told
    tally.spend("judge", (time.perf_counter() - began) * 1e6)
    return judged


def _shown(found: Surface, course: Course) -> Mapping[str, Any]:
    """Return the parameters that the look-ahead test asks with: those of the best robust set, where there is one."""
    number = found.best_robust if found.best_robust is not None else found.best
    return course.searcher.grid.parameters(number or 0)


def _place(desk: Desk, parameters: Mapping[str, Any]) -> tuple[str, str]:
    """Return the strategy that was tested, and where its lines stand."""
    if not isinstance(desk.bench, Bench) or not desk.bench.several:
        return desk.strategy, desk.place
    made, origin = desk.bench.asked(parameters)
    return made.__name__, place_of(made, origin)


def found_json(found: Surface, course: Course, judged: Judgement) -> dict[str, Any]:
    """Return what the event `completed` says of a sweep beside what it says of a backtest."""
    grid = course.searcher.grid

    def told(number: int | None) -> dict[str, Any] | None:
        row = row_of(found, grid, number)
        return row if row is None or number is None else row | judged.sets[number].to_json()

    return {
        "objective": course.objective,
        "sets": len(grid),
        "best": told(found.best),
        "best_robust": told(found.best_robust),
        "plateau": int(found.plateau.shape[0]),
        "beat_holding": int(np.count_nonzero(found.rows.above_holding > 0.5)),
        "overfitting": judged.overfitting.to_json(),
    }
