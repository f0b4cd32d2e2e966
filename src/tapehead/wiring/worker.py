"""work: what an executor calls; finds the store and the strategy again wherever it wakes up."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

import numpy as np

from tapehead.database.asker import asked_by
from tapehead.errors import DatabaseAwayError, StrategyFileError, TapeheadError
from tapehead.jobs.plan import Plan
from tapehead.jobs.probe import Asking, run_probe
from tapehead.jobs.task import Bench, run_task
from tapehead.jobs.tile import run_tile
from tapehead.ports.work import Cancel, Failure, Outcome, Task
from tapehead.settings import Settings
from tapehead.simulation.lookahead import Probed
from tapehead.simulation.survey import survey
from tapehead.wiring.assemble import assemble
from tapehead.wiring.team import Team, load_team


@dataclass(frozen=True, slots=True, eq=False)
class WorkerContext:
    """What the tasks of one run need, in a form that travels between processes.

    `token` is unique to the run; `strategies` are what `load_strategy` takes, more than one of a sweep over several;
    `direct` reads segments without a cache. `run` is what the tasks are of, as far as it has a name.
    """

    token: str
    settings: Settings
    plan: Plan
    strategies: tuple[str, ...]
    direct: bool = False
    run: str = ""


_PAUSE_S = 0.2
_KEPT = 8
"""Benches that a process made for runs of others, so that a few can be worked on by turns."""
_lock = threading.Lock()
_benches: OrderedDict[str, Bench] = OrderedDict()
_own: WeakValueDictionary[str, Bench] = WeakValueDictionary()
"""Benches of runs that this process drives; each run holds its own, however many go on."""


def work(context: WorkerContext, task: Task) -> Outcome:
    """Run one task, a tile where it names sets; never raises."""
    with asked_by(run=context.run, strategy=context.plan.spec.strategy):
        try:
            bench = _found(context.token) or _elsewhere(context)
        except TapeheadError as error:
            return Failure(error.code, str(error))
        return run_tile(bench, task) if task.points else run_task(bench, task)


def probe(context: WorkerContext, asking: Asking, task: Task) -> Probed:
    """Test one instrument for look-ahead; never raises."""
    with asked_by(run=context.run, strategy=context.plan.spec.strategy):
        try:
            bench = _found(context.token) or _elsewhere(context)
        except TapeheadError as error:
            return Probed(refused=str(error))
        return run_probe(bench, asking, task)


def prepare(context: WorkerContext, team: Team | None = None, cancel: Cancel | None = None) -> Bench:
    """Make the bench of a run, once a process; `team` are its strategies where the caller has loaded them.

    `cancel` ends what the caller drives, who holds the bench that is returned as long as the run lives; a worker
    elsewhere has none.

    Numba's machinery is loaded here (0.15 to 0.4 s, once a process), so that it stands before the run begins and not
    between its start and its first row.

    Raises
    ------
    StrategyFileError
        The strategy's source is no longer the one that the plan names.
    """
    with _lock:
        bench = _found(context.token)
        if bench is None:
            bench = _make(context, team or load_team(context.strategies), cancel or Cancel())
            if cancel is not None:
                _own[context.token] = bench
                return bench
            _benches[context.token] = bench
            while len(_benches) > _KEPT:
                _benches.popitem(last=False)
    return bench


def _elsewhere(context: WorkerContext) -> Bench:
    """Make the bench in a process that drives no run: hot files, whose pages all share, and no memory tier."""
    lean = replace(context, settings=replace(context.settings, memory_tier_bytes=0))
    end = time.monotonic() + context.settings.pool.outage_s
    with asked_by(role="worker"):
        while True:
            try:
                return prepare(lean)
            except DatabaseAwayError:
                # A store that is open waits by itself; this one is to be opened while its server is away.
                if time.monotonic() >= end:
                    raise
            time.sleep(_PAUSE_S)


def _found(token: str) -> Bench | None:
    """Return the bench of a run that is there already."""
    return _own.get(token) or _benches.get(token)


def _make(context: WorkerContext, team: Team, cancel: Cancel) -> Bench:
    """Make the bench of a run; load Numba's machinery."""
    if team.source != context.plan.key.strategy:
        cause = "it changed after the run was planned"
        raise StrategyFileError(path=" or ".join(context.strategies), cause=cause)
    house = assemble(context.settings)
    items = {item.series: item for item in context.plan.items}
    shelf = house.direct if context.direct else house.shelf
    survey(np.zeros(1, np.uint8))
    first = team.members[0]
    return Bench(context.plan, items, first.made, first.origin, shelf, cancel, team.several)
