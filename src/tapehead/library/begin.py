"""begin: a backtest from what was asked to a Run that is read, and a Run of one that is kept."""

import itertools
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from tapehead.errors import TapeheadError
from tapehead.jobs.ask import place_of
from tapehead.jobs.backtest import backtest
from tapehead.jobs.drive import Desk
from tapehead.jobs.ledger import Counting
from tapehead.jobs.plan import Code, Plan, make_plan
from tapehead.jobs.probe import Asking
from tapehead.jobs.run_tally import Tally
from tapehead.library.lead import needs_of, warm_up_of
from tapehead.library.presets import resolved, stamp_of
from tapehead.library.request import read_request
from tapehead.library.run import Header, Run
from tapehead.library.told_again import reused
from tapehead.library.workforce import workforce
from tapehead.model.calendar import calendar
from tapehead.model.given_trades import IMPORTED
from tapehead.model.interval import Interval
from tapehead.model.preset import PREFIX
from tapehead.model.segment import SegmentRef
from tapehead.model.spec import RULE_KEYS, RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Cancel, Executor, Outcome, Task
from tapehead.simulation.lookahead import Probed
from tapehead.strategies.strategy import label
from tapehead.wiring.assemble import House
from tapehead.wiring.platform import platform_facts, version_facts, version_of
from tapehead.wiring.plugins import Loaded, engine_of, load_strategy
from tapehead.wiring.team import Team

_tokens = itertools.count(1)
_DAY = Interval.parse("1d")


def begin(
    house: House,
    strategy: str,
    asked: Mapping[str, Any],
    *,
    fresh: bool,
    executor: str | Executor = "auto",
    workers: int | str | None = None,
    progress: Callable[..., None] | None = None,
    keep_failed: bool = False,
) -> Run:
    """Begin what `Store.backtest` was asked for, or return the equal run that is kept."""
    began = time.perf_counter()
    strategy, stamps, asked = by_name(house, strategy, asked)
    loaded = load_strategy(strategy)
    house.get_ready()
    team = Team((loaded,), (strategy,))
    with house.planning():
        spec = read_request(house.bars, loaded, **asked)
        plan = make_plan_of(house, spec, team, asked["snapshot"], progress)
    plan = replace(plan, stamps=(*plan.stamps, *stamps))
    kept = None if fresh else house.runs.find(plan.key)
    if kept is not None:
        return Run(house, spec, header_of(plan, loaded), run=kept, source=reused(house, kept))
    work = prepare_work(house, plan, team, executor, workers, began, keep_failed=keep_failed)
    source = backtest(work.desk, plan, work.cancel, work.tally, loaded.origin)
    return Run(house, spec, header_of(plan, loaded), source=source, tally=work.tally, cancel=work.cancel)


def by_name(house: House, strategy: str, asked: Mapping[str, Any]) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    """Return what names the strategy, what to keep in mind of it, and what is asked with a preset's parameters."""
    if not isinstance(strategy, str) or not strategy.startswith(PREFIX):
        return strategy, (), asked
    own = {name: value for name, value in asked["others"].items() if name not in RULE_KEYS}
    where, parameters = resolved(house, strategy, {**own, **(asked["parameters"] or {})})
    return where, stamp_of(house, strategy), {**asked, "parameters": parameters}


def kept_backtest(house: House, run: str, record: RunRecord) -> Run:
    """Return a kept backtest by its whole id."""
    spec = RunSpec.from_json(record.spec)
    return Run(house, spec, lambda: _kept_header(house, run, spec, record), run=run)


def make_plan_of(
    house: House,
    spec: RunSpec,
    team: Team,
    snapshot: int | None,
    progress: Callable[..., None] | None = None,
    warm: int | None = None,
) -> Plan:
    """Plan a run with the code that is here now; `warm` is what its strategies want, where that is known."""
    warm = warm_up_of(spec, team) if warm is None else warm
    code = Code(team.source, engine_of(spec.search, version_of("optuna") if spec.search == "bayes" else ""))
    needs = needs_of(spec, team)
    return make_plan(house.bars, house.shelf, spec, code, warm=warm, needs=needs, snapshot=snapshot, progress=progress)


class Work(NamedTuple):
    """What drives a run: who works on it and where it is kept, its counts, and the way to stop it."""

    desk: Desk
    tally: Tally
    cancel: Cancel


def prepare_work(
    house: House,
    plan: Plan,
    team: Team,
    executor: str | Executor,
    workers: int | str | None,
    began: float,
    *,
    keep_failed: bool,
    total: int | None = None,
) -> Work:
    """Make ready what drives a run; `executor` may be one that is there already.

    `total` is how many results are expected, where that is not one an instrument.
    """
    # Here, so that a run that is only shown does not wait for what computes one.
    from tapehead.wiring.worker import WorkerContext, prepare, probe, work

    tally, cancel = Tally(began, len(plan.items) if total is None else total), Cancel()
    tally.spend("plan", (time.perf_counter() - began) * 1e6)
    made = workforce(house.settings, executor, workers, cells=tally.total, compiled=not team.origin)
    context = WorkerContext(f"{os.getpid()}-{next(_tokens)}", house.settings, plan, team.wheres)
    bench = prepare(context, team, cancel)

    def work_of(run: str) -> Callable[[Task], Outcome]:
        return partial(work, replace(context, run=run))

    def probe_of(asking: Asking) -> Callable[[Task], Probed]:
        return partial(probe, context, asking)

    first = team.members[0]
    named = (first.made.__name__, place_of(first.made, first.origin))
    optuna = {"optuna": version_of("optuna")} if plan.spec.search == "bayes" else {}
    facts = ({**version_facts(), **optuna}, platform_facts())
    counting = Counting(house.trials, plan, {each.name: each.source for each in team.members})
    ends = (*named, _degraded(house), *facts, keep_failed, bench)
    desk = Desk(house.bars, house.runs, house.log, house.trials, counting, made, work_of, probe_of, *ends)
    return Work(desk, tally, cancel)


def header_of(plan: Plan, loaded: Loaded) -> Header:
    """Return what stands above the table of a run that begins; bars at its borders are not read yet, but estimated."""
    bars = sum(_rows_between(ref, plan.first, plan.last) for item in plan.items for ref in item.refs)
    interval = Interval.parse(plan.spec.interval)
    words = label(loaded.made, plan.spec.parameters)
    first, last = plan.first, plan.last - interval.us
    clocks = {item.instrument.calendar for item in plan.items}
    kept = (bars, plan.snapshot, plan.spec.adjust, plan.stamps, *_year_of(clocks, interval))
    return Header(words, len(plan.items), interval.text, first, last, *kept)


def _year_of(calendars: Collection[str], interval: Interval) -> tuple[float | None, float | None]:
    """Return how many bars and how many days make a year; None where calendars differ."""
    if len(calendars) != 1:
        return None, None
    clock = calendar(*calendars)
    return clock.periods_a_year(interval), clock.periods_a_year(_DAY)


def _rows_between(ref: SegmentRef, first: int, last: int) -> int:
    """Return how many rows of a segment open in [first, last), as if they were spread evenly."""
    if ref.first >= first and ref.last < last:
        return ref.rows
    inside = min(ref.last, last) - max(ref.first, first)
    return round(ref.rows * max(inside, 0) / max(ref.last - ref.first, 1))


def _kept_header(house: House, run: str, spec: RunSpec, record: RunRecord) -> Header:
    """Return what stands above the table of a kept run, from its results."""
    rows: list[Any] = []
    cursor = None
    while True:
        page = house.runs.results(run, sort="instrument", cursor=cursor, limit=500)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    words = _kept_label(spec, record)
    first, last = min((r.first for r in rows), default=0), max((r.last for r in rows), default=0)
    stamps = () if record.receipt is None else record.receipt.stamps
    names = {r.instrument for r in rows}
    clocks = {one.calendar for one in house.bars.instruments() if one.name in names}
    year = _year_of(clocks, Interval.parse(spec.interval))
    kept = (sum(r.bars for r in rows), record.snapshot, spec.adjust, stamps, *year)
    return Header(words, len(rows), spec.interval, first, last, *kept)


def _kept_label(spec: RunSpec, record: RunRecord) -> str:
    """Return the strategy with its parameters, in its own order where its code is still here."""
    from tapehead.library.verify import where_of

    if record.origin == IMPORTED:
        return spec.strategy
    try:
        made = load_strategy(where_of(spec, record)).made
        return label(made, {param.name: spec.parameters[param.name] for param in made.params})
    except (TapeheadError, KeyError):
        named = " ".join(f"{name}={value}" for name, value in spec.parameters.items())
        return f"{spec.strategy.rpartition(':')[2]} {named}".strip()


def _degraded(house: House) -> Callable[[], tuple[str, ...]]:
    """Return a call that tells what works worse than it should."""
    return lambda: tuple(tier.degraded for tier in house.tiers() if tier.degraded)
