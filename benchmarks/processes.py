"""Processes of a benchmark: each engine runs in one of its own, on the cores it is given."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.machine import ROOT

PEERS = ("vectorbt", "raptorbt", "backtesting")
LIBRARIES = ("talib", "raptorbt", "vectorbt")
OURS_PYTHON = ROOT / ".venv" / "bin" / "python"
DRIVERS = ("pandas", "adbc", "psycopg")
KEEPERS = ("parquet", "feather", "duckdb", "arcticdb", "sqlite")
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
KEEPERS_PYTHON = ROOT / ".venv-keepers" / "bin" / "python"


class EngineFailed(RuntimeError):
    """A process of a benchmark ended with an error; the text is what it said."""


@contextmanager
def on_cores(cores: str) -> Iterator[None]:
    """Start what is started inside on `one` core or on `all` that this process has."""
    had = os.sched_getaffinity(0)
    try:
        if cores == "one":
            os.sched_setaffinity(0, {max(had)})
        yield
    finally:
        os.sched_setaffinity(0, had)


def run_json(command: Sequence[str | Path], *, cores: str = "all", **settings: str) -> dict[str, Any]:
    """Run a process to its end and read the JSON object in its last line; `settings` go to its environment.

    `first_line_ms` is added: from the start of the process to the first line it printed.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8") as complaints:
        return _run_json(command, cores, complaints, settings)


def _run_json(
    command: Sequence[str | Path], cores: str, complaints: IO[str], settings: Mapping[str, str]
) -> dict[str, Any]:
    """Run it with a file for what it complains of.

    Not `communicate`: it reads below the buffer of `readline`, and loses a second line that came with the first.
    """
    with on_cores(cores):
        began = time.monotonic_ns()
        environment = {**os.environ, "BENCH_SPAWNED_NS": str(began), "PYTHONWARNINGS": "ignore", **settings}
        environment.pop("PYTHONPATH", None)
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        )
    assert process.stdout is not None
    with process, process.stdout as said_lines:
        first = said_lines.readline()
        first_line_ms = (time.monotonic_ns() - began) / 1e6
        rest = said_lines.read()
        process.wait()
    wall_ms = (time.monotonic_ns() - began) / 1e6
    complaints.seek(0)
    complaint = complaints.read()
    lines = (first + rest).splitlines()
    if process.returncode != 0 or not lines:
        words = " ".join(str(part) for part in command[1:4])
        raise EngineFailed(f"{words} ended with {process.returncode}:\n{complaint.strip()[-2000:]}")
    said: dict[str, Any] = json.loads(lines[-1])
    return {**said, "first_line_ms": first_line_ms, "wall_ms": wall_ms}


def wall_ms(command: Sequence[str | Path], *, repeats: int = 5) -> list[float]:
    """Wall time of a command, run a few times, in ms."""
    times = []
    for _ in range(repeats):
        began = time.monotonic_ns()
        done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
        times.append((time.monotonic_ns() - began) / 1e6)
        if done.returncode != 0:
            raise EngineFailed(f"{' '.join(str(part) for part in command[1:])}: {done.stderr.strip()[-2000:]}")
    return times


def held_peers(wanted: Sequence[str]) -> tuple[str, ...]:
    """Which of the wanted peers can run: all of them, or none without .venv-peers."""
    return tuple(wanted) if PEERS_PYTHON.exists() else ()
