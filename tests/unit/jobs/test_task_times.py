"""TaskTimes: what is told of the tasks of a run, from times that are known beforehand."""

from collections.abc import Iterator
from typing import Any

import pytest

from tapehead.executors.serial import SerialExecutor
from tapehead.jobs.task_times import TaskTimes, Timed
from tapehead.ports.work import Cancel, Failure, Outcome, Results, Task
from tapehead.testing.samples import sample_series

LATER = 1e9
"""When the tasks of these tests run, long after they are taken (s of the monotonic clock)."""


def tasks(count: int) -> list[Task]:
    return [Task("run", sample_series(f"S{number}"), number, number + 1) for number in range(count)]


def work(task: Task) -> Outcome:
    return Failure("odd", str(task.lo)) if task.lo % 2 else Results((), task.lo)


class Known:
    """An executor of two workers, whose task n takes n + 1 s, one after another, half of it on a processor."""

    kind, workers, why = "processes", 2, "known beforehand"

    def __init__(self, *, lost: int | None = None) -> None:
        self.lost = () if lost is None else (f"task {lost}",)
        self._lost = lost

    def map(self, _work: Any, taken: Any, *, cancel: Cancel, in_flight: int) -> Iterator[Any]:
        assert in_flight == 4
        assert not cancel.asked
        began = LATER
        for task in list(taken):
            took = task.lo + 1.0
            known = Timed(work(task), began, began + took, took / 2)
            yield task, (Failure("surroundings.worker", "lost") if task.lo == self._lost else known)
            began += took


def told(executor: Any, count: int) -> dict[str, Any]:
    times = TaskTimes()
    assert times.to_json() == {}
    found = dict(times.map(executor, work, iter(tasks(count)), cancel=Cancel(), in_flight=4))
    assert list(found) == tasks(count)
    assert all(not isinstance(outcome, Timed) for outcome in found.values())
    return times.to_json()


def test_times_and_shares_are_those_of_the_tasks() -> None:
    said = told(Known(), 20)
    assert (said["kind"], said["workers"], said["why"]) == ("processes", 2, "known beforehand")
    assert (said["tasks"], said["failed"], said["success_rate"]) == (20, 10, 0.5)
    assert said["task_ms"] == {"median": 10_000.0, "p95": 19_000.0}
    assert (said["busy_ms"], said["cpu_ms"]) == (210_000.0, 105_000.0)
    assert said["wait_ms"]["p95"] - said["wait_ms"]["median"] == pytest.approx(126_000.0, abs=100.0)
    assert said["efficiency"] == pytest.approx(said["cpu_ms"] / said["wall_ms"] / 2, abs=1e-4)
    assert "lost" not in said


def test_a_task_that_no_process_survived_counts_as_failed_and_gives_no_time() -> None:
    said = told(Known(lost=2), 4)
    assert (said["tasks"], said["failed"], said["success_rate"]) == (4, 3, 0.25)
    assert said["lost"] == ["task 2"]
    assert said["task_ms"] == {"median": 2_000.0, "p95": 4_000.0}


def test_without_a_task_only_the_executor_is_told() -> None:
    assert told(SerialExecutor(), 0) == {"kind": "serial", "workers": 1, "why": "asked for"}


def test_tasks_are_timed_where_they_run() -> None:
    said = told(SerialExecutor("it is one"), 6)
    assert (said["tasks"], said["failed"], said["why"]) == (6, 3, "it is one")
    assert 0 <= said["task_ms"]["median"] <= said["task_ms"]["p95"] <= said["busy_ms"] <= said["wall_ms"]
