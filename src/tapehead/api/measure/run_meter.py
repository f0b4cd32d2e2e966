"""RunMeter: how long the runs of a service take, and the newest of them with where their time went."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tapehead.api.measure.metrics import Metrics
from tapehead.model.events import Cancelled, Completed, Event, Failed, Result, Tiled, numbers_of
from tapehead.model.result import RunId

NEWEST = 50
Level = Literal["small", "big"]
RunState = Literal["waiting", "running", "suspended", "completed", "failed", "cancelled"]
_STATES: Mapping[type[Event], RunState] = {Completed: "completed", Failed: "failed", Cancelled: "cancelled"}


@dataclass(slots=True)
class RunTimes:
    """Where the time of one run goes.

    Times are ms since it was asked for; `queued_ms` is how long it waited for a slot, `first_ms` and `last_ms` when its
    first and its newest result were there, None before that. `state` is `waiting`, `running`, `suspended` or how it
    ended. `stages` sums ms by stage, over all workers, once it has ended; `stages_bytes` is what each stage of the work
    on one instrument left in arrays, at most. `asked_at` is of the clock that watches it, 0 where none did.
    """

    run: RunId
    level: Level
    total: int
    asked_at: float = 0.0
    strategy: str = ""
    state: RunState = "waiting"
    queued_ms: float | None = None
    first_ms: float | None = None
    last_ms: float | None = None
    results: int = 0
    stages: Mapping[str, float] = field(default_factory=dict)
    stages_bytes: Mapping[str, int] = field(default_factory=dict)


class RunMeter:
    """Told of each run by the thread that drives it; read by any.

    Parameters
    ----------
    metrics : Metrics
    clock : callable
        Seconds, rising.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._lock = threading.Lock()
        self._going: dict[RunId, RunTimes] = {}
        self._ended: deque[RunTimes] = deque(maxlen=NEWEST)

    def queued(self, run: RunId, level: Level, total: int, strategy: str) -> None:
        """Note that a run waits for its turn."""
        with self._lock:
            self._going[run] = RunTimes(run, level, total, self._clock(), strategy)

    def begun(self, run: RunId) -> None:
        """Note that a run has its slot."""
        times = self._going.get(run)
        if times is None:
            return
        times.state = "running"
        times.queued_ms = self._since(times)
        self._metrics.observe("tapehead_run_queue_seconds", times.queued_ms / 1e3, times.level)

    def saw(self, run: RunId, event: Event) -> None:
        """Note an event of a run; it is in the log already."""
        times = self._going.get(run)
        if times is None:
            return
        if isinstance(event, Result | Tiled):
            many = numbers_of(event)
            times.results += many
            self._metrics.count("tapehead_results_total", times.level, by=many)
            times.last_ms = event.t_ms
            if times.first_ms is None:
                times.first_ms = event.t_ms
                self._metrics.observe("tapehead_run_first_result_seconds", event.t_ms / 1e3, times.level)
        elif isinstance(event, Completed | Failed | Cancelled):
            times.state = _STATES[type(event)]
            if times.last_ms is not None:
                self._metrics.observe("tapehead_run_last_result_seconds", times.last_ms / 1e3, times.level)

    def ended(
        self, run: RunId, stages: Mapping[str, float], held: Mapping[str, int], *, broke: bool = False
    ) -> RunTimes:
        """Note that nobody here works on a run any more; return its times."""
        with self._lock:
            times = self._going.pop(run, None) or RunTimes(run, "small", 0, self._clock())
            self._ended.append(times)
        if broke:
            times.state = "failed"
        elif times.state in ("waiting", "running"):
            times.state = "suspended"
        times.stages, times.stages_bytes = stages, held
        self._metrics.count("tapehead_runs_total", times.level, times.state)
        return times

    def newest(self) -> list[RunTimes]:
        """Return the runs that go on and the newest that ended, newest first."""
        with self._lock:
            found = [*self._ended, *self._going.values()]
        return sorted(found, key=_asked_at, reverse=True)[:NEWEST]

    def of(self, run: RunId) -> RunTimes | None:
        """Return the times of one of the newest runs."""
        with self._lock:
            return self._going.get(run) or next((each for each in reversed(self._ended) if each.run == run), None)

    def queued_s(self, run: RunId) -> float:
        """Return how long a run waited for its slot, so far (s); 0 where it is not known."""
        times = self.of(run)
        if times is None:
            return 0.0
        return (self._since(times) if times.queued_ms is None else times.queued_ms) / 1e3

    def _since(self, times: RunTimes) -> float:
        """Return the ms since a run was asked for."""
        return round((self._clock() - times.asked_at) * 1e3, 3)


def _asked_at(times: RunTimes) -> float:
    """Return what runs are ordered by."""
    return times.asked_at
