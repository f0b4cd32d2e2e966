"""Real processes for the tests of the store: python code of its own, and mounts of its own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python code in a process, its output in a pipe."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env=environment, **pipes)


def finish(process: subprocess.Popen[str]) -> str:
    """Return what a process printed; its failure is the test's."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def run_mounted(mounts: str, code: str, *arguments: object) -> str:
    """Run Python code where `mounts` (shell lines) were done first, seen by that process alone."""
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"unshare -rm does not work here: {probe.stderr.strip()}")
    script = f'set -e\n{mounts}\nexec "$@"'
    inner = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = ["unshare", "-rm", "sh", "-c", script, "sh", *inner]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
