"""The machine and the commit a figure belongs to: processor and cores, no names of hosts."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def machine() -> str:
    """Name processor, cores and memory."""
    model = platform.machine()
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = " ".join(line.partition(":")[2].split())
            break
    total = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), None)
    memory = f", {int(total) / 2**20:.0f} GiB" if total else ""
    return f"{model}, {os.cpu_count()} cores{memory}"


def commit() -> str:
    """Name the commit, with `+changes` when the tree is not clean; `unknown` outside a clone."""
    short = _git("rev-parse", "--short=12", "HEAD")
    if not short:
        return "unknown"
    return short + ("+changes" if _git("status", "--porcelain", "--", "src", "benchmarks") else "")


def _git(*arguments: str) -> str:
    """What git says; empty when it cannot."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _lines(path: str) -> list[str]:
    """Lines of a file of the system; none where there is no such file."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
