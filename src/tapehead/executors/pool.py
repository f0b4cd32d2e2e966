"""FairPool: one set of threads for the tasks of many runs, which take turns."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Final, Generic, NamedTuple

from tapehead.errors import ParameterError, SurroundingsError
from tapehead.ports.work import Cancel, Done, PoolStats, Task

SMALL: Final = 64
"""A lane of at most so many tasks goes before bigger ones."""
BIG_TURN: Final = 8
"""Every so many turns one may belong to a big lane first, so that small ones never starve it."""


class _Raised(NamedTuple):
    """What a task raised although work never should."""

    error: BaseException


class _TakenBack:
    """Stands for the outcome of a task whose turn came after a cancel."""


_TAKEN_BACK: Final = _TakenBack()


class _Round(Generic[Done]):
    """One `map` of a lane: its waiting tasks, and where the outcomes go; a later round never meets them."""

    def __init__(self, work: Callable[[Task], Done], cancel: Cancel, *, small: bool) -> None:
        self.work = work
        self.cancel = cancel
        self.small = small
        self.waiting: deque[tuple[Task, float]] = deque()
        self.running = 0
        self.ended: SimpleQueue[tuple[Task, Done | _Raised | _TakenBack] | None] = SimpleQueue()
        """None wakes the reader, who sees that there was a cancel, or that the pool is closed."""

    def serve(self, task: Task) -> None:
        """Run one task in the thread of a worker; after a cancel none, though its reader has not taken it back yet."""
        if self.cancel.asked:
            self.ended.put((task, _TAKEN_BACK))
            return
        try:
            outcome: Done | _Raised = self.work(task)
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            outcome = _Raised(error)
        self.ended.put((task, outcome))


class FairPool:
    """Daemon threads that take tasks from lanes by turns. Safe from many threads.

    Small lanes, of at most 64 tasks, go before big ones, but every eighth turn belongs to a big one, where small tasks
    have taken as long since as the last big task did: one tile of a sweep may take as long as all of a small run. Lanes
    of a level take turns task by task.

    Parameters
    ----------
    workers : int, at least 1
        Threads for all lanes together. They start as tasks come, and end with `close`.
    clock : callable
        Seconds, rising.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.perf_counter) -> None:
        if workers < 1:
            raise ParameterError(name="workers", value=workers, bound="an integer of at least 1")
        self.workers = workers
        self.closed = False
        self._lock = threading.Condition()
        self._levels: dict[bool, deque[_Round]] = {True: deque(), False: deque()}  # type: ignore[type-arg]  # rounds of any kind
        self._rounds: set[_Round] = set()  # type: ignore[type-arg]  # rounds of any kind
        self._turns = self._threads = self._idle = 0
        self._waiting = self._running = self._done = 0
        self._waited_s = self._busy_s = 0.0
        self._clock = clock
        self._big_s = self._small_s = 0.0
        """What the last big task took, and small ones since a big lane had its turn."""

    def lane(self, tasks: int) -> "Lane":
        """Return an executor for one run of so many tasks; it costs nothing while nothing is mapped."""
        return Lane(self, small=tasks <= SMALL)

    def stats(self) -> PoolStats:
        """Return what goes on now, and counts since the pool was made."""
        with self._lock:
            active = [each for each in self._rounds if each.waiting or each.running]
            small = sum(each.small for each in active)
            tasks = (self._waiting, self._running, self._done)
            return PoolStats(self.workers, len(active), small, *tasks, self._waited_s, self._busy_s)

    def close(self) -> None:
        """Begin nothing more; who reads outcomes is told by SurroundingsError. Does not wait for tasks that run."""
        with self._lock:
            self.closed = True
            for each in self._rounds:
                each.ended.put(None)
            self._lock.notify_all()

    def enter(self, this: "_Round[Done]") -> None:
        """Let a round take part."""
        with self._lock:
            self._rounds.add(this)

    def leave(self, this: "_Round[Done]") -> None:
        """Take a round out, with its tasks that have not begun; what still runs of it is told to nobody."""
        with self._lock:
            self.withdraw(this)
            self._rounds.discard(this)

    def put(self, this: "_Round[Done]", task: Task) -> None:
        """Let a task wait for its turn."""
        with self._lock:
            if not this.waiting:
                self._levels[this.small].append(this)
            this.waiting.append((task, self._clock()))
            self._waiting += 1
            if self._waiting > self._idle and self._threads < self.workers:
                threading.Thread(target=self._serve, name=f"tapehead-pool-{self._threads}", daemon=True).start()
                self._threads += 1
            self._lock.notify()

    def withdraw(self, this: "_Round[Done]") -> int:
        """Take back the tasks of a round that have not begun; return how many."""
        with self._lock:
            count = len(this.waiting)
            if count:
                self._levels[this.small].remove(this)
                this.waiting.clear()
                self._waiting -= count
            return count

    def _serve(self) -> None:
        """Take tasks by turns until the pool is closed."""
        while True:
            with self._lock:
                while not self._waiting and not self.closed:
                    self._idle += 1
                    self._lock.wait()
                    self._idle -= 1
                if self.closed:
                    return
                this, task = self._next()
            began = self._clock()
            this.serve(task)
            with self._lock:
                took = self._clock() - began
                this.running -= 1
                self._running -= 1
                self._done += 1
                self._busy_s += took
                if this.small:
                    self._small_s += took
                else:
                    self._big_s = took

    def _next(self) -> "tuple[_Round, Task]":  # type: ignore[type-arg]  # rounds of any kind
        """Take the task whose turn it is; there is one."""
        self._turns += 1
        small_first = self._turns % BIG_TURN != 0 or self._small_s < self._big_s
        if not small_first:
            self._small_s = 0.0
        level = self._levels[small_first] or self._levels[not small_first]
        this = level.popleft()
        task, since = this.waiting.popleft()
        if this.waiting:
            level.append(this)
        this.running += 1
        self._waiting -= 1
        self._running += 1
        self._waited_s += self._clock() - since
        return this, task


class Lane:
    """`ports.work.Executor` over the threads of a pool, for the tasks of one run."""

    kind, why = "threads", "its pool is shared by all runs"
    lost: tuple[str, ...] = ()

    def __init__(self, pool: FairPool, *, small: bool) -> None:
        self.workers = pool.workers
        self._pool = pool
        self._small = small

    def map(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done]]:
        """Yield each task with its outcome in order of completion; see `ports.work.Executor.map` and `map_groups`."""
        for group in self.map_groups(work, tasks, cancel=cancel, in_flight=in_flight, most=1):
            yield from group

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[list[tuple[Task, Done]]]:
        """Yield what has ended, several at once where there are; see `ports.work.Grouping.map_groups`.

        A cancel takes back what waits, however long the turn of others lasts. Closing the iterator early leaves the
        tasks that have begun to end by themselves.

        Raises
        ------
        SurroundingsError
            The pool was closed before every task was done.
        """
        if in_flight < 1:
            raise ParameterError(name="in_flight", value=in_flight, bound="an integer of at least 1")
        pool = self._pool
        this = _Round(work, cancel, small=self._small)
        source, begun = iter(tasks), 0
        pool.enter(this)
        unwatch = cancel.watch(lambda: this.ended.put(None))
        try:
            while True:
                if cancel.asked:
                    begun -= pool.withdraw(this)
                while begun < in_flight and not cancel.asked and (task := next(source, None)) is not None:
                    pool.put(this, task)
                    begun += 1
                if begun == 0:
                    return
                if pool.closed and not cancel.asked:
                    raise SurroundingsError(
                        "The workers were stopped before the run was done. It goes on from there: "
                        "tapehead backtest --resume RUN"
                    )
                every = [this.ended.get()]
                while len(every) < most and not this.ended.empty():
                    every.append(this.ended.get())
                ended = [one for one in every if one is not None]
                begun -= len(ended)
                group = [(done, each) for done, each in ended if not isinstance(each, (_TakenBack, _Raised))]
                if group:
                    yield group
                for _, each in ended:
                    if isinstance(each, _Raised):
                        raise each.error
        finally:
            unwatch()
            pool.leave(this)
