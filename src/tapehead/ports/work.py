"""What jobs ask of an executor."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tapehead.model.instrument import Series
from tapehead.model.result import RunId, RunResult
from tapehead.model.tile import Tile


class Task(NamedTuple):
    """One instrument and one tile [lo, hi) of a run's walk over its sets; its fields are an idempotent key.

    `points` are the sets of a sweep's tile, little-endian int64: their numbers in its space.
    """

    run: RunId
    series: Series
    lo: int
    hi: int
    points: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """What a task gives when all went well.

    `bars` were scored, `warnings` are (code, text) of this instrument, `stages_us` says where its time went,
    `stages_bytes` what each stage left in arrays. `trials` holds of each result how many bar returns it has, and their
    sums by block, shape (16, 4).
    """

    results: tuple[RunResult, ...]
    bars: int
    warnings: tuple[tuple[str, str], ...] = ()
    stages_us: Mapping[str, float] = field(default_factory=dict)
    stages_bytes: Mapping[str, int] = field(default_factory=dict)
    trials: tuple[tuple[int, NDArray[np.float64]], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a task of a sweep gives when all went well; the rest as in `Results`, `bars` counted for every cell."""

    tile: Tile
    bars: int
    warnings: tuple[tuple[str, str], ...] = ()
    stages_us: Mapping[str, float] = field(default_factory=dict)
    stages_bytes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed; the others go on."""

    code: str
    text: str


Outcome = Results | Scored | Failure
Done = TypeVar("Done")


class Cancel:
    """A flag that tasks and executors look at; set from any thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._watchers: list[Callable[[], object]] = []
        self.suspended = False

    def cancel(self) -> None:
        """Ask for the end; what is finished is kept."""
        self._event.set()
        for call in tuple(self._watchers):
            call()

    def suspend(self) -> None:
        """Ask for the end of this work, not of the run: another process will go on with it."""
        self.suspended = True
        self.cancel()

    @property
    def asked(self) -> bool:
        """Whether the end was asked for."""
        return self._event.is_set()

    def watch(self, call: Callable[[], object]) -> Callable[[], None]:
        """Have `call` called when the end is asked for, at once where it was; return the call that ends it.

        It may come twice, and from a signal handler, so it takes no lock.
        """
        self._watchers.append(call)
        if self.asked:
            call()

        def end() -> None:
            self._watchers.remove(call)

        return end


class Executor(Protocol):
    """Runs tasks side by side, by what `kind` names; `why` says for which reason these were chosen.

    `lost` tells, in words, of processes that ended in the middle of a task.
    """

    @property
    def kind(self) -> str:
        """`serial`, `threads` or `processes`; what runs most, where the choice is made on the way."""
        ...

    @property
    def why(self) -> str:
        """Why these were chosen."""
        ...

    @property
    def lost(self) -> Sequence[str]:
        """Processes that ended in the middle of a task; another one has done it, or it is a Failure."""
        ...

    workers: int

    def map(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done | Failure]]:
        """Yield each task with its outcome in order of completion, at most `in_flight` begun and not yet yielded.

        `work` is picklable and never raises. After `cancel` no further task begins; those begun are yielded, save those
        that processes are stopped in the middle of. The work of a run gives an Outcome; what the work of another job
        gives passes through as it is. A task that no process came to the end of is a Failure, whatever its work gives.
        """
        ...


@runtime_checkable
class Grouping(Protocol):
    """An executor that also tells of several tasks at once, where several have ended."""

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Iterable[Task], *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[Sequence[tuple[Task, Done | Failure]]]:
        """Yield what `Executor.map` does, in its order: each time what has ended by then, from 1 to `most` tasks.

        Nothing that has ended waits for what has not.
        """
        ...


@dataclass(frozen=True, slots=True)
class PoolStats:
    """A pool at one moment.

    `lanes` have tasks that wait or run, `small_lanes` of them are small; `waiting` and `running` count tasks now,
    `done` since the pool was made. `waited_s` is how long all begun tasks together waited for a thread, `busy_s` how
    long those that are done took.
    """

    workers: int
    lanes: int
    small_lanes: int
    waiting: int
    running: int
    done: int
    waited_s: float
    busy_s: float


class Pool(Protocol):
    """Threads that many runs share; `closed` once nothing more begins."""

    workers: int
    closed: bool

    def lane(self, tasks: int) -> Executor:
        """Return an executor for one run of about so many tasks; small runs go before big ones."""
        ...

    def stats(self) -> PoolStats:
        """Return what goes on now, and counts since the pool was made."""
        ...

    def close(self) -> None:
        """Begin nothing more."""
        ...
