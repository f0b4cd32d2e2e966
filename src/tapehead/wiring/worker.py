"""work: what an executor calls; finds the store and the strategy again wherever it wakes up."""

import threading
from dataclasses import dataclass

from tapehead.jobs.plan import Plan
from tapehead.jobs.task import Bench, run_task
from tapehead.ports.work import Outcome, Task
from tapehead.settings import Settings
from tapehead.wiring.assemble import assemble
from tapehead.wiring.plugins import load_strategy


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


_lock = threading.Lock()
_bench: dict[str, Bench] = {}


def work(context: WorkerContext, task: Task) -> Outcome:
    """Run one task; never raises."""
    return run_task(_bench_of(context), task)


def _bench_of(context: WorkerContext) -> Bench:
    """Return the bench of a run, made once a process."""
    bench = _bench.get(context.token)
    if bench is None:
        with _lock:
            bench = _bench.get(context.token)
            if bench is None:
                house = assemble(context.settings)
                made = load_strategy(context.strategy).made
                items = {item.series: item for item in context.plan.items}
                tiers = house.direct if context.direct else house.tiers
                bench = Bench(context.plan, items, made, context.origin, tiers)
                _bench.clear()
                _bench[context.token] = bench
    return bench
