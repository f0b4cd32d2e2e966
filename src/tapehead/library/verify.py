"""verify_here, verify_apart: make a kept run again, in this process or in a fresh one."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import Any

from tapehead.errors import TapeheadError
from tapehead.jobs.ask import ask_warm_up
from tapehead.jobs.plan import Code, make_plan
from tapehead.jobs.pool import Pool, pool_of
from tapehead.jobs.portfolio import made_again
from tapehead.jobs.task import Work
from tapehead.jobs.verify import DIFFERS, Verification, compare
from tapehead.library.course_of import course_of
from tapehead.library.lead import needs_of
from tapehead.library.ranking import warm_up_of_rank
from tapehead.library.verify_sweep import changed_since, verify_sweep
from tapehead.model.given_trades import IMPORTED
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec, canonical, run_digest
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Cancel, Failure, Results, Task
from tapehead.strategies.strategy import instance
from tapehead.wiring.assemble import House, make_executor
from tapehead.wiring.plugins import engine_digest, load_strategy
from tapehead.wiring.team import Team
from tapehead.wiring.worker import WorkerContext, prepare, work

_turns = itertools.count(1)


class VerificationError(TapeheadError, RuntimeError):
    """Run {run} could not be verified: {cause}; what is kept of it: `tapehead show {run}`."""

    code = "runs.verify"


def verify_apart(house: House, run: str) -> Verification:
    """Verify in a process of its own, which has seen nothing of the first computation."""
    # By the environment: a URL may hold a password, and words of a command are for all to see.
    settings = house.settings
    replicas = " ".join(settings.replicas)
    place = {"TAPEHEAD_HOME": settings.url or str(settings.home), "TAPEHEAD_REPLICAS": replicas}
    surroundings = {**os.environ, **place}
    surroundings.pop("TAPEHEAD_SERVER", None)
    command = [sys.executable, "-m", "tapehead", "--json", "verify", run]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    if done.returncode not in (0, 1) or not done.stdout:
        raise _failure(run, done.stderr.strip(), done.returncode)
    told = json.loads(done.stdout)
    names = ("run", "verdict", "compared", "digest", "first_difference")
    return Verification(**{name: told[name] for name in names}, changed=tuple(told["changed"]))


def _failure(run: str, said: str, code: int) -> VerificationError:
    """Return what a process that could not verify said: its last line, a document with its sentence."""
    try:
        return VerificationError(json.loads(said.splitlines()[-1])["text"], run=run)
    except (IndexError, KeyError, TypeError, ValueError):
        return VerificationError(run=run, cause=said.rstrip(".") or f"its process ended with {code}")


def _ended(state: str) -> str:
    """Return how a run that has no receipt ended; a killed one stays `running`."""
    return "not finished" if state == "running" else state


def verify_here(house: House, run: str) -> Verification:
    """Compute a run again from segments, with no cache between, and compare it with what is kept."""
    record = house.runs.record(run)
    if record.receipt is None:
        raise VerificationError(
            run=run, cause=f"it is {_ended(record.state)}, and only a completed run can be made again"
        )
    if record.origin == IMPORTED:
        raise VerificationError(run=run, cause="its trades were made elsewhere, by what nobody here can run again")
    spec = RunSpec.from_json(record.spec)
    if spec.grid is not None:
        return verify_sweep(house, record, record.receipt, spec)
    loaded = load_strategy(where_of(spec, record))
    warm = max(ask_warm_up(instance(loaded.made, spec.parameters), loaded.origin), warm_up_of_rank(spec.portfolio))
    code = Code(loaded.source, engine_digest())
    # Instruments by name: the members of a universe may have changed since.
    named = replace(spec, universe=None, symbols=tuple(record.receipt.segments))
    where = record.receipt.where
    team = Team((loaded,), (where_of(spec, record),))
    asked: dict[str, Any] = {"needs": needs_of(spec, team), "snapshot": record.snapshot, "where": where}
    plan = make_plan(house.bars, house.direct, named, code, warm=warm, **asked)
    pool = Pool()
    if spec.portfolio is not None:
        plan, pool = pool_of(house.bars, plan)
    context = WorkerContext(f"verify-{run}-{next(_turns)}", house.settings, plan, team.wheres, direct=True)
    tasks = [Task(run, item.series, 0, 1) for item in plan.items]
    bench = prepare(context, team)
    if spec.portfolio is not None:
        results, failed = made_again(course_of(bench, pool), run, tasks)
        made = {result.instrument: result for result in results}
    else:
        made, failed = _compute(house, partial(work, context), tasks)
    verdict, first = compare(_kept(house, run), made, failed)
    digest = run_digest(result.line() for result in made.values())
    if verdict != DIFFERS and digest != record.receipt.digest:
        verdict, first = DIFFERS, f"the digest was {record.receipt.digest}, is {digest}"
    spec_digest = hashlib.sha256(canonical(record.spec)).digest()
    changed = changed_since(record.key, plan.key._replace(spec=spec_digest), loaded.name)
    return Verification(run, verdict, len(made), digest, first, changed)


def _kept(house: House, run: str) -> dict[str, RunResult]:
    """Return every kept result with its trades, by instrument."""
    found: dict[str, RunResult] = {}
    cursor = None
    while True:
        page = house.runs.results(run, sort="instrument", cursor=cursor, limit=500)
        for row in page.rows:
            result = house.runs.result(run, row.instrument)
            found[row.instrument] = row if result is None else result
        cursor = page.cursor
        if cursor is None:
            return found


def where_of(spec: RunSpec, record: RunRecord) -> str:
    """Return what `load_strategy` takes to find the strategy of a kept run."""
    name = spec.strategy.rpartition(":")[2]
    return f"{record.origin}:{name}" if spec.strategy.partition(":")[0].endswith(".py") else spec.strategy


def _compute(house: House, run_one: Work, tasks: list[Task]) -> tuple[dict[str, RunResult], dict[str, str]]:
    """Run every task; return the results, and why others failed, by instrument."""
    executor = make_executor("threads", house.settings.workers)
    made: dict[str, RunResult] = {}
    failed: dict[str, str] = {}
    for task, outcome in executor.map(run_one, tasks, cancel=Cancel(), in_flight=2 * executor.workers):
        if isinstance(outcome, Failure):
            failed[task.series.instrument] = outcome.text
        elif isinstance(outcome, Results):
            made.update({result.instrument: result for result in outcome.results})
    return made, failed
