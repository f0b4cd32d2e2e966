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
    """Return what a process printed and nobody read yet; its failure is the test's."""
    out, err = rest_of(process)
    assert process.returncode == 0, err
    return out


def rest_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for the end; return what nobody read yet of its output, and of its errors where they have a pipe.

    Not `communicate`: it reads below the buffer of `readline`, and loses a line that came along with one read before.
    """
    if process.stdin is not None:
        process.stdin.close()
    assert process.stdout is not None
    with process.stdout as out:
        printed = out.read()
    complaint = ""
    if process.stderr is not None:
        with process.stderr as err:
            complaint = err.read()
    process.wait(120)
    return printed, complaint


def run_mounted(mounts: str, code: str, *arguments: object) -> str:
    """Run Python code where `mounts` (shell lines) were done first, seen by that process alone."""
    probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"needs unshare -rm, to mount for itself: {probe.stderr.strip()}")
    script = f'set -e\n{mounts}\nexec "$@"'
    inner = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = ["unshare", "-rm", "sh", "-c", script, "sh", *inner]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
