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
        if in_flight < 1:
            raise ParameterError(name="in_flight", value=in_flight, bound="an integer of at least 1")
        return self.map_within(work, tasks, cancel=cancel, room=lambda: (self.workers, in_flight))

    def map_within(
        self,
        work: Callable[[Task], Done],
        tasks: Iterable[Task],
        *,
        cancel: Cancel,
        room: Callable[[], tuple[int, int]],
    ) -> Iterator[tuple[Task, Done]]:
        """Yield as `map` does, `room` asked each time: how many threads, how many tasks begun and not yet yielded."""
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
                done, outcome = this.finished.get()
                begun -= 1
                if isinstance(outcome, _Raised):
                    raise outcome.error
                if outcome is not None:
                    yield done, outcome
        finally:
            this.closed = True
            for _ in range(started):
                this.waiting.put(None)
