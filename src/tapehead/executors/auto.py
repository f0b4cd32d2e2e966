"""AutoExecutor: threads or processes, by what the first tasks show."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from tapehead.executors.threads import ThreadExecutor
from tapehead.executors.watch import Watch
from tapehead.ports.work import Cancel, Done, Executor, Failure, Grouping, Task

START_S: Final = 1.5
"""What starting the processes of a run costs, the modules and kernels of each one included (docs/decisions/024)."""
_WORTH_S: Final = 0.5
"""What they must save beyond that."""
_AT_ONCE: Final = 2
"""Tasks side by side while they are looked at: enough to see how long one waits, whatever the number of workers."""
_UNSURE: Final = 2
"""So many first tasks may have waited for a compiler."""
_ENOUGH_S: Final = 0.02
"""A thread of plain Python lets another one in every 5 ms."""


class AutoExecutor:
    """`ports.work.Executor` that begins with threads and goes on with processes where that ends sooner.

    Python runs one thread of a process at a time, kernels run side by side. So the first tasks run in two threads and
    are watched: `a` is the processor time of a cell where it took least, `h` the share of the time in which a third
    thread finds the interpreter held. With `n` cells left and `w` workers, threads need n·a·max(h, 1/w), processes
    1.5 s + n·a/w. Processes are taken where they save half a second. As soon as even h = 1 would save less, threads
    stay. The first two tasks say nothing of h: they may have waited for a compiler. The choice stands for every later
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
        for group in self.map_groups(work, tasks, cancel=cancel, in_flight=in_flight, most=1):
            yield from group

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[Sequence[tuple[Task, Done | Failure]]]:
        """Yield what has ended, several at once where there are; see `ports.work.Grouping.map_groups`."""
        source = iter(tasks)
        if self._chosen is None:
            yield from self._look(work, source, cancel, in_flight, most)
        if isinstance(self._chosen, Grouping):
            yield from self._chosen.map_groups(work, source, cancel=cancel, in_flight=in_flight, most=most)
        elif self._chosen is not None:
            for one in self._chosen.map(work, source, cancel=cancel, in_flight=in_flight):
                yield [one]

    def _look(
        self, work: Callable[[Task], Done], source: Iterator[Task], cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[list[tuple[Task, Done]]]:
        """Run tasks in threads, to the end or until processes are chosen."""
        watch, done_so_far = Watch(), 0

        def watched(task: Task) -> Done:
            return work(task) if self._chosen is not None else watch.run(work, task)

        def here() -> Iterator[Task]:
            while self.kind == "threads" and (task := next(source, None)) is not None:
                yield task

        def room() -> tuple[int, int]:
            if self._chosen is not None:
                return self.workers, in_flight
            # One more than are at work, so that no thread waits while the outcome of another is kept.
            return _AT_ONCE, min(in_flight, _AT_ONCE + 1)

        watch.begin()
        try:
            for group in self._threads.groups_within(watched, here(), cancel=cancel, room=room, most=most):
                for task, _ in group:
                    self._left -= task.hi - task.lo
                    done_so_far += 1
                    if self._chosen is None:
                        self._choose(watch, done_so_far)
                        if self._chosen is not None:
                            watch.end()
                yield group
        finally:
            watch.end()

    def _choose(self, watch: Watch, tasks: int) -> None:
        """Choose, unless another look is worth it."""
        work_s = max(0, self._left) * watch.least_s
        by_processes = START_S + work_s / self.workers
        held, watched_s = watch.held()
        if work_s < by_processes + _WORTH_S:
            self._stay(f"about {work_s:.1f} s of work were left, and processes take {START_S:g} s to start")
        elif tasks == _UNSURE:
            watch.forget()
        elif tasks > _UNSURE and watched_s >= _ENOUGH_S:
            by_threads = work_s * max(held, 1 / self.workers)
            found = f"two threads held the interpreter {held * 100:.0f} % of the time"
            if by_threads > by_processes + _WORTH_S:
                self.why = f"{found}; about {by_threads:.0f} s were left so, {by_processes:.0f} s in processes"
                self._chosen = self._processes(self.workers, self.why)
            else:
                self._stay(f"{found}; processes would not be sooner")

    def _stay(self, why: str) -> None:
        """Go on with threads."""
        self.why = why
        self._chosen = self._threads
