"""start_sweep: a sweep that was read to a SweepRun; one that is kept; one that goes on."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise

from tapehead.jobs.best_so_far import BestSoFar
from tapehead.jobs.drive import Numbered
from tapehead.jobs.plan import Plan
from tapehead.jobs.search.choose import searcher_of
from tapehead.jobs.search.race import rounds_of
from tapehead.jobs.search.searcher import Searcher
from tapehead.jobs.sweep import Course, go_on, sweep
from tapehead.jobs.tiles import Pace, count_tiles
from tapehead.library.begin import header_of, make_plan_of, prepare_work
from tapehead.library.run import Header
from tapehead.library.sweep_request import SweepRequest
from tapehead.library.sweep_run import SweepRun, reused_sweep
from tapehead.model.axis import Axis
from tapehead.model.space import Space, short_name
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Executor
from tapehead.wiring.assemble import House
from tapehead.wiring.team import Team

_LISTED = 4


def start_sweep(
    house: House,
    team: Team,
    request: SweepRequest,
    *,
    snapshot: int | None,
    fresh: bool,
    began: float,
    executor: str | Executor = "auto",
    workers: int | str | None = None,
    progress: Callable[..., None] | None = None,
    keep_failed: bool = False,
    tile: int | None = None,
) -> SweepRun:
    """Begin a sweep that was read, or return the equal run that is kept; see `begin_sweep`."""
    spec = request.spec
    plan = make_plan_of(house, spec, team, snapshot, progress, request.warm)
    kept = None if fresh else house.runs.find(plan.key)
    if kept is not None:
        return SweepRun(house, spec, _header(plan, team), run=kept, source=reused_sweep(house, kept, Space.of(spec)))
    course = make_course(spec, plan, team, tile)
    total = expected(spec, course.searcher, len(plan.items))
    work = prepare_work(house, plan, team, executor, workers, began, keep_failed=keep_failed, total=total)
    source = sweep(work.desk, plan, course, work.cancel, work.tally, team.origin)
    run = SweepRun(house, spec, _header(plan, team), source=source, tally=work.tally, cancel=work.cancel)
    run.tiles = _tiles(plan, course)
    return run


def make_course(spec: RunSpec, plan: Plan, team: Team, tile: int | None = None) -> Course:
    """Return what hands out the sets of a sweep; what is built in runs as machine code."""
    pace = Pace(measured=bool(team.origin), sets=tile)
    searcher = searcher_of(spec, len(plan.items))
    space, instruments = Space.of(spec), len(plan.items)
    sets = (spec.budget or 0) if spec.search == "bayes" else len(searcher.grid)
    leading = BestSoFar(space, sets, instruments)
    return Course(searcher, space, spec.objective, spec.search in ("bayes", "halving"), leading, pace)


def expected(spec: RunSpec, searcher: Searcher, instruments: int) -> int:
    """Return how many cells a sweep scores, at most."""
    if spec.search == "bayes":
        return (spec.budget or 0) * instruments
    sets = len(searcher.grid)
    if spec.search != "halving":
        return sets * instruments
    scored = before = 0
    for many, after in rounds_of(sets, instruments):
        scored += many * (after - before)
        before = after
    return scored


def kept_sweep(house: House, record: RunRecord) -> SweepRun:
    """Return a kept sweep."""
    spec = RunSpec.from_json(record.spec)
    return SweepRun(house, spec, lambda: _kept_header(house, record, spec), run=record.run)


def resumed_sweep(
    house: House,
    run: str,
    plan: Plan,
    team: Team,
    held: ExitStack,
    from_the_start: Callable[[Iterator[Numbered], Generator[Numbered, None, None]], Iterator[Numbered]],
    began: float,
    *,
    executor: str | Executor,
    workers: int | str | None,
    keep_failed: bool,
) -> SweepRun:
    """Go on with a sweep that was planned again; `from_the_start` tells the events of before in front of new ones."""
    spec = plan.spec
    course = make_course(spec, plan, team)
    total = expected(spec, course.searcher, len(plan.items))
    work = prepare_work(house, plan, team, executor, workers, began, keep_failed=keep_failed, total=total)
    going = go_on(work.desk, plan, course, work.cancel, work.tally, run, held.pop_all())
    source = from_the_start(reused_sweep(house, run, course.space), going)
    found = SweepRun(house, spec, _header(plan, team), run=run, source=source, tally=work.tally, cancel=work.cancel)
    found.tiles = _tiles(plan, course)
    return found


def _tiles(plan: Plan, course: Course) -> int:
    """Return in how many tiles a sweep is computed, as far as is known; bayes asks for as many sets as it may."""
    sets = (plan.spec.budget or 0) if plan.spec.search == "bayes" else len(course.searcher.grid)
    return count_tiles(plan.items, sets, course.pace)


def _header(plan: Plan, team: Team) -> Header:
    """Return what stands above the table of a sweep that begins."""
    return replace(header_of(plan, team.members[0]), strategy=words_of_sweep(plan.spec))


def _kept_header(house: House, record: RunRecord, spec: RunSpec) -> Header:
    """Return what stands above the table of a kept sweep, from the first tile of each instrument."""
    firsts = {part.instrument: part.lo for part in reversed(list(house.runs.tiles(record.run)))}
    tiles = [tile for name, lo in firsts.items() if (tile := house.runs.tile(record.run, name, lo)) and tile.bars]
    stamps = () if record.receipt is None else record.receipt.stamps
    first, last = min((each.first for each in tiles), default=0), max((each.last for each in tiles), default=0)
    bars = sum(each.bars for each in tiles)
    kept = (bars, record.snapshot, spec.adjust, stamps)
    return Header(words_of_sweep(spec), len(firsts), spec.interval, first, last, *kept)


def words_of_sweep(spec: RunSpec) -> str:
    """Return strategies and axes in words: `SmaCross fast=5:19 slow=30,40,50`."""
    space = Space.of(spec)
    said = []
    for part in space.parts:
        axes = [f"{axis.name}={axis_words(axis)}" for axis in part.axes if len(axis) > 1]
        fixed = [f"{name}={value}" for name, value in part.fixed.items()]
        fixed += [f"{axis.name}={axis.values[0]}" for axis in part.axes if len(axis) == 1]
        said.append(" ".join((short_name(part.strategy), *axes, *fixed)))
    return " + ".join(said)


def axis_words(axis: Axis) -> str:
    """Return the values of an axis as `--grid` takes them, shortened where they are many and uneven."""
    values = axis.values
    whole = [value for value in values if isinstance(value, int)]
    steps = {b - a for a, b in pairwise(whole)}
    if len(whole) == len(values) > 2 and len(steps) == 1:
        step = steps.pop()
        return f"{values[0]}:{values[-1]}" + (f":{step}" if step != 1 else "")
    if len(values) <= _LISTED:
        return ",".join(map(str, values))
    return f"{values[0]},{values[1]},…,{values[-1]}"
