"""What is said of the executor of a run: at its end where there is something to say, and by `--profile`."""

from types import SimpleNamespace
from typing import Any

from tapehead.cli.closing import work_lines
from tapehead.cli.profile import stage_lines, stages_json
from tests.unit.cli.scripted import completed

FIGURES: dict[str, Any] = {
    "tasks": 48, "failed": 1, "success_rate": 47 / 48, "task_ms": {"median": 103.5, "p95": 229.0},
    "wait_ms": {"median": 108.1, "p95": 2012.0}, "busy_ms": 5000.0, "cpu_ms": 4580.0, "wall_ms": 2710.0,
    "efficiency": 0.845,
}  # fmt: skip
WHY = "two threads held the interpreter 96 % of the time; about 9 s were left so, 6 s in processes"


def test_the_end_of_a_run_tells_of_processes_that_were_chosen_and_of_those_that_were_lost() -> None:
    threads = completed(executor={"kind": "threads", "workers": 2, "why": "about 0.4 s of work were left"})
    asked = completed(executor={"kind": "processes", "workers": 2, "why": "asked for", **FIGURES})
    assert work_lines(threads, 80) == work_lines(asked, 80) == work_lines(completed(), 80) == []
    chosen = completed(executor={"kind": "processes", "workers": 2, "why": WHY, "lost": ["one was lost"]})
    lines = work_lines(chosen, 80)
    assert lines[0].startswith("  executor      2 processes: two threads held")
    assert lines[-1] == "  executor      one was lost"
    assert all(len(line) <= 80 for line in lines)
    alone = completed(executor={"kind": "processes", "workers": 1, "why": WHY})
    assert work_lines(alone, 80)[0].startswith("  executor      1 process: ")


def test_a_profile_tells_what_ran_the_tasks_why_and_how_well() -> None:
    worked = {"kind": "processes", "workers": 2, "why": WHY, **FIGURES}
    run: Any = SimpleNamespace(timings={"walk": 5.0}, memory={}, executor=worked)
    assert stage_lines(run)[-4:] == [
        "  executor    2 processes: two threads held the interpreter 96 % of the time;",
        "              about 9 s were left so, 6 s in processes",
        "  tasks       97.92 % of 48 tasks done; 84 % of the processor time of 2 used",
        "              104 ms each at the median, 229 ms at p95; waited 108 ms and 2.01 s",
    ]
    assert stages_json(run)["executor"] is worked
    alone: Any = SimpleNamespace(
        timings={"walk": 5.0}, memory={}, executor={"kind": "serial", "workers": 1, "why": "x"}
    )
    assert stage_lines(alone)[-1] == "  executor    one after another: x"
    old: Any = SimpleNamespace(timings={"walk": 5.0}, memory={}, executor={})
    assert not any("executor" in line for line in stage_lines(old))
