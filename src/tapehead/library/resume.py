"""resume: a run that ended early goes on where it was left."""

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from typing import Any

from tapehead.errors import ChangedSinceError, HeldRunError, ResumeError, SurroundingsError, TapeheadError
from tapehead.jobs.backtest import go_on
from tapehead.jobs.drive import Numbered
from tapehead.jobs.pool import Pool, pool_of
from tapehead.library.begin import header_of, make_plan_of, prepare_work
from tapehead.library.begin_portfolio import resumed_portfolio
from tapehead.library.kept import kept_run
from tapehead.library.run import Run
from tapehead.library.start_sweep import resumed_sweep
from tapehead.library.sweep_run import SweepRun, reused_sweep
from tapehead.library.told_again import fail_run, reused
from tapehead.model.spec import RunKey, RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Executor
from tapehead.wiring.assemble import House
from tapehead.wiring.team import load_team, team_of


def resume(
    house: House,
    run: str,
    *,
    strategy: str | None = None,
    executor: str | Executor = "auto",
    workers: int | str | None = None,
    keep_failed: bool = False,
) -> Run:
    """Go on with a run by its whole id; see `Store.resume`.

    With `keep_failed` a run that cannot go on for what it is, and not for its surroundings, is kept as failed.
    """
    began = time.perf_counter()
    with ExitStack() as held:
        if not held.enter_context(house.runs.claim(run)):
            raise HeldRunError(run=house.runs.shortest(run))
        record = house.runs.record(run)
        _check_strategy(house, record, strategy)
        if record.state == "completed":
            return _completed(house, record)
        try:
            return _resumed(house, record, held, executor, workers, began, keep_failed=keep_failed)
        except SurroundingsError:
            raise
        except TapeheadError as error:
            if keep_failed:
                fail_run(house, run, error.code, str(error))
            raise


def _resumed(
    house: House,
    record: RunRecord,
    held: ExitStack,
    executor: str | Executor,
    workers: int | str | None,
    began: float,
    *,
    keep_failed: bool,
) -> Run:
    """Plan the run again, see that it is the same, and begin where it was left; the run takes over what is held."""
    spec, run = RunSpec.from_json(record.spec), record.run
    team = team_of(spec, record.origin)
    plan, pool = make_plan_of(house, spec, team, record.snapshot), Pool()
    if spec.portfolio is not None:
        plan, pool = pool_of(house.bars, plan)
    changed = _changed(record.key, plan.key, spec)
    if changed:
        raise ChangedSinceError(run=house.runs.shortest(run), changed=changed)
    ways: dict[str, Any] = {"executor": executor, "workers": workers, "keep_failed": keep_failed}
    if spec.grid is not None:
        return resumed_sweep(house, run, plan, team, held, _from_the_start, began, **ways).start()
    if spec.portfolio is not None:
        return resumed_portfolio(house, run, plan, pool, team, held, _from_the_start, began, **ways).start()
    work = prepare_work(house, plan, team, began=began, **ways)
    going = go_on(work.desk, plan, work.cancel, work.tally, run, held.pop_all())
    source = _from_the_start(reused(house, run), going)
    header = header_of(plan, team.members[0])
    return Run(house, spec, header, run=run, source=source, tally=work.tally, cancel=work.cancel).start()


def _check_strategy(house: House, record: RunRecord, strategy: str | None) -> None:
    """Raise ResumeError for a run of another strategy than the one that is named."""
    own = str(record.spec["strategy"])
    if strategy is None:
        return
    named = load_team(strategy.split(" + "))
    if (named.name, named.origin) != (own, record.origin):
        short = house.runs.shortest(record.run)
        step = f"Leave the strategy out: tapehead backtest --resume {short}"
        raise ResumeError(run=short, cause=f"it is a run of {own}, not of {strategy}", step=step)


def _completed(house: House, record: RunRecord) -> Run:
    """Return a run that needs no more work, which tells its events as they were."""
    kept = kept_run(house, record.run)
    if not house.log.last(record.run):
        short = house.runs.shortest(record.run)
        step = f"See its results: tapehead show {short}"
        raise ResumeError(run=short, cause="it is complete, and its events are not kept any more", step=step)
    if isinstance(kept, SweepRun):
        return SweepRun(
            house, kept.spec, kept.header, run=record.run, source=reused_sweep(house, record.run, kept.space)
        )
    return Run(house, kept.spec, kept.header, run=record.run, source=reused(house, record.run))


def _changed(old: RunKey, new: RunKey, spec: RunSpec) -> str:
    """Say which parts of a key are others; empty where none is."""
    words = {
        "spec": "what its settings mean",
        "strategy": f"the source of {spec.strategy}",
        "engine": "the engine, or Optuna," if spec.search == "bayes" else "the engine",
        "data": "the list of its instruments, or what is known of them,",
    }
    return " and ".join(words[name] for name, a, b in zip(RunKey._fields, old, new, strict=True) if a != b)


def _from_the_start(before: Iterator[Numbered], going: Generator[Numbered, None, None]) -> Iterator[Numbered]:
    """Begin to go on, then tell the events of before, and those that come."""
    with closing(going):
        first = next(going)
        for number, event in before:
            if number >= first[0]:
                break
            yield number, event
        yield first
        yield from going
