"""ExecutorContract: what every executor must do, as tests for pytest to collect."""
# ruff: noqa: D102 - a test's name is its sentence

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tapehead.errors import ParameterError
from tapehead.ports.work import Cancel, Executor, Failure, Grouping, Outcome, Results, Task
from tapehead.testing.samples import sample_series

_PATIENCE_S = 60.0
_ELSEWHERE_S = 0.5


def sample_tasks(folder: Path, count: int) -> list[Task]:
    """Return tasks whose run is a folder: where their work, in whichever process, leaves its traces."""
    return [Task(str(folder), sample_series(f"S{number}"), number, number + 1) for number in range(count)]


def answer(task: Task) -> Outcome:
    """Fail odd tasks."""
    return Failure("odd", str(task.lo)) if task.lo % 2 else Results((), task.lo)


def other_answer(task: Task) -> Outcome:
    """Fail every task."""
    return Failure("other", str(task.lo))


def leave_a_trace(task: Task) -> Outcome:
    """Say that the task began, and take a moment."""
    Path(task.run, f"begun-{task.lo}").touch()
    time.sleep(0.002)
    return answer(task)


def leave_a_trace_at_the_end(task: Task) -> Outcome:
    """Say that the task is over."""
    Path(task.run, f"over-{task.lo}").touch()
    return answer(task)


def count_those_at_work(task: Task) -> Outcome:
    """Return how many tasks are at work, this one included, as `bars`."""
    mine = Path(task.run, f"working-{task.lo}")
    mine.touch()
    count = len(list(mine.parent.glob("working-*")))
    time.sleep(0.002)
    mine.unlink()
    return Results((), count)


def wait_for_the_gate(task: Task) -> Outcome:
    """Let the first task end only when there is a file `gate`."""
    until = time.monotonic() + _PATIENCE_S
    while task.lo == 0 and not Path(task.run, "gate").exists() and time.monotonic() < until:
        time.sleep(0.002)
    return answer(task)


def raise_at_three(task: Task) -> Outcome:
    """Raise although work never should."""
    if task.lo == 3:
        raise ZeroDivisionError("work may not raise")
    return answer(task)


class ExecutorContract:
    """Subclass it as `Test…` and say how to make an executor of so many workers."""

    def make(self, workers: int) -> Executor:
        """Return an executor; one that runs one task after another has one worker."""
        raise AssertionError(f"a subclass says how an executor of {workers} workers is made")

    @pytest.mark.parametrize("in_flight", [1, 2, 100])
    def test_every_task_comes_out_once_with_its_outcome(self, in_flight: int, tmp_path: Path) -> None:
        tasks = sample_tasks(tmp_path, 60)
        found = dict(self.make(2).map(answer, iter(tasks), cancel=Cancel(), in_flight=in_flight))
        assert set(found) == set(tasks)
        for task, outcome in found.items():
            if task.lo % 2:
                assert outcome == Failure("odd", str(task.lo))
            else:
                assert isinstance(outcome, Results)
                assert outcome.bars == task.lo

    def test_nothing_to_do_ends_at_once(self) -> None:
        assert list(self.make(2).map(answer, [], cancel=Cancel(), in_flight=4)) == []

    def test_tasks_are_taken_as_they_are_needed(self, tmp_path: Path) -> None:
        taken: list[Task] = []

        def endless() -> Iterator[Task]:
            for task in sample_tasks(tmp_path, 10_000):
                taken.append(task)
                yield task

        for count, _ in enumerate(self.make(2).map(answer, endless(), cancel=Cancel(), in_flight=5), 1):
            assert len(taken) <= count + 5
            if count == 50:
                break

    def test_after_a_cancel_nothing_begins_and_what_began_comes_out(self, tmp_path: Path) -> None:
        executor, cancel, found = self.make(2), Cancel(), []
        before = -1
        for task, _ in executor.map(leave_a_trace, sample_tasks(tmp_path, 500), cancel=cancel, in_flight=8):
            found.append(task.lo)
            if len(found) == 10:
                cancel.cancel()
                before = len(list(tmp_path.iterdir()))
        begun = sorted(int(each.name.removeprefix("begun-")) for each in tmp_path.iterdir())
        assert len(begun) - before <= executor.workers
        assert sorted(found) == begun

    def test_work_that_raises_after_all_is_raised_to_the_caller(self, tmp_path: Path) -> None:
        with pytest.raises(ZeroDivisionError, match="work may not raise"):
            list(self.make(2).map(raise_at_three, sample_tasks(tmp_path, 10), cancel=Cancel(), in_flight=2))

    def test_groups_hold_every_task_once_and_no_more_than_asked(self, tmp_path: Path) -> None:
        executor, tasks = self.make(2), sample_tasks(tmp_path, 60)
        assert isinstance(executor, Grouping)
        groups = list(executor.map_groups(answer, iter(tasks), cancel=Cancel(), in_flight=30, most=7))
        assert {len(group) for group in groups} <= set(range(1, 8))
        found = [task for group in groups for task, _ in group]
        assert sorted(found) == sorted(tasks)
        with pytest.raises(ZeroDivisionError):
            list(executor.map_groups(raise_at_three, tasks, cancel=Cancel(), in_flight=5, most=7))

    def test_two_rounds_of_one_executor_do_not_mix(self, tmp_path: Path) -> None:
        executor, tasks = self.make(2), sample_tasks(tmp_path, 30)
        one = executor.map(answer, tasks, cancel=Cancel(), in_flight=4)
        two = executor.map(other_answer, tasks, cancel=Cancel(), in_flight=4)
        for (_, first), (_, second) in zip(one, two, strict=True):
            assert not (isinstance(first, Failure) and first.code == "other")
            assert isinstance(second, Failure)
            assert second.code == "other"

    def test_it_says_what_it_is(self) -> None:
        executor = self.make(2)
        assert executor.kind in ("serial", "threads", "processes")
        assert executor.workers >= 1
        assert executor.why
        assert not executor.lost


class SideBySideContract(ExecutorContract):
    """The same for executors with several workers."""

    def test_a_slow_task_does_not_hold_up_the_others(self, tmp_path: Path) -> None:
        order = []
        for task, _ in self.make(2).map(wait_for_the_gate, sample_tasks(tmp_path, 20), cancel=Cancel(), in_flight=4):
            order.append(task.lo)
            if len(order) == 19:
                Path(tmp_path, "gate").touch()
        assert order[-1] == 0
        assert sorted(order) == list(range(20))

    def test_what_ended_meanwhile_comes_together_and_waits_for_nobody(self, tmp_path: Path) -> None:
        executor = self.make(2)
        assert isinstance(executor, Grouping)
        tasks = sample_tasks(tmp_path, 40)
        told, most = 0, 0
        for group in executor.map_groups(leave_a_trace_at_the_end, tasks, cancel=Cancel(), in_flight=40, most=5):
            told, most = told + len(group), max(most, len(group))
            # Meanwhile this reader does something else, though not for two that nobody was handed.
            until = time.monotonic() + _ELSEWHERE_S
            while len(list(tmp_path.iterdir())) < min(told + 2, 40) and time.monotonic() < until:
                time.sleep(0.002)
        assert told == 40
        assert 2 <= most <= 5

    def test_no_more_than_the_workers_run_at_once(self, tmp_path: Path) -> None:
        executor = self.make(2)
        done = executor.map(count_those_at_work, sample_tasks(tmp_path, 60), cancel=Cancel(), in_flight=30)
        most = [outcome.bars for _, outcome in done if isinstance(outcome, Results)]
        assert len(most) == 60
        assert max(most) <= 2

    @pytest.mark.parametrize("workers", [0, -1])
    def test_too_few_workers_are_refused(self, workers: int) -> None:
        with pytest.raises(ParameterError, match="workers"):
            self.make(workers)
