"""AutoExecutor: threads or processes, by what the first tasks show."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tapehead.executors.threads import ThreadExecutor
from tapehead.ports.work import Cancel, Done, Executor, Failure, Task

START_S: Final = 1.0
"""What starting the processes of a run costs, the modules and kernels of each one included (docs/decisions/023)."""
_AT_ONCE: Final = 2
"""Tasks side by side while they are looked at: enough to see how long one waits, whatever the number of workers."""
_UNSURE: Final = 2
"""So many first tasks may have waited for a compiler."""
_QUEUED: Final = Path("/proc/thread-self/schedstat")


class Look(NamedTuple):
    """What a task of so many cells took in a thread (s): of a processor, and waiting for others to let it go on."""

    cells: int
    cpu_s: float
    kept_s: float


class AutoExecutor:
    """`ports.work.Executor` that begins with threads and goes on with processes where that ends sooner.

    Python runs one thread of a process at a time, kernels run side by side. So the first tasks run in two threads and
    are looked at: `a` is the processor time of a cell where it took least, `g` the share of the interpreter that a task
    needs, which is twice the share of its time in which it was kept waiting for the other thread, time in the queue of
    the system aside. With `n` cells left and `w` workers, threads need n·a·max(g, 1/w), processes 1 s + n·a/w.
    Processes are taken where they save more than that second again. As soon as even g = 1 would save less, threads
    stay. The first two tasks say nothing of g: they may have waited for a compiler. The choice stands for every later
    `map`.

    Parameters
    ----------
    workers : int, at least 1
        Threads, or processes.
    cells : int
        The sum of `hi - lo` over the tasks of the first `map`: so many sets on so many instruments.
    processes : callable
        Makes the executor of processes, given workers and the reason.
    """

    def __init__(self, workers: int, cells: int, processes: Callable[[int, str], Executor]) -> None:
        self.workers = workers
        self.why = "not chosen yet: by what the first tasks show"
        self._left = cells
        self._processes = processes
        self._threads = ThreadExecutor(workers)
        self._chosen: Executor | None = None
        if workers == 1:
            self._stay("one worker")
        elif cells <= _UNSURE + 1:
            self._stay("too few tasks to look at some first")

    @property
    def kind(self) -> str:
        """What the tasks run in."""
        return "threads" if self._chosen is None else self._chosen.kind

    @property
    def lost(self) -> Sequence[str]:
        """Processes that were lost in the middle of a task, in words."""
        return () if self._chosen is None else self._chosen.lost

    def map(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done | Failure]]:
        """Yield each task with its outcome; see `ports.work.Executor.map`."""
        source = iter(tasks)
        if self._chosen is None:
            yield from self._look(work, source, cancel, in_flight)
        if self._chosen is not None:
            yield from self._chosen.map(work, source, cancel=cancel, in_flight=in_flight)

    def _look(
        self, work: Callable[[Task], Done], source: Iterator[Task], cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done]]:
        """Run tasks in threads, to the end or until processes are chosen."""
        looks: list[Look] = []

        def measured(task: Task) -> Done:
            if self._chosen is not None:
                return work(task)
            began, cpu, queued = time.perf_counter(), time.thread_time(), _queued_s()
            done = work(task)
            cpu_s = time.thread_time() - cpu
            kept_s = time.perf_counter() - began - cpu_s - (_queued_s() - queued)
            looks.append(Look(task.hi - task.lo, cpu_s, max(0.0, kept_s)))
            return done

        def here() -> Iterator[Task]:
            while self.kind == "threads" and (task := next(source, None)) is not None:
                yield task

        def room() -> int:
            return min(in_flight, _AT_ONCE) if self._chosen is None else in_flight

        for task, done in self._threads.map_within(measured, here(), cancel=cancel, room=room):
            self._left -= task.hi - task.lo
            if self._chosen is None and looks:
                self._choose(looks.copy())
            yield task, done

    def _choose(self, looks: list[Look]) -> None:
        """Choose, unless another look is worth it."""
        work_s = max(0, self._left) * min(look.cpu_s / max(look.cells, 1) for look in looks)
        by_processes = START_S + work_s / self.workers
        if work_s < by_processes + START_S:
            self._stay(f"about {work_s:.1f} s of work were left, and processes take {START_S:g} s to start")
        elif len(looks) > _UNSURE:
            kept, cpu = sum(look.kept_s for look in looks[_UNSURE:]), sum(look.cpu_s for look in looks[_UNSURE:])
            share = kept / max(kept + cpu, 1e-9)
            by_threads = work_s * max(min(2 * share, 1.0), 1 / self.workers)
            waited = f"of two threads each waited {share * 100:.0f} % of its time for the other"
            if by_threads > by_processes + START_S:
                self.why = f"{waited}; about {by_threads:.0f} s were left so, {by_processes:.0f} s in processes"
                self._chosen = self._processes(self.workers, self.why)
            else:
                self._stay(f"{waited}; processes would not be sooner")

    def _stay(self, why: str) -> None:
        """Go on with threads."""
        self.why = why
        self._chosen = self._threads


def _queued_s() -> float:
    """Return how long this thread was ready and had no processor; 0 where the system does not tell."""
    try:
        return int(_QUEUED.read_bytes().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
