"""TaskTimes: how long the tasks of a run waited and took, whatever ran them."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Generic, NamedTuple

from tapehead.ports.work import Cancel, Done, Executor, Failure, Grouping, Task


class Timed(NamedTuple, Generic[Done]):
    """What work gave, when it began and ended (s of `time.monotonic`, one for all processes), and processor time."""

    done: Done
    began: float
    ended: float
    cpu_s: float


def timed(work: Callable[[Task], Done], task: Task) -> Timed[Done]:
    """Run one task and time it, where it runs."""
    began, cpu = time.monotonic(), time.thread_time()
    done = work(task)
    return Timed(done, began, time.monotonic(), time.thread_time() - cpu)


class TaskTimes:
    """The clock of the tasks of one run.

    A task waits from when the executor takes it until its work begins; a process that is only starting counts as that.
    """

    def __init__(self) -> None:
        self._executor: Executor | None = None
        self._taken: dict[Task, float] = {}
        self._waits: list[float] = []
        self._took: list[float] = []
        self._cpu_s = 0.0
        self._failed = self._unfinished = 0
        self._first, self._last = math.inf, -math.inf

    def map(
        self,
        executor: Executor,
        work: Callable[[Task], Done],
        tasks: Iterable[Task],
        *,
        cancel: Cancel,
        in_flight: int,
    ) -> Iterator[tuple[Task, Done | Failure]]:
        """Yield what `executor.map` does, and time it."""
        self._executor = executor
        for task, told in executor.map(partial(timed, work), self._noted(tasks), cancel=cancel, in_flight=in_flight):
            yield task, self._read(task, told)

    def map_groups(
        self,
        executor: Executor,
        work: Callable[[Task], Done],
        tasks: Iterable[Task],
        *,
        cancel: Cancel,
        in_flight: int,
        most: int,
    ) -> Iterator[list[tuple[Task, Done | Failure]]]:
        """Yield what has ended each time, at most so many, and time it; of an executor without groups one at a time.

        So that there may be a group, as many more tasks than `in_flight` are begun.
        """
        self._executor = executor
        if most == 1 or not isinstance(executor, Grouping):
            for one in self.map(executor, work, tasks, cancel=cancel, in_flight=in_flight):
                yield [one]
            return
        ways: dict[str, Any] = {"cancel": cancel, "in_flight": in_flight + most, "most": most}
        for group in executor.map_groups(partial(timed, work), self._noted(tasks), **ways):
            yield [(task, self._read(task, told)) for task, told in group]

    def _read(self, task: Task, told: Timed[Any] | Failure) -> Any:
        """Count a task that ended, and return what its work gave."""
        taken = self._taken.pop(task)
        if isinstance(told, Failure):
            self._failed += 1
            self._unfinished += 1
            self._last = time.monotonic()
            return told
        self._waits.append(told.began - taken)
        self._took.append(told.ended - told.began)
        self._cpu_s += told.cpu_s
        self._failed += isinstance(told.done, Failure)
        self._last = max(self._last, told.ended)
        return told.done

    def _noted(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """Note when each task is taken."""
        for task in tasks:
            self._taken[task] = now = time.monotonic()
            self._first = min(self._first, now)
            yield task

    def to_json(self) -> dict[str, Any]:
        """Return what is told of the executor of a run: what it is and why, and how well it worked.

        `success_rate` is the share of tasks that gave a result. `task_ms` and `wait_ms` are the median and the 95th
        percentile (nearest rank) of a task's time and of its wait. `efficiency` is the processor time of all tasks over
        that of all workers from the first task taken to the last one ended: 1 where no worker ever waited. Figures that
        no task gave are left out, as is `lost` where no process was; nothing is told before the first `map`.
        """
        executor = self._executor
        if executor is None:
            return {}
        told: dict[str, Any] = {"kind": executor.kind, "workers": executor.workers, "why": executor.why}
        if executor.lost:
            told["lost"] = list(executor.lost)
        tasks = len(self._took) + self._unfinished
        if not self._took:
            return told
        wall_s = max(self._last - self._first, 1e-9)
        return {
            **told,
            "tasks": tasks,
            "failed": self._failed,
            "success_rate": round(1 - self._failed / tasks, 6),
            "task_ms": _middle_and_tail(self._took),
            "wait_ms": _middle_and_tail(self._waits),
            "busy_ms": round(sum(self._took) * 1e3, 3),
            "cpu_ms": round(self._cpu_s * 1e3, 3),
            "wall_ms": round(wall_s * 1e3, 3),
            "efficiency": round(self._cpu_s / (wall_s * executor.workers), 4),
        }


def _middle_and_tail(seconds: list[float]) -> dict[str, float]:
    """Return median and 95th percentile in ms, by nearest rank."""
    ordered = sorted(seconds)
    ranks = {"median": 0.5, "p95": 0.95}
    return {name: round(ordered[math.ceil(share * len(ordered)) - 1] * 1e3, 3) for name, share in ranks.items()}
