"""begin_portfolio: a portfolio as it is asked for to a Run that is read; one that goes on; one made again."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from tapehead.errors import ParameterError
from tapehead.jobs.drive import Numbered
from tapehead.jobs.plan import Plan
from tapehead.jobs.pool import Pool, pool_of
from tapehead.jobs.portfolio import go_on, portfolio
from tapehead.jobs.universes import select
from tapehead.library.account_tables import read_given, tables_of
from tapehead.library.begin import Work, by_name, header_of, make_plan_of, prepare_work
from tapehead.library.course_of import course_of
from tapehead.library.ranking import ranking_of
from tapehead.library.request import read_request
from tapehead.library.run import Run
from tapehead.library.told_again import reused
from tapehead.model.given import GivenWeights
from tapehead.model.pooling import read_pooling
from tapehead.model.spec import RunSpec, iso
from tapehead.ports.work import Executor
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import Loaded, load_strategy
from tapehead.wiring.team import Team


def read_portfolio(house: House, loaded: Loaded, asked: Mapping[str, Any], pooling: Mapping[str, Any]) -> RunSpec:
    """Return what was asked, with every name resolved and every value checked; raise for what does not fit."""
    tables = tables_of(pooling)
    own = read_pooling({**pooling, **dict.fromkeys(tables)})
    ranking_of(own)
    spec = read_request(house.bars, loaded, **{**asked, "others": _sized(asked["others"], own.max_positions)})
    if tables:
        snapshot = asked["snapshot"]
        chosen = select(house.bars, spec.universe, spec.symbols, snapshot)
        own = replace(own, **read_given(tables, house.bars.instruments(snapshot), chosen, spec.rules))
    if own.settle == "T+1" and spec.rules.leverage > 1.0:
        raise ParameterError(name="settle", value="T+1", bound="T+0 with a leverage above 1, which borrows anyway")
    if spec.rules.path == "both":
        raise ParameterError(
            name="path", value="both", bound="pessimistic, optimistic or ohlc: an account has one past"
        )
    return replace(spec, portfolio=own)


def _check_reach(plan: Plan) -> None:
    """Raise ParameterError for given weights of which none counts before the bars end."""
    given = plan.spec.portfolio.weights if plan.spec.portfolio is not None else ""
    if isinstance(given, GivenWeights) and given.rows[0][0] >= plan.last:
        bound = f"rows of which one counts before the bars end, {iso(plan.last)}"
        raise ParameterError(name="weights", value=f"first time {iso(given.rows[0][0])}", bound=bound)


def _sized(others: Mapping[str, Any], most: int | None) -> Mapping[str, Any]:
    """Return the settings with one share a place where no size is asked for: the first would else have all cash."""
    if most is None or others.get("size") is not None or others.get("sizing") is not None:
        return others
    return {**others, "size": 1.0 / most}


def begin_portfolio(
    house: House,
    strategy: str,
    asked: Mapping[str, Any],
    pooling: Mapping[str, Any],
    *,
    fresh: bool,
    executor: str | Executor = "auto",
    workers: int | str | None = None,
    progress: Callable[..., None] | None = None,
    keep_failed: bool = False,
) -> Run:
    """Begin what `Store.portfolio` was asked for, or return the equal run that is kept."""
    began = time.perf_counter()
    if executor == "processes":
        raise ParameterError(name="executor", value=executor, bound="auto, serial or threads: all signals meet in one")
    strategy, stamps, asked = by_name(house, strategy, asked)
    loaded = load_strategy(strategy)
    house.get_ready()
    spec = read_portfolio(house, loaded, asked, pooling)
    team = Team((loaded,), (strategy,))
    plan, pool = pool_of(house.bars, make_plan_of(house, spec, team, asked["snapshot"], progress))
    plan = replace(plan, stamps=(*plan.stamps, *stamps))
    _check_reach(plan)
    kept = None if fresh else house.runs.find(plan.key)
    if kept is not None:
        return Run(house, spec, header_of(plan, loaded), run=kept, source=reused(house, kept))
    work = _work(house, plan, team, executor, workers, began, keep_failed=keep_failed)
    source = portfolio(work.desk, plan, course_of(work.desk.bench, pool), work.cancel, work.tally, loaded.origin)
    return Run(house, spec, header_of(plan, loaded), source=source, tally=work.tally, cancel=work.cancel)


def _work(
    house: House,
    plan: Plan,
    team: Team,
    executor: str | Executor,
    workers: int | str | None,
    began: float,
    *,
    keep_failed: bool,
) -> Work:
    """Make ready what drives a portfolio: threads, since all signals meet here; one result more, for the account."""
    total, kind = len(plan.items) + 1, "threads" if executor in ("auto", "processes") else executor
    return prepare_work(house, plan, team, kind, workers, began, keep_failed=keep_failed, total=total)


def resumed_portfolio(
    house: House,
    run: str,
    plan: Plan,
    pool: Pool,
    team: Team,
    held: ExitStack,
    from_the_start: Callable[..., Iterator[Numbered]],
    began: float,
    *,
    workers: int | str | None,
    keep_failed: bool,
    executor: str | Executor = "auto",
) -> Run:
    """Begin a portfolio anew that ended early."""
    work = _work(house, plan, team, executor, workers, began, keep_failed=keep_failed)
    going = go_on(work.desk, plan, course_of(work.desk.bench, pool), work.cancel, work.tally, run, held.pop_all())
    source = from_the_start(reused(house, run), going)
    return Run(
        house, plan.spec, header_of(plan, team.members[0]), run=run, source=source, tally=work.tally, cancel=work.cancel
    )
