"""service: one open store behind HTTP: runs begun, queued, driven to their ends and told."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from tapehead.api.hub import Hub
from tapehead.api.measure.context import working_for
from tapehead.api.measure.measure import Measure
from tapehead.api.measure.stages import spend, stage
from tapehead.api.queue import SMALL, Entry, Queue
from tapehead.database.asker import asked_by
from tapehead.errors import LostRunError, ServiceError, SuspendedRunError, TapeheadError, UnknownStrategyError
from tapehead.library.cancel_left import cancel_left
from tapehead.library.keys import now_us
from tapehead.library.run import Header, Run
from tapehead.library.store import Store
from tapehead.model.events import Progress
from tapehead.model.preset import PREFIX
from tapehead.model.result import RunId
from tapehead.model.space import STRATEGY
from tapehead.ports.work import Cancel, Done, Failure, Grouping, Pool, Task
from tapehead.wiring.assemble import make_pool
from tapehead.wiring.plugins import BUILT_IN, load_strategy, strategy_names

log = logging.getLogger("tapehead.runs")

SLOTS = 16
WAITING = 1024
RECOVER_EVERY_S = 2.0
PRUNE_EVERY_S = 3600.0
KEPT_RUNS = 1000
"""The newest runs keep their events however old they are."""
_DAY_US = 86_400_000_000
ENDING_S = 10.0


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that was asked for, what stands above its table, and whether an equal one that is kept answers."""

    run: RunId
    key: str
    reused: bool
    total: int
    spec: Mapping[str, Any]
    header: Header


@dataclass(slots=True, eq=False)
class _Lane:
    """An executor whose lane in the pool is taken when the number of tasks is known."""

    pool: Pool
    tasks: int = 0
    workers: int = field(init=False)
    kind: str = "threads"
    why: str = "a service shares its threads among all runs"
    lost: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take the pool's number of workers."""
        self.workers = self.pool.workers

    def map(
        self, work: Callable[[Task], Done], tasks: Any, *, cancel: Cancel, in_flight: int
    ) -> Iterator[tuple[Task, Done | Failure]]:
        """Run the tasks in a lane of their own; a small run hands over all at once.

        Else its lane would be empty while it keeps a result, and the workers would begin tiles of a sweep meanwhile,
        each of which takes as long as all of a small run.
        """
        yield from self.pool.lane(self.tasks).map(work, tasks, cancel=cancel, in_flight=self._handed(in_flight))

    def map_groups(
        self, work: Callable[[Task], Done], tasks: Any, *, cancel: Cancel, in_flight: int, most: int
    ) -> Iterator[Sequence[tuple[Task, Done | Failure]]]:
        """Run the tasks as `map` does, and tell what has ended, several at once where there are."""
        lane, handed = self.pool.lane(self.tasks), self._handed(in_flight)
        if isinstance(lane, Grouping):
            yield from lane.map_groups(work, tasks, cancel=cancel, in_flight=handed, most=most)
            return
        for one in lane.map(work, tasks, cancel=cancel, in_flight=handed):
            yield [one]

    def _handed(self, in_flight: int) -> int:
        """Return how many tasks the lane is handed at once."""
        return max(in_flight, self.tasks) if self.tasks <= SMALL else in_flight


class Service:
    """Everything a request can ask for that outlives it. Safe from many threads.

    Parameters
    ----------
    store : Store
        Open, and left open by `close`.
    workers : int
        Threads of the pool that all runs share; 0 means one a processor.
    slots : int
        Runs that go on at once.
    event_days : int
        How long events of completed runs can be replayed; results and receipts stay.
    """

    def __init__(
        self, store: Store, *, workers: int = 0, slots: int = SLOTS, waiting: int = WAITING, event_days: int = 90
    ) -> None:
        self.store = store
        self.house = store.house
        self.pool = make_pool(workers or self.house.settings.workers)
        self.hub = Hub(self.house.log, self.active)
        self.queue = Queue(slots, waiting, self._moved)
        self.measure = Measure(self)
        self._entries: dict[RunId, Entry] = {}
        self._lock = threading.Lock()
        self._resuming = threading.Lock()
        self._slots = slots
        self._event_us = event_days * _DAY_US
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self.warm = threading.Event()
        """Set once the kernels are loaded, so that the first run waits for nothing."""

    def open(self) -> None:
        """Begin to drive runs, first of all those that a process which died has left."""
        for number in range(self._slots):
            self._start(self._drive, f"tapehead-run-{number}")
        self._start(self._load, "tapehead-warm")
        self._start(self._recover, "tapehead-recover")

    def close(self, grace_s: float = 5.0) -> None:
        """Let nothing further begin and stop what goes on; it stays `running` and is finished by the next service."""
        self._stopping.set()
        self.queue.close()
        with self._lock:
            entries = list(self._entries.values())
        for entry in entries:
            entry.run.suspend()
            if self.queue.leave(entry):
                entry.run.close()
        for thread in self._threads:
            thread.join(grace_s)
        self.pool.close()

    @property
    def draining(self) -> bool:
        """Whether the service is about to end."""
        return self._stopping.is_set() or self.hub.draining

    def begin(self, strategies: Sequence[str], asked: Mapping[str, Any], *, fresh: bool = False) -> Begun:
        """Plan a run and log that it started, or return the equal one that is kept; a sweep where a grid is asked for.

        A portfolio where `portfolio` is.

        Raises
        ------
        TapeheadError
            Of bad input, before anything is written; `queue.full` where too many wait.
        """
        if self.draining:
            raise ServiceError("The service is about to end. Try again when it is back.", code="service.draining")
        check_installed(self.store, strategies)
        self.queue.room()
        lane = _Lane(self.pool)
        ways: dict[str, Any] = {"executor": lane, "fresh": fresh, "keep_failed": True}
        with stage("plan"):
            if "grid" in asked:
                run: Run = self.store.sweep(strategies, workers=self.pool.workers, **ways, **asked)
            elif "portfolio" in asked:
                rest = {name: value for name, value in asked.items() if name != "portfolio"}
                run = self.store.portfolio(strategies[0], **ways, **asked["portfolio"], **rest)
            else:
                run = self.store.backtest(strategies[0], **ways, **asked)
        if run.kept:
            return _begun(run, reused=True)
        lane.tasks = run.tasks
        self._enter(run)
        return _begun(run, reused=False)

    def resume(self, run_id: RunId, *, left: bool = False) -> None:
        """Go on with a run that was left or cancelled; nothing where it goes on already.

        With `left` only with one that is still `running`, not with one that was cancelled meanwhile.

        One that is just ending here is waited for, so that a wish to go on right after a cancel is not lost.

        Raises
        ------
        TapeheadError
            `runs.busy`: it has not ended within ENDING_S; else what `Store.resume` raises.
        """
        with self._lock:
            entry = self._entries.get(run_id)
        if entry is not None and not self._is_over(entry):
            return
        if entry is not None and not entry.ended.wait(ENDING_S):
            text = f"Run {run_id} is being ended. Try again soon: POST /api/v1/runs/{run_id}/resume"
            raise ServiceError(text, code="runs.busy")
        # One at a time: the second of two that want the same run finds it going on.
        with self._resuming:
            if self.active(run_id) or (left and self.house.runs.record(run_id).state != "running"):
                return
            lane = _Lane(self.pool)
            run = self.store.resume(run_id, executor=lane, keep_failed=True)
            if not run.kept:
                lane.tasks = run.tasks
                self._enter(run)

    def cancel(self, run_id: RunId) -> bool:
        """End a run, its finished results kept; False where it has ended already.

        One that nobody works on is ended too: it was left, and would else be taken up again.

        Raises
        ------
        HeldRunError
            Another process works on it.
        """
        if self._is_cancelled_here(run_id):
            return True
        # Not while it is being taken up: it is either cancelled before, or goes on here by then.
        with self._resuming:
            return self._is_cancelled_here(run_id) or cancel_left(self.house, run_id)

    def _is_cancelled_here(self, run_id: RunId) -> bool:
        """Cancel a run that waits or goes on here; False of any other."""
        with self._lock:
            entry = self._entries.get(run_id)
        if entry is None:
            return False
        entry.cancelled = True
        entry.run.cancel()
        if self.queue.leave(entry):
            # It holds no slot yet, and its end is quick: it need not wait for one.
            self._start(lambda: self._finish(entry), f"tapehead-cancel-{run_id}")
        return True

    def wait(self, run_id: RunId, timeout_s: float) -> bool:
        """Wait for the end of a run that goes on here; False after `timeout_s`."""
        with self._lock:
            entry = self._entries.get(run_id)
        if entry is None:
            return True
        began = time.perf_counter()
        ended = entry.ended.wait(timeout_s)
        waited_s, queued_s = time.perf_counter() - began, self.measure.runs.queued_s(run_id)
        spend("queue", min(queued_s, waited_s))
        spend("run", max(waited_s - queued_s, 0.0))
        return ended

    def header(self, run_id: RunId) -> Header:
        """Return what stands above the table of a run; of one that goes on here, as it was planned."""
        with self._lock:
            entry = self._entries.get(run_id)
        return self.store.run(run_id).header if entry is None else entry.run.header

    def active(self, run_id: RunId) -> bool:
        """Say whether a run waits or goes on here."""
        with self._lock:
            return run_id in self._entries

    def _is_over(self, entry: Entry) -> bool:
        """Say whether nothing further is computed of a run that still has its slot."""
        return entry.cancelled or self.house.runs.record(entry.run.id).state != "running"

    def _enter(self, run: Run) -> None:
        """Log that the run started and let it wait for its turn."""
        entry = Entry(run, run.total)
        with self._lock:
            self._entries[run.id] = entry
        self.measure.runs.queued(run.id, entry.level, entry.total, run.spec.strategy)
        log.info("run asked for", extra={"run": run.id, "size": entry.level, "total": entry.total})
        self.queue.put(entry)

    def _moved(self, entry: Entry) -> None:
        """Tell a run's watchers its place in the queue."""
        if entry.place:
            self._tell_place(entry, entry.place)

    def _tell_place(self, entry: Entry, place: int | None) -> None:
        """Log the place of a run that waits, None once its turn has come; a log that cannot be written stops no run."""
        event = Progress(entry.run.id, 0, entry.total, 0, 0.0, queued=place)
        with contextlib.suppress(TapeheadError):
            self.house.log.append(entry.run.id, [event])

    def _drive(self) -> None:
        """Take entries and run them to their ends, one after another."""
        while (entry := self.queue.take()) is not None:
            self.measure.runs.begun(entry.run.id)
            entry.run.spend("queue", self.measure.runs.queued_s(entry.run.id) * 1e3)
            if entry.waited:
                self._tell_place(entry, None)
            self._finish(entry)

    def _finish(self, entry: Entry) -> None:
        """Run one entry to its end, for the request that asked for it."""
        entry.context.run(self._work, entry)

    def _work(self, entry: Entry) -> None:
        """Take the events of a run as they come; they are in the log by themselves."""
        run, meter = entry.run, self.measure.runs
        broke = False
        # The request may not wait long for a database; the run does.
        with working_for(run=run.id), asked_by(patience_s=None):
            try:
                for _, event in run.events():
                    meter.saw(run.id, event)
            except (LostRunError, SuspendedRunError) as error:
                # Whoever reaches the store goes on with it: this service or another one.
                log.warning("run left", extra={"code": error.code, "why": str(error)})
            except Exception:
                broke = True
                log.exception("run broke")
                self._fail(run)
            finally:
                # Before it is let go: whoever resumes it then begins to measure anew.
                times = meter.ended(run.id, run.timings, run.memory, broke=broke)
                log.info("run %s", times.state, extra={"results": times.results, "duration_ms": times.last_ms})
                with self._lock:
                    self._entries.pop(run.id, None)
                self.queue.done(entry)
                entry.ended.set()

    def _fail(self, run: Run) -> None:
        """Keep that a run broke; where even that cannot be kept it stays `running`, and is taken up again later."""
        try:
            run.fail("internal", "Tapehead itself broke; the service's log tells where.")
        except Exception:
            # The thread goes on: others wait for it.
            log.exception("run could not be marked as failed")

    def _load(self) -> None:
        """Load the kernels that every run calls, by running a few made-up bars in memory."""
        from tapehead.api.rehearsal import rehearse

        rehearse()
        self.warm.set()

    def _recover(self) -> None:
        """Finish runs that nobody alive works on, at once and whenever another process dies; let old events go."""
        told: set[tuple[RunId, str]] = set()
        installed = _installed()
        pruned_s = float("-inf")
        while True:
            try:
                self._take_up(installed, told)
                if time.monotonic() - pruned_s >= PRUNE_EVERY_S:
                    pruned_s = time.monotonic()
                    self._prune()
            except Exception:
                # A store that cannot be read now is asked again: with this thread gone no run would ever be taken up.
                log.exception("runs could not be looked after")
            if self._stopping.wait(RECOVER_EVERY_S):
                return

    def _prune(self) -> None:
        """Let go of events that are too old to be asked for."""
        gone = self.house.log.prune(before=now_us() - self._event_us, keep=KEPT_RUNS, stop=self._stopping.is_set)
        if gone:
            log.info("events pruned", extra={"entries": gone})

    def _take_up(self, installed: set[str], told: set[tuple[RunId, str]]) -> None:
        """Go on with every run that nobody alive works on; say once why one cannot be."""
        for run_id in self.house.runs.unfinished():
            spec = self.house.runs.record(run_id).spec
            if not installed.issuperset(spec.get("grid", {}).get(STRATEGY, [spec["strategy"]])):
                # Its code is somebody's file: who began it goes on with it, by `tapehead backtest --resume`.
                continue
            try:
                self.resume(run_id, left=True)
            except TapeheadError as error:
                if (run_id, error.code) not in told:
                    told.add((run_id, error.code))
                    facts = {"run": run_id, "code": error.code, "why": str(error)}
                    log.warning("run cannot be finished", extra=facts)

    def _start(self, work: Callable[[], None], name: str) -> None:
        """Start a thread of the service."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        with self._lock:
            # Those that cancelled something end by themselves, and would else be remembered for ever.
            self._threads = [*(each for each in self._threads if each.is_alive()), thread]
            thread.start()


def _begun(run: Run, *, reused: bool) -> Begun:
    """Return what is told of a run that was asked for."""
    record = run.record
    return Begun(run.id, record.key.digest().hex(), reused, run.total, record.spec, run.header)


def _installed() -> set[str]:
    """Return what runs call the strategies that are installed here; one that does not load is left out."""
    found = set()
    for name in strategy_names():
        with contextlib.suppress(TapeheadError):
            found.add(load_strategy(name).name)
    return found


def check_installed(store: Store, strategies: Sequence[str]) -> None:
    """Raise UnknownStrategyError for what is not installed here, and for a preset of such a strategy."""
    for asked in strategies:
        name = store.preset(asked).strategy if asked.startswith(PREFIX) else asked
        if name not in BUILT_IN and name not in strategy_names() and name not in _installed():
            # Code runs on this machine: a path or a module would be somebody else's.
            close = get_close_matches(asked, strategy_names(), 1)
            hint = f" Did you mean '{close[0]}'?" if close else " Over HTTP only those that are installed run."
            raise UnknownStrategyError(name=asked, hint=hint)
