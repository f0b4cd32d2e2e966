"""Threads: an end that nothing holds up; what every executor does is tested in tests/contracts."""

import subprocess
import sys
import threading
import time

import pytest

from tapehead.executors.threads import ThreadExecutor
from tapehead.ports.work import Cancel, Failure, Outcome, Results, Task
from tapehead.testing.samples import sample_series


def tasks(count: int) -> list[Task]:
    return [Task("run", sample_series(f"S{number}"), number, number + 1) for number in range(count)]


def answer(task: Task) -> Outcome:
    return Failure("odd", str(task.lo)) if task.lo % 2 else Results((), task.lo)


def test_closing_early_stops_the_workers() -> None:
    begun = []

    def work(task: Task) -> Outcome:
        begun.append(task)
        time.sleep(0.001)
        return answer(task)

    # Workers of an earlier test may still be ending: only those that this one starts are looked at.
    before = set(threading.enumerate())
    results = ThreadExecutor(2).map(work, tasks(10_000), cancel=Cancel(), in_flight=50)
    next(results)
    ours = set(threading.enumerate()) - before
    assert ours
    results.close()  # type: ignore[attr-defined]  # an executor's iterator is a generator
    for worker in ours:
        worker.join(30)
    assert not any(worker.is_alive() for worker in ours)
    assert len(begun) < 50


@pytest.mark.parametrize("made", ["ThreadExecutor(2)", "FairPool(2).lane(3)"])
def test_a_stuck_task_does_not_hold_up_the_end_of_the_program(made: str) -> None:
    code = """
import time
from tapehead.executors.pool import FairPool
from tapehead.executors.threads import ThreadExecutor
from tapehead.ports.work import Cancel, Failure, Task
def work(task):
    time.sleep(60 * task.lo)
    return Failure("", "")
tasks = [Task("r", None, number, number) for number in range(3)]
results = MADE.map(work, tasks, cancel=Cancel(), in_flight=3)
print(next(results)[0].lo)
"""
    done = subprocess.run(
        [sys.executable, "-c", code.replace("MADE", made)], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "0\n"
