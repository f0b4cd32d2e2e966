"""ThreadExecutor: tasks side by side in threads; kernels release the GIL."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Generic, NamedTuple

from tapehead.errors import ParameterError
from tapehead.ports.work import Cancel, Done, Task


class _Raised(NamedTuple):
    """What a task raised although work never should."""

    error: BaseException


class _Round(Generic[Done]):
    """The queues of one `map`; workers hold it, so a later round never meets tasks of an earlier one."""

    def __init__(self, work: Callable[[Task], Done], cancel: Cancel) -> None:
        self.work = work
        self.cancel = cancel
        self.closed = False
        self.waiting: SimpleQueue[Task | None] = SimpleQueue()
        self.finished: SimpleQueue[tuple[Task, Done | _Raised | None]] = SimpleQueue()

    def serve(self) -> None:
        """Take tasks until told to stop; a task met after a cancel is handed back undone."""
        while (task := self.waiting.get()) is not None:
            if self.closed:
                return
            if self.cancel.asked:
                self.finished.put((task, None))
                continue
            try:
                outcome: Done | _Raised = self.work(task)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                outcome = _Raised(error)
            self.finished.put((task, outcome))


class ThreadExecutor:
    """`ports.work.Executor` over daemon threads, which never hold up the end of the interpreter.

    Parameters
    ----------
    workers : int, at least 1
        Threads of each `map`; they end with it.
    why : str
        Why these were chosen, as it is told.
    """

    kind = "threads"

    def __init__(self, workers: int, why: str = "asked for") -> None:
        if workers < 1:
            raise ParameterError(name="workers", value=workers, bound="an integer of at least 1")
        self.workers = workers
        self.why = why
        self.lost: tuple[str, ...] = ()

    def map(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done]]:
        """Yield each task with its outcome in order of completion; see `ports.work.Executor.map`.

        Closing the iterator early stops the workers after the tasks that they have begun.
        """
        for group in self.map_groups(work, tasks, cancel=cancel, in_flight=in_flight, most=1):
            yield from group

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[list[tuple[Task, Done]]]:
        """Yield what has ended, several at once where there are; see `ports.work.Grouping.map_groups`."""
        if in_flight < 1:
            raise ParameterError(name="in_flight", value=in_flight, bound="an integer of at least 1")
        return self.groups_within(work, tasks, cancel=cancel, room=lambda: (self.workers, in_flight), most=most)

    def groups_within(
        self,
        work: Callable[[Task], Done],
        tasks: Iterable[Task],
        *,
        cancel: Cancel,
        room: Callable[[], tuple[int, int]],
        most: int,
    ) -> Iterator[list[tuple[Task, Done]]]:
        """Yield as `map_groups`, `room` asked each time: how many threads, how many tasks begun and not yet yielded."""
        this = _Round(work, cancel)
        source, begun, started = iter(tasks), 0, 0
        try:
            while True:
                while begun < room()[1] and not cancel.asked and (task := next(source, None)) is not None:
                    this.waiting.put(task)
                    begun += 1
                    if started < min(room()[0], begun):
                        threading.Thread(target=this.serve, name=f"tapehead-{started}", daemon=True).start()
                        started += 1
                if begun == 0:
                    return
                ended = [this.finished.get()]
                while len(ended) < most and not this.finished.empty():
                    ended.append(this.finished.get())
                begun -= len(ended)
                group = [(done, each) for done, each in ended if each is not None and not isinstance(each, _Raised)]
                if group:
                    yield group
                for _, each in ended:
                    if isinstance(each, _Raised):
                        raise each.error
        finally:
            this.closed = True
            for _ in range(started):
                this.waiting.put(None)
