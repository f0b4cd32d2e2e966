"""Measure: everything one service says of itself, in one place."""

import shutil
import threading
import time
from collections.abc import Iterator
from typing import Protocol

from tapehead.api.measure.connections import look_at, readings
from tapehead.api.measure.log_lines import dropped_lines
from tapehead.api.measure.loop_watch import LoopWatch
from tapehead.api.measure.metrics import Metrics, Reading
from tapehead.api.measure.process import process_facts
from tapehead.api.measure.readiness import Found, Readiness
from tapehead.api.measure.requests import Traffic
from tapehead.api.measure.run_meter import RunMeter
from tapehead.model.result import RunId
from tapehead.ports.runs import Rows
from tapehead.ports.work import Pool
from tapehead.wiring.assemble import House
from tapehead.wiring.platform import version_facts


class Streams(Protocol):
    """What is asked of the hub; both are counted on the event loop and read by any thread."""

    streams: int
    sent: int


class Queued(Protocol):
    """What is asked of the queue."""

    def counts(self) -> dict[str, int]:
        """Return how many wait on the levels `small` and `big`, how many are `active`, how many more have `room`."""
        ...


class Measured(Protocol):
    """What is asked of the service."""

    house: House
    warm: threading.Event

    @property
    def pool(self) -> Pool:
        """Return the threads that compute."""
        ...

    @property
    def hub(self) -> Streams:
        """Return what follows runs."""
        ...

    @property
    def queue(self) -> Queued:
        """Return what orders runs."""
        ...

    @property
    def draining(self) -> bool:
        """Whether the service ends."""
        ...


class Measure:
    """Metrics, readiness and timings of one service.

    Parameters
    ----------
    service : Measured
        What is looked at; house, pool, hub and queue are there already.
    """

    def __init__(self, service: Measured) -> None:
        self.service = service
        self.house, self.pool, self.hub, self.queue = service.house, service.pool, service.hub, service.queue
        self.metrics = Metrics(self._readings)
        self.runs = RunMeter(self.metrics)
        self.traffic = Traffic()
        self.loop = LoopWatch(self._late)
        others = {
            "database": lambda: look_at(self.house.pools()),
            "pool": self._pool,
            "queue": self._queue,
            "kernels": self._kernels,
        }
        self.readiness = Readiness(self.house, others, lambda: service.draining)
        self.lag_s = 0.0
        self._began = time.monotonic()
        self._unlisten = self.house.log.listen(self._committed)

    def open(self) -> None:
        """Begin to watch the running loop."""
        self.loop.open()

    def close(self) -> None:
        """End; from the loop."""
        self.loop.close()
        self.readiness.close()
        self._unlisten()

    @property
    def up_s(self) -> float:
        """Since the service was made (s)."""
        return time.monotonic() - self._began

    def _late(self, seconds: float) -> None:
        """Note how late the loop woke."""
        self.lag_s = seconds
        self.metrics.observe("tapehead_loop_lag_seconds", seconds)

    def _committed(self, _run: RunId, _last: int, _rows: Rows) -> None:
        """Count a commit of events; in the thread that committed, of which there may be several at once."""
        self.metrics.count("tapehead_log_commits_total")

    def _pool(self) -> Found:
        """Look at the pool."""
        stats = self.pool.stats()
        if self.pool.closed:
            return "down", "its threads are stopped"
        return "ok", f"{stats.running} of {stats.workers} threads compute, {stats.waiting} tasks wait"

    def _queue(self) -> Found:
        """Look at the queue."""
        counts = self.queue.counts()
        waiting = counts["small"] + counts["big"]
        if not counts["room"]:
            return "degraded", f"full: {waiting} runs wait, the next is refused"
        return "ok", f"{counts['active']} runs go on, {waiting} wait"

    def _kernels(self) -> Found:
        """Look whether the kernels are loaded."""
        return ("ok", "loaded") if self.service.warm.is_set() else ("degraded", "being loaded; the first run waits")

    def _readings(self) -> Iterator[Reading]:
        """Yield what is read when somebody asks."""
        yield Reading("tapehead_build_info", 1, (version_facts()["tapehead"],))
        yield Reading("tapehead_up_seconds", self.up_s)
        yield Reading("tapehead_draining", float(self.service.draining))
        yield Reading("tapehead_log_lines_dropped_total", dropped_lines())
        yield from self._edge()
        yield from self._work()
        yield from self._store()
        yield from self._process()

    def _edge(self) -> Iterator[Reading]:
        """Yield what requests and streams do."""
        yield Reading("tapehead_requests_open", self.traffic.open)
        yield Reading("tapehead_sent_bytes_total", self.traffic.plain_bytes, ("plain",))
        yield Reading("tapehead_sent_bytes_total", self.traffic.stream_bytes, ("stream",))
        yield Reading("tapehead_streams_open", self.hub.streams)
        yield Reading("tapehead_events_sent_total", self.hub.sent)
        yield Reading("tapehead_route_threads_busy", self.loop.busy)
        yield Reading("tapehead_route_threads_waiting", self.loop.waiting)

    def _work(self) -> Iterator[Reading]:
        """Yield what queue and pool do."""
        counts, pool = self.queue.counts(), self.pool.stats()
        yield Reading("tapehead_queue_waiting", counts["small"], ("small",))
        yield Reading("tapehead_queue_waiting", counts["big"], ("big",))
        yield Reading("tapehead_queue_active", counts["active"])
        yield Reading("tapehead_pool_workers", pool.workers)
        yield Reading("tapehead_pool_waiting_tasks", pool.waiting)
        yield Reading("tapehead_pool_running_tasks", pool.running)
        yield Reading("tapehead_pool_tasks_total", pool.done)
        yield Reading("tapehead_pool_wait_seconds_total", pool.waited_s)
        yield Reading("tapehead_pool_busy_seconds_total", pool.busy_s)

    def _store(self) -> Iterator[Reading]:
        """Yield what the tiers and the disk hold."""
        for tier in self.house.tiers():
            name = (tier.name,)
            yield Reading("tapehead_tier_hits_total", tier.hits, name)
            yield Reading("tapehead_tier_misses_total", tier.misses, name)
            yield Reading("tapehead_tier_hit_seconds_total", tier.hit_s, name)
            yield Reading("tapehead_tier_miss_seconds_total", tier.miss_s, name)
            yield Reading("tapehead_tier_bytes", tier.size_bytes, name)
            yield Reading("tapehead_tier_limit_bytes", tier.limit_bytes, name)
            yield Reading("tapehead_tier_degraded", float(bool(tier.degraded)), name)
        yield from readings(self.house.pools())
        yield Reading("tapehead_disk_free_bytes", shutil.disk_usage(self.house.settings.home).free)

    def _process(self) -> Iterator[Reading]:
        """Yield what the operating system knows of this process."""
        facts = process_facts()
        if facts.resident_bytes is not None:
            yield Reading("tapehead_process_resident_bytes", facts.resident_bytes)
        if facts.open_files is not None:
            yield Reading("tapehead_process_open_files", facts.open_files)
        yield Reading("tapehead_process_cpu_seconds_total", facts.cpu_s)
        yield Reading("tapehead_process_threads", facts.threads)
