"""work: what an executor calls; finds the store and the strategy again wherever it wakes up."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from tapehead.errors import StrategyFileError, TapeheadError
from tapehead.jobs.plan import Plan
from tapehead.jobs.probe import Asking, run_probe
from tapehead.jobs.task import Bench, run_task
from tapehead.ports.work import Cancel, Failure, Outcome, Task
from tapehead.settings import Settings
from tapehead.simulation.lookahead import Probed
from tapehead.simulation.survey import survey
from tapehead.wiring.assemble import assemble
from tapehead.wiring.plugins import Loaded, load_strategy


@dataclass(frozen=True, slots=True, eq=False)
class WorkerContext:
    """What the tasks of one run need, in a form that travels between processes.

    `token` is unique to the run; `strategy` is what `load_strategy` takes; `direct` reads segments without a cache.
    """

    token: str
    settings: Settings
    plan: Plan
    strategy: str
    origin: str
    direct: bool = False


_KEPT = 8
"""Benches a process holds, so that a few runs can be read by turns."""
_lock = threading.Lock()
_benches: OrderedDict[str, Bench] = OrderedDict()


def work(context: WorkerContext, task: Task) -> Outcome:
    """Run one task; never raises."""
    try:
        bench = _benches.get(context.token) or prepare(context)
    except TapeheadError as error:
        return Failure(error.code, str(error))
    return run_task(bench, task)


def probe(context: WorkerContext, asking: Asking, task: Task) -> Probed:
    """Test one instrument for look-ahead; never raises."""
    try:
        bench = _benches.get(context.token) or prepare(context)
    except TapeheadError as error:
        return Probed(refused=str(error))
    return run_probe(bench, asking, task)


def prepare(context: WorkerContext, loaded: Loaded | None = None, cancel: Cancel | None = None) -> Bench:
    """Make the bench of a run, once a process; `loaded` is the strategy where the caller has loaded it.

    `cancel` ends what the caller has begun; a worker elsewhere has none.

    Numba's machinery is loaded here (0.15 to 0.4 s, once a process), so that it stands before the run begins and not
    between its start and its first row.

    Raises
    ------
    StrategyFileError
        The strategy's source is no longer the one that the plan names.
    """
    with _lock:
        bench = _benches.get(context.token)
        if bench is None:
            found = loaded or load_strategy(context.strategy)
            if found.source != context.plan.key.strategy:
                raise StrategyFileError(path=context.strategy, cause="it changed after the run was planned")
            house = assemble(context.settings)
            items = {item.series: item for item in context.plan.items}
            shelf = house.direct if context.direct else house.shelf
            made = Bench(context.plan, items, found.made, context.origin, shelf, cancel or Cancel())
            bench = _benches[context.token] = made
            while len(_benches) > _KEPT:
                _benches.popitem(last=False)
            survey(np.zeros(1, np.uint8))
    return bench
