"""catalogue: every metric there is, with kind and labels; the unit is in the name, as Prometheus wants it."""

from typing import Literal, NamedTuple


class Described(NamedTuple):
    """One metric: `kind` as Prometheus knows it, `bounds` the upper bounds of a histogram's buckets."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    text: str
    bounds: tuple[float, ...] = ()


_REQUEST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RUN_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
_LAG_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)

CATALOGUE = (
    Described("tapehead_build_info", "gauge", ("version",), "1, labelled with the version that runs."),
    Described("tapehead_up_seconds", "gauge", (), "Since the service was opened."),
    Described("tapehead_draining", "gauge", (), "1 while the service ends."),
    Described(
        "tapehead_request_seconds", "histogram", ("route", "method", "status"),
        "From a request's arrival to the end of its answer; of a stream, to its first byte.", _REQUEST_S,
    ),
    Described("tapehead_requests_open", "gauge", (), "Requests whose answer has not ended, streams included."),
    Described("tapehead_sent_bytes_total", "counter", ("kind",), "Bodies sent, before the connection's own layers."),
    Described(
        "tapehead_run_first_result_seconds", "histogram", ("level",),
        "From the wish for a run to its first result, waiting included.", _RUN_S,
    ),
    Described(
        "tapehead_run_last_result_seconds", "histogram", ("level",),
        "From the wish for a run to its last result, waiting included.", _RUN_S,
    ),
    Described("tapehead_run_queue_seconds", "histogram", ("level",), "How long runs waited for a slot.", _RUN_S),
    Described("tapehead_runs_total", "counter", ("level", "state"), "Runs that ended here, by how."),
    Described("tapehead_results_total", "counter", ("level",), "Results of runs computed here."),
    Described("tapehead_queue_waiting", "gauge", ("level",), "Runs that wait for a slot."),
    Described("tapehead_queue_active", "gauge", (), "Runs that go on."),
    Described("tapehead_pool_workers", "gauge", (), "Threads that compute, shared by all runs."),
    Described("tapehead_pool_waiting_tasks", "gauge", (), "Tasks handed to the pool and not begun."),
    Described("tapehead_pool_running_tasks", "gauge", (), "Tasks being computed."),
    Described("tapehead_pool_tasks_total", "counter", (), "Tasks computed."),
    Described("tapehead_pool_wait_seconds_total", "counter", (), "Time that begun tasks waited for a thread, summed."),
    Described("tapehead_pool_busy_seconds_total", "counter", (), "Time that tasks took on their threads, summed."),
    Described("tapehead_streams_open", "gauge", (), "Event streams that are followed."),
    Described("tapehead_events_sent_total", "counter", (), "Events sent on streams, an event on two streams twice."),
    Described("tapehead_log_commits_total", "counter", (), "Groups of events committed by this process."),
    Described("tapehead_tier_hits_total", "counter", ("tier",), "Reads that a cache tier answered."),
    Described("tapehead_tier_misses_total", "counter", ("tier",), "Reads that a cache tier did not answer."),
    Described("tapehead_tier_hit_seconds_total", "counter", ("tier",), "Time of its hits, summed."),
    Described("tapehead_tier_miss_seconds_total", "counter", ("tier",), "Time of its misses, summed."),
    Described("tapehead_tier_bytes", "gauge", ("tier",), "What a cache tier keeps."),
    Described("tapehead_tier_limit_bytes", "gauge", ("tier",), "What a cache tier may keep."),
    Described("tapehead_tier_degraded", "gauge", ("tier",), "1 while a cache tier cannot do its work."),
    Described("tapehead_connections_open", "gauge", ("database",), "Connections to a database that are open."),
    Described("tapehead_connections_limit", "gauge", ("database",), "Most at once; 0 where each thread has its own."),
    Described("tapehead_connections_in_use", "gauge", ("database",), "Connections that are out."),
    Described("tapehead_connections_waiting", "gauge", ("database",), "Threads that wait for one."),
    Described("tapehead_connections_lent_total", "counter", ("database",), "Connections lent."),
    Described("tapehead_connections_waited_total", "counter", ("database",), "Of those, the ones waited for."),
    Described("tapehead_connections_exhausted_total", "counter", ("database",), "How often none came in time."),
    Described("tapehead_connections_wait_seconds_total", "counter", ("database",), "Time waited for one, summed."),
    Described(
        "tapehead_connections_wait_p95_seconds", "gauge", ("database",), "95th percentile of the newest 256 waits."
    ),
    Described("tapehead_connections_leaking", "gauge", ("database",), "Out for longer than `held` of TAPEHEAD_POOL."),
    Described("tapehead_database_asked", "gauge", ("database",), "0 while a replica lags, is away or is refused."),
    Described("tapehead_disk_free_bytes", "gauge", (), "Free on the disk of the store."),
    Described(
        "tapehead_loop_lag_seconds", "histogram", (), "How late the event loop woke, looked at ten times a second.",
        _LAG_S,
    ),
    Described("tapehead_route_threads_busy", "gauge", (), "Threads of plain routes that are busy."),
    Described("tapehead_route_threads_waiting", "gauge", (), "Plain requests that wait for a thread."),
    Described("tapehead_log_lines_dropped_total", "counter", (), "Log lines dropped: their reader was slow or gone."),
    Described("tapehead_process_resident_bytes", "gauge", (), "Memory of the process that lies in RAM."),
    Described("tapehead_process_cpu_seconds_total", "counter", (), "Processor time of the process, all threads."),
    Described("tapehead_process_threads", "gauge", (), "Threads of the process."),
    Described("tapehead_process_open_files", "gauge", (), "Files, sockets and pipes that are open."),
)  # fmt: skip
