"""ProcessExecutor: tasks side by side in processes of their own, for work that holds the interpreter."""

import itertools
import pickle
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Generic, NamedTuple

from tapehead.errors import ParameterError, SurroundingsError
from tapehead.executors.child import PROTOCOL, Setup, is_worker
from tapehead.executors.crew import CREW, Crew, LostWorkerError, Worker
from tapehead.ports.work import Cancel, Done, Failure, Task

GRACE_S: Final = 0.4
"""How long after a cancel tasks that have begun may still end; then their processes are killed."""
_TRIES: Final = 2
_CLOSED: Final = "The last store was closed while {instrument} was worked on. Keep it open until its runs have ended."
_numbers = itertools.count()


class _Raised(NamedTuple):
    """What a task raised although work never should, or why no process does it."""

    error: BaseException


class _Round(Generic[Done]):
    """One `map`: a thread a process, which asks it and waits."""

    def __init__(self, work: Callable[[Task], Done], cancel: Cancel, crew: Crew, lost: list[str]) -> None:
        self._waiting: SimpleQueue[Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.finished: SimpleQueue[tuple[Task, Done | Failure | _Raised | None] | None] = SimpleQueue()
        """None wakes the reader, who sees that there was a cancel."""
        self._setup = Setup(_folder(), tuple(sys.path), pickle.dumps(work, PROTOCOL))
        self._number = next(_numbers)
        self._cancel, self._crew, self._lost = cancel, crew, lost
        self._lock = threading.Lock()
        self._asked: set[Worker] = set()
        self._stopped = False

    def stop(self) -> None:
        """End what has begun, at once."""
        with self._lock:
            self._stopped = True
            for worker in self._asked:
                worker.kill()

    def put(self, task: Task, workers: int) -> None:
        """Let a task wait, with a thread for it where there are fewer than so many."""
        self._waiting.put(task)
        if len(self._threads) < workers:
            name = f"tapehead-process-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._serve, name=name, daemon=True))
            self._threads[-1].start()

    def close(self) -> None:
        """Wait until every process is given back; all tasks are done, or stopped."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        """Take tasks until told to stop; a task met after a cancel is handed back undone."""
        worker: Worker | None = None
        while (task := self._waiting.get()) is not None:
            outcome: Done | Failure | _Raised | None
            try:
                worker, outcome = self._done(worker, task)
            except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
                worker, outcome = None, _Raised(error)
            self.finished.put((task, outcome))
        if worker is not None:
            (self._crew.dismiss if self._stopped else self._crew.take_back)(worker)

    def _done(self, worker: Worker | None, task: Task) -> tuple[Worker | None, Done | Failure | None]:
        """Have a task done, by another process where the first one is lost; say by whom, None where it was not done.

        Raises LostWorkerError where the crew was closed meanwhile.
        """
        ends: list[str] = []
        while len(ends) < _TRIES:
            if self._cancel.asked or self._stopped:
                return worker, None
            worker = worker or self._crew.hire()
            try:
                outcome: Done = self._ask(worker, task)
                return worker, outcome
            except SurroundingsError as error:
                unwanted = worker.unwanted
                self._crew.dismiss(worker)
                worker = None
                if self._stopped:
                    return None, None
                if not isinstance(error, LostWorkerError):
                    raise
                if unwanted:
                    self.stop()
                    raise LostWorkerError(_CLOSED.format(instrument=task.series.instrument)) from None
                ends.append(str(error.facts["how"]))
                self._lost.append(f"the process that worked on {task.series.instrument} was lost: {ends[-1]}")
            except BaseException:
                self._crew.take_back(worker)
                raise
        text = f"{task.series.instrument}: no process came to the end of it: {', then '.join(ends)}."
        return None, Failure(LostWorkerError.code, f"{text} Fewer at a time need less memory: --workers 1")

    def _ask(self, worker: Worker, task: Task) -> Done:
        """Ask a process, which `stop` may kill meanwhile."""
        with self._lock:
            if self._stopped:
                worker.kill()
            self._asked.add(worker)
        try:
            done: Done = worker.ask(self._number, self._setup, task)
            return done
        finally:
            with self._lock:
                self._asked.discard(worker)


class ProcessExecutor:
    """`ports.work.Executor` over processes that stay warm for the next run of this process.

    They are started as tasks come, by `spawn`: fresh interpreters, since a fork would copy locks that other threads
    hold. What a task needs is pickled once a process; bars are not, each process reads them from the hot files.
    A task whose process is lost is done once more by another one; `lost` says which. After a cancel what has begun may
    end within 0.4 s, and is killed then.

    Parameters
    ----------
    workers : int, at least 1
        Processes of each `map`.
    """

    kind = "processes"

    def __init__(self, workers: int, why: str = "asked for", crew: Crew = CREW) -> None:
        if workers < 1:
            raise ParameterError(name="workers", value=workers, bound="an integer of at least 1")
        if is_worker():
            raise ParameterError(name="executor", value="processes", bound="threads or serial in a worker process")
        self.workers = workers
        self.why = why
        self._lost: list[str] = []
        self._crew = crew

    @property
    def lost(self) -> tuple[str, ...]:
        """Processes that were lost in the middle of a task, in words."""
        return tuple(self._lost)

    def map(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done | Failure]]:
        """Yield each task with its outcome in order of completion; see `ports.work.Executor.map`.

        Closing the iterator early kills the processes that are in the middle of a task.

        Raises
        ------
        SurroundingsError
            No process can be started.
        """
        for group in self.map_groups(work, tasks, cancel=cancel, in_flight=in_flight, most=1):
            yield from group

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[list[tuple[Task, Done | Failure]]]:
        """Yield what has ended, several at once where there are; see `ports.work.Grouping.map_groups` and `map`."""
        if in_flight < 1:
            raise ParameterError(name="in_flight", value=in_flight, bound="an integer of at least 1")
        this = _Round(work, cancel, self._crew, self._lost)
        source, begun, all_done = iter(tasks), 0, False
        unwatch = cancel.watch(lambda: this.finished.put(None))
        until = None
        try:
            while True:
                while begun < in_flight and not cancel.asked and (task := next(source, None)) is not None:
                    begun += 1
                    this.put(task, min(self.workers, begun))
                if begun == 0:
                    all_done = True
                    return
                if cancel.asked and until is None:
                    until = time.monotonic() + GRACE_S
                one = _next(this, until)
                if one is None:
                    continue
                ended = [one, *_others(this, most - 1)]
                begun -= len(ended)
                group = [(done, each) for done, each in ended if each is not None and not isinstance(each, _Raised)]
                if group:
                    yield group
                for _, each in ended:
                    if isinstance(each, _Raised):
                        raise each.error
        finally:
            unwatch()
            if not all_done:
                this.stop()
            this.close()


def _folder() -> str:
    """Return the folder this process is in; nothing where it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _next(this: _Round[Done], until: float | None) -> tuple[Task, Done | Failure | _Raised | None] | None:
    """Wait for the next task that ended; None where the reader was only woken. Past `until`, stop what goes on."""
    if until is None:
        return this.finished.get()
    try:
        return this.finished.get(timeout=max(0.0, until - time.monotonic()))
    except queue.Empty:
        this.stop()
        return this.finished.get()


def _others(this: _Round[Done], most: int) -> Iterator[tuple[Task, Done | Failure | _Raised | None]]:
    """Yield what else has ended by now; who alone reads the queue finds what it is not empty of."""
    while most > 0 and not this.finished.empty():
        one = this.finished.get()
        if one is not None:
            most -= 1
            yield one
