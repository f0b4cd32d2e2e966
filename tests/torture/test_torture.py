"""Points of torture with every run of the tests, and the proof that the torture can fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.torture.spread import KINDS

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the torture in a process of its own, which may fork."""
    # Whoever runs these tests on other sources has put them into PYTHONPATH.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT)])}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_twenty_points_of_every_kind() -> None:
    done = run("-m", "tests.torture", "--points", "20", "--seed", "house")
    assert (done.returncode, done.stdout.splitlines()[1:]) == (0, ["20 of 20"]), done.stdout + done.stderr
    assert [part.split()[1] for part in done.stdout.splitlines()[0].split(", ")] == list(KINDS)


def test_twenty_imports_and_twenty_commits_are_killed() -> None:
    for kind in ("import", "kill"):
        done = run("-m", "tests.torture", "--points", "20", "--seed", "house", "--kind", kind)
        told = [f"20 {kind}", "20 of 20"]
        assert (done.returncode, done.stdout.splitlines()) == (0, told), done.stdout + done.stderr


def test_each_fsync_left_out_is_found() -> None:
    done = run("-m", "tests.torture.planted")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("nothing") is None
    assert len(found) == 4
    assert None not in found.values(), found


def test_a_point_that_fails_is_told_with_the_command_that_repeats_it() -> None:
    code = """
    import sys
    from tapehead.stores.embedded import segments
    from tests.torture.__main__ import main
    segments.write_file = lambda path, content: path.write_bytes(content[:-1])
    sys.argv = ["torture", "--seed", "7", "--at", "1"]
    sys.exit(main())
    """
    done = run("-c", "\n".join(line.strip() for line in code.splitlines()))
    assert done.returncode == 1, done.stderr
    assert "again: make torture SEED=7 AT=1\n" in done.stdout
    assert done.stdout.endswith("0 of 1\n")
