"""Worker processes: what is lost is done again, what is not wanted is ended, and nobody is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.errors import ParameterError, SurroundingsError
from tapehead.executors.auto import AutoExecutor
from tapehead.executors.crew import Crew, LostWorkerError
from tapehead.executors.processes import ProcessExecutor
from tapehead.ports.work import Cancel, Executor, Failure, Outcome, Results, Task
from tapehead.testing.executor import answer, sample_tasks

PATIENCE_S = 60.0


def say_who(task: Task) -> Outcome:
    """Tell the process that works."""
    return Results((), os.getpid() if task.lo >= 0 else 0)


def die_once(task: Task) -> Outcome:
    """Be killed in the middle of one task, the first time."""
    died = Path(task.run, "died")
    if task.lo == 3 and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(task)


def die_always(task: Task) -> Outcome:
    """End the process in the middle of one task."""
    if task.lo == 3:
        os._exit(7)
    return answer(task)


def wait_in_vain(task: Task) -> Outcome:
    """Say who waits, and wait for longer than any test."""
    mine = Path(task.run, f"pid-{task.lo}")
    mine.with_suffix(".part").write_text(str(os.getpid()))
    mine.with_suffix(".part").rename(mine)
    time.sleep(10 * PATIENCE_S)
    return answer(task)


def hire_others(task: Task) -> Outcome:
    """Try to start processes from within one."""
    try:
        ProcessExecutor(2)
    except ParameterError as error:
        return Failure(error.code, str(error))
    return answer(task)


class Stubborn(Exception):
    """An error that is packed, and not unpacked."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def raise_stubbornly(task: Task) -> Outcome:
    raise Stubborn("told in ", f"words {task.lo}")


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Two processes or so, which all tests of this file share."""
    crew = Crew()
    yield crew
    crew.close()
    assert not crew._idle


def until(found: Callable[[], bool]) -> None:
    """Wait until something is so; fail where it never is."""
    last = time.monotonic() + PATIENCE_S
    while not found():
        assert time.monotonic() < last
        time.sleep(0.01)


def waiting_in(folder: Path) -> list[int]:
    """The processes that wait in vain."""
    return [int(each.read_text()) for each in folder.glob("pid-*") if each.suffix != ".part"]


def is_over(pid: int) -> bool:
    """Whether a process has ended; one that nobody has asked for its end has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_processes_stay_warm_until_they_are_closed(tmp_path: Path) -> None:
    crew, tasks = Crew(), sample_tasks(tmp_path, 12)
    pids = []
    for _ in range(2):
        done = [outcome for _, outcome in ProcessExecutor(1, crew=crew).map(
            say_who, tasks, cancel=Cancel(), in_flight=2)]  # fmt: skip
        pids.append({outcome.bars for outcome in done if isinstance(outcome, Results)})
    assert len(pids[0]) == 1
    assert pids[0] == pids[1] != {os.getpid()}
    crew.close()
    assert all(is_over(pid) for pid in pids[0])


def test_a_task_whose_process_is_killed_is_done_by_another(crew: Crew, tmp_path: Path) -> None:
    executor = ProcessExecutor(2, crew=crew)
    tasks = sample_tasks(tmp_path, 8)
    found = dict(executor.map(die_once, tasks, cancel=Cancel(), in_flight=4))
    assert set(found) == set(tasks)
    assert found[tasks[3]] == Failure("odd", "3")
    assert list(executor.lost) == ["the process that worked on test:S3 was lost: it was ended by SIGKILL"]


def test_a_task_that_no_process_survives_is_a_failure_and_the_others_are_done(crew: Crew, tmp_path: Path) -> None:
    executor = ProcessExecutor(2, crew=crew)
    tasks = sample_tasks(tmp_path, 8)
    found = dict(executor.map(die_always, tasks, cancel=Cancel(), in_flight=4))
    assert set(found) == set(tasks)
    lost = found.pop(tasks[3])
    assert isinstance(lost, Failure)
    assert lost.code == "surroundings.worker"
    assert "test:S3: no process came to the end of it: it ended by itself with 7, then" in lost.text
    assert all(not isinstance(outcome, Failure) or outcome.code == "odd" for outcome in found.values())
    assert len(executor.lost) == 2


def test_a_cancel_ends_what_would_go_on_for_ever(crew: Crew, tmp_path: Path) -> None:
    cancel = Cancel()

    def cancel_when_both_wait() -> None:
        until(lambda: len(waiting_in(tmp_path)) == 2)
        cancel.cancel()

    threading.Thread(target=cancel_when_both_wait, daemon=True).start()
    done = ProcessExecutor(2, crew=crew).map(wait_in_vain, sample_tasks(tmp_path, 9), cancel=cancel, in_flight=4)
    assert list(done) == []
    assert len(waiting_in(tmp_path)) == 2
    assert all(is_over(pid) for pid in waiting_in(tmp_path))


def wait_once(task: Task) -> Outcome:
    """Wait in vain, but for who tries again."""
    return answer(task) if Path(task.run, f"pid-{task.lo}").exists() else wait_in_vain(task)


def test_closing_the_crew_ends_a_round_and_nobody_is_hired_for_it(tmp_path: Path) -> None:
    crew = Crew()
    executor = ProcessExecutor(2, crew=crew)

    def close_when_both_wait() -> None:
        until(lambda: len(waiting_in(tmp_path)) == 2)
        crew.close()

    threading.Thread(target=close_when_both_wait, daemon=True).start()
    with pytest.raises(LostWorkerError, match="last store was closed while test:S"):
        list(executor.map(wait_once, sample_tasks(tmp_path, 2), cancel=Cancel(), in_flight=2))
    assert all(is_over(pid) for pid in waiting_in(tmp_path))
    assert executor.lost == ()
    assert not crew._idle


def test_closing_early_ends_the_processes_at_work(crew: Crew, tmp_path: Path) -> None:
    def first_quick(folder: Path) -> Iterator[Task]:
        yield from sample_tasks(folder, 3)

    done = ProcessExecutor(2, crew=crew).map(wait_but_first, first_quick(tmp_path), cancel=Cancel(), in_flight=3)
    assert next(iter(done))[0].lo == 0
    until(lambda: len(waiting_in(tmp_path)) == 2)
    done.close()  # type: ignore[attr-defined]  # an executor's iterator is a generator
    assert all(is_over(pid) for pid in waiting_in(tmp_path))


def wait_but_first(task: Task) -> Outcome:
    return answer(task) if task.lo == 0 else wait_in_vain(task)


def test_a_worker_starts_no_workers(crew: Crew, tmp_path: Path) -> None:
    ((_, outcome),) = ProcessExecutor(1, crew=crew).map(
        hire_others, sample_tasks(tmp_path, 1), cancel=Cancel(), in_flight=1
    )
    assert isinstance(outcome, Failure)
    assert "threads or serial in a worker process" in outcome.text


def test_an_error_that_cannot_travel_is_told_in_words(crew: Crew, tmp_path: Path) -> None:
    executor = ProcessExecutor(1, crew=crew)
    with pytest.raises(RuntimeError, match="Stubborn: told in words 0"):
        list(executor.map(raise_stubbornly, sample_tasks(tmp_path, 1), cancel=Cancel(), in_flight=1))


def test_processes_that_cannot_start_are_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SurroundingsError, match=r"could not be started: .*--executor threads"):
        list(ProcessExecutor(1, crew=Crew()).map(answer, sample_tasks(tmp_path, 1), cancel=Cancel(), in_flight=1))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(SurroundingsError, match="No such file"):
        list(ProcessExecutor(1, crew=Crew()).map(answer, sample_tasks(tmp_path, 1), cancel=Cancel(), in_flight=1))


PROGRAM = """
import sys
from pathlib import Path
from tapehead.executors.processes import ProcessExecutor
from tapehead.ports.work import Cancel
from tapehead.testing.executor import {work}, sample_tasks
print("this program runs once", flush=True)
done = ProcessExecutor(2).map({work}, sample_tasks(Path({folder!r}), 6), cancel=Cancel(), in_flight=4)
print(sorted(task.lo for task, _ in done))
"""


@pytest.mark.parametrize("how", ["script", "prompt"])
def test_no_program_needs_a_guard(how: str, tmp_path: Path) -> None:
    program = PROGRAM.format(work="answer", folder=str(tmp_path))
    script = tmp_path / "script.py"
    script.write_text(program)
    words, typed = ([str(script)], "") if how == "script" else (["-"], program)
    done = subprocess.run([sys.executable, *words], input=typed, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("this program runs once\n[0, 1, 2, 3, 4, 5]\n", "")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nobody_is_left_behind(number: signal.Signals, tmp_path: Path) -> None:
    """Whether the program is killed, which closes nothing, or interrupted together with its group, as by Ctrl-C."""
    waits = textwrap.dedent(
        f"""
        import signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Who began the tests in the background ignores it.
        sys.path.insert(0, {str(Path.cwd())!r})
        from tests.unit.executors.test_processes import wait_in_vain
        """
    )
    program = PROGRAM.format(work="answer", folder=str(tmp_path)).replace(".map(answer", ".map(wait_in_vain")
    with subprocess.Popen(
        [sys.executable, "-c", waits + program], stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL,
        process_group=0,
    ) as program_of:  # fmt: skip
        until(lambda: len(waiting_in(tmp_path)) == 2)
        os.killpg(program_of.pid, number)
        _, said = program_of.communicate(timeout=PATIENCE_S)
    until(lambda: all(is_over(pid) for pid in waiting_in(tmp_path)))
    assert said.count("Traceback") == (number == signal.SIGINT)


SPINS = 500_000


def hold_the_interpreter(task: Task) -> Outcome:
    """Compute in Python for a while."""
    return Results((), sum(number & 1 for number in range(SPINS)) * (task.lo >= 0))


def sleep_a_little(task: Task) -> Outcome:
    """Let the interpreter go, as kernels do."""
    time.sleep(0.002)
    return answer(task)


def chosen(work: Callable[[Task], Outcome], cells: int, workers: int, folder: Path) -> tuple[Executor, list[str]]:
    """What `auto` says after so many tasks, of the first of so many cells; and how often processes were asked for."""
    asked: list[str] = []

    def processes(_workers: int, why: str) -> Executor:
        asked.append(why)
        return ThreadsByAnotherName(2, why)

    executor = AutoExecutor(workers, cells, processes)
    tasks = sample_tasks(folder, min(cells, 8))
    assert len(dict(executor.map(work, tasks, cancel=Cancel(), in_flight=4))) == len(tasks)
    return executor, asked


class ThreadsByAnotherName(ProcessExecutor):
    """Stands where processes would: what is tested is the choice."""

    def map_groups(self, work: Any, tasks: Any, **_named: Any) -> Any:
        return ([(task, work(task))] for task in tasks)


def test_python_that_keeps_threads_waiting_goes_on_in_processes(tmp_path: Path) -> None:
    executor, asked = chosen(hold_the_interpreter, 100_000, 2, tmp_path)
    assert (executor.kind, len(asked)) == ("processes", 1)
    assert "held the interpreter" in executor.why


@pytest.mark.parametrize(
    ("work", "cells", "workers", "why"),
    [
        (hold_the_interpreter, 8, 2, "processes take 1.5 s to start"),
        (hold_the_interpreter, 3, 2, "too few tasks"),
        (hold_the_interpreter, 100_000, 1, "one worker"),
        (sleep_a_little, 100, 2, "processes take 1.5 s to start"),
    ],
)
def test_what_gains_nothing_stays_in_threads(
    work: Callable[[Task], Outcome], cells: int, workers: int, why: str, tmp_path: Path
) -> None:
    executor, asked = chosen(work, cells, workers, tmp_path)
    assert (executor.kind, asked) == ("threads", [])
    assert why in executor.why
