"""Executors: every task once, in order of completion, and an end that nothing holds up."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tapehead.errors import ParameterError
from tapehead.executors.pool import FairPool
from tapehead.executors.serial import SerialExecutor
from tapehead.executors.threads import ThreadExecutor
from tapehead.ports.work import Cancel, Executor, Failure, Outcome, Results, Task
from tapehead.testing.samples import sample_series

POOL = FairPool(4)
ALL = [SerialExecutor(), ThreadExecutor(1), ThreadExecutor(4), FairPool(1).lane(1), POOL.lane(64), POOL.lane(65)]
BOTH = pytest.mark.parametrize("executor", ALL, ids=["serial", "1", "4", "lane of 1", "small lane", "big lane"])


def tasks(count: int) -> list[Task]:
    return [Task("run", sample_series(f"S{number}"), number, number + 1) for number in range(count)]


def answer(task: Task) -> Outcome:
    return Failure("odd", str(task.lo)) if task.lo % 2 else Results((), task.lo)


@BOTH
@pytest.mark.parametrize("in_flight", [1, 2, 100])
def test_every_task_comes_out_once_with_its_outcome(executor: Executor, in_flight: int) -> None:
    found = dict(executor.map(answer, iter(tasks(200)), cancel=Cancel(), in_flight=in_flight))
    assert set(found) == set(tasks(200))
    for task, outcome in found.items():
        assert outcome == Failure("odd", str(task.lo)) if task.lo % 2 else isinstance(outcome, Results)


@BOTH
def test_nothing_to_do_ends_at_once(executor: Executor) -> None:
    assert list(executor.map(answer, [], cancel=Cancel(), in_flight=4)) == []


@BOTH
def test_tasks_are_taken_as_they_are_needed(executor: Executor) -> None:
    taken: list[Task] = []

    def endless() -> Iterator[Task]:
        for task in tasks(10_000):
            taken.append(task)
            yield task

    for count, _ in enumerate(executor.map(answer, endless(), cancel=Cancel(), in_flight=5), 1):
        assert len(taken) <= count + 5
        if count == 50:
            break


@BOTH
def test_after_a_cancel_nothing_begins_and_what_began_comes_out(executor: Executor) -> None:
    cancel, begun, lock = Cancel(), list[Task](), threading.Lock()

    def work(task: Task) -> Outcome:
        with lock:
            begun.append(task)
        time.sleep(0.002)
        return answer(task)

    found = []
    before = -1
    for task, _ in executor.map(work, tasks(1000), cancel=cancel, in_flight=8):
        found.append(task)
        if len(found) == 10:
            cancel.cancel()
            with lock:
                before = len(begun)
    assert len(begun) - before <= executor.workers
    assert sorted(found) == sorted(begun)


SIDE_BY_SIDE = pytest.mark.parametrize("make", [ThreadExecutor, lambda workers: FairPool(workers).lane(9)])


@SIDE_BY_SIDE
def test_a_slow_task_does_not_hold_up_the_others(make: Callable[[int], Executor]) -> None:
    let_go = threading.Event()

    def work(task: Task) -> Outcome:
        if task.lo == 0:
            let_go.wait(60)
        return answer(task)

    order = []
    for task, _ in make(2).map(work, tasks(20), cancel=Cancel(), in_flight=4):
        order.append(task.lo)
        if len(order) == 19:
            let_go.set()
    assert order[-1] == 0
    assert sorted(order) == list(range(20))


@SIDE_BY_SIDE
def test_no_more_than_the_workers_run_at_once(make: Callable[[int], Executor]) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(task: Task) -> Outcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        return answer(task)

    list(make(3).map(work, tasks(60), cancel=Cancel(), in_flight=30))
    assert most == 3


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


@pytest.mark.parametrize(
    "executor", [SerialExecutor(), ThreadExecutor(2), POOL.lane(9)], ids=["serial", "threads", "lane"]
)
def test_work_that_raises_after_all_is_raised_to_the_caller(executor: Executor) -> None:
    def work(task: Task) -> Outcome:
        if task.lo == 3:
            raise ZeroDivisionError("work may not raise")
        return answer(task)

    with pytest.raises(ZeroDivisionError):
        list(executor.map(work, tasks(10), cancel=Cancel(), in_flight=2))


@SIDE_BY_SIDE
def test_two_rounds_of_one_executor_do_not_mix(make: Callable[[int], Executor]) -> None:
    executor = make(2)
    one = executor.map(answer, tasks(50), cancel=Cancel(), in_flight=4)
    two = executor.map(lambda task: Failure("two", ""), tasks(50), cancel=Cancel(), in_flight=4)
    mixed = list(zip(one, two, strict=True))
    assert all(not (isinstance(first[1], Failure) and first[1].code == "two") for first, _ in mixed)
    assert all(isinstance(second[1], Failure) and second[1].code == "two" for _, second in mixed)


@pytest.mark.parametrize("make", [lambda: ThreadExecutor(0), lambda: ThreadExecutor(-1), lambda: FairPool(0).lane(1)])
def test_too_few_workers_are_refused(make: Callable[[], Executor]) -> None:
    with pytest.raises(ParameterError, match="workers"):
        make()


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
