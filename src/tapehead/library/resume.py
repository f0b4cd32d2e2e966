"""resume: a run that ended early goes on where it was left."""

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing

from tapehead.errors import ChangedSinceError, HeldRunError, ResumeError, SurroundingsError, TapeheadError
from tapehead.jobs.backtest import Numbered, go_on
from tapehead.library.begin import header_of, kept_run, make_plan_of, prepare_work
from tapehead.library.run import Run, fail_run, reused
from tapehead.library.verify import where_of
from tapehead.model.spec import RunKey, RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Executor
from tapehead.wiring.assemble import House
from tapehead.wiring.plugins import load_strategy


def resume(
    house: House,
    run: str,
    *,
    strategy: str | None = None,
    executor: str | Executor = "threads",
    workers: int | None = None,
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
    workers: int | None,
    began: float,
    *,
    keep_failed: bool,
) -> Run:
    """Plan the run again, see that it is the same, and begin where it was left; the run takes over what is held."""
    spec = RunSpec.from_json(record.spec)
    where = where_of(spec, record)
    loaded = load_strategy(where)
    plan = make_plan_of(house, spec, loaded, record.snapshot)
    changed = _changed(record.key, plan.key, loaded.name)
    if changed:
        raise ChangedSinceError(run=house.runs.shortest(record.run), changed=changed)
    work = prepare_work(house, plan, where, loaded, executor, workers, began, keep_failed=keep_failed)
    going = go_on(work.desk, plan, work.cancel, work.tally, record.run, held.pop_all())
    source = _from_the_start(house, record.run, going)
    made = Run(
        house, spec, header_of(plan, loaded), run=record.run, source=source, tally=work.tally, cancel=work.cancel
    )
    return made.start()


def _check_strategy(house: House, record: RunRecord, strategy: str | None) -> None:
    """Raise ResumeError for a run of another strategy than the one that is named."""
    own = str(record.spec["strategy"])
    if strategy is None:
        return
    named = load_strategy(strategy)
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
    return Run(house, kept.spec, kept.header, run=record.run, source=reused(house, record.run))


def _changed(old: RunKey, new: RunKey, strategy: str) -> str:
    """Say which parts of a key are others; empty where none is."""
    words = {
        "spec": "what its settings mean",
        "strategy": f"the source of {strategy}",
        "engine": "the engine",
        "data": "the list of its instruments, or what is known of them,",
    }
    return " and ".join(words[name] for name, a, b in zip(RunKey._fields, old, new, strict=True) if a != b)


def _from_the_start(house: House, run: str, going: Generator[Numbered, None, None]) -> Iterator[Numbered]:
    """Begin to go on, then tell the events of before, and those that come."""
    with closing(going):
        first = next(going)
        for number, event in reused(house, run):
            if number >= first[0]:
                break
            yield number, event
        yield first
        yield from going
