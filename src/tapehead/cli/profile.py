"""Profile: where the time of a run went, and how much memory its stages and this program took."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tapehead.cli import numbers
from tapehead.cli.cells import folded
from tapehead.cli.sizes import size
from tapehead.model.given_trades import IMPORTED

if TYPE_CHECKING:
    from tapehead.library.run import Run

_STATUS: Final = Path("/proc/self/status")
_ON_THE_CLOCK: Final = frozenset({"plan", "queue", "persist", "look_ahead"})
_WORDS: Final[Mapping[str, str]] = {
    "plan": "what to read, the strategy loaded",
    "queue": "waiting for a turn",
    "read": "bars into arrays",
    "signals": "the strategy",
    "walk": "fills and positions",
    "metrics": "figures of each result",
    "warm_up": "asked again with a longer warm-up",
    "persist": "results and events kept",
    "look_ahead": "the look-ahead test",
}


class Profile:
    """The clock of one command, from when it is made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def body(self, run: "Run") -> dict[str, Any]:
        """Return the JSON of a run that is over: `wall_ms`, `peak_rss_mb`, and what `stages_json` says."""
        wall_ms = (time.perf_counter() - self._began) * 1e3
        peak = {"peak_rss_mb": round(_peak_bytes() / 2**20, 1)}
        return {"wall_ms": round(wall_ms, 3), **stages_json(run), **peak}

    def lines(self, run: "Run") -> list[str]:
        """Return the same as a table, at most 80 columns wide."""
        wall, peak = numbers.milliseconds((time.perf_counter() - self._began) * 1e3), f"{_peak_bytes() / 2**20:,.0f} MB"
        head = f"Profile   {wall} on the clock   peak memory {peak}"
        # A service, or the run that answers, measured the stages; the head is this program's own.
        told = ["  nothing was computed here; the stages are those the run was kept with"] if run.kept else []
        return [head, *told, *stage_lines(run)]


def stages_json(run: "Run") -> dict[str, Any]:
    """Return `stages_ms` and `stages_bytes` of a run, each by stage, and `executor`."""
    stages = {name: round(ms, 3) for name, ms in run.timings.items()}
    return {"stages_ms": stages, "stages_bytes": run.memory, "executor": run.executor}


def stage_lines(run: "Run") -> list[str]:
    """Return where the time of a run went, what its stages left in memory, and what ran it, at most 80 columns wide."""
    stages, left = run.timings, run.memory
    if not stages and run.record.origin == IMPORTED:
        return ["  another program made its trades, so it has no stages"]
    if not stages:
        return ["  nothing is kept of its stages; a run with --fresh is measured"]
    whole = sum(stages.values()) or 1.0
    ordered = sorted(stages.items(), key=lambda each: -each[1])
    rows = [_row(name, ms, ms / whole, left.get(name)) for name, ms in ordered]
    rows += ["  + summed over all workers; the others passed on the clock", *([_LEFT] if left else [])]
    return [*rows, *_executor_lines(run.executor)]


def _executor_lines(worked: Mapping[str, Any]) -> list[str]:
    """Return what ran the tasks of a run, why and how well, at most 80 columns wide; nothing where nobody measured."""
    if not worked:
        return []
    kind = "one after another" if worked["kind"] == "serial" else f"{worked['workers']:,} {worked['kind']}"
    lines = folded(f"{kind}: {worked['why']}", 80, "  executor    ", " " * 14)
    if "tasks" not in worked:
        return lines
    took, waited = ([numbers.milliseconds(worked[name][rank]) for rank in ("median", "p95")] for name in _TASK)
    done = f"{worked['success_rate'] * 100:.4g} % of {worked['tasks']:,} tasks done"
    busy = f"{worked['efficiency'] * 100:.0f} % of the processor time of {worked['workers']:,}"
    lines.append(f"  {'tasks':<12}{done}; {busy} used")
    lines.append(f"  {'':<12}{took[0]} each at the median, {took[1]} at p95; waited {waited[0]} and {waited[1]}")
    return lines


_TASK: Final = ("task_ms", "wait_ms")
_LEFT: Final = "  MiB and KiB: what a stage left in arrays for one instrument, at most"


def _row(stage: str, ms: float, share: float, left: int | None) -> str:
    """Return the line of a stage."""
    mark = " " if stage in _ON_THE_CLOCK else "+"
    held = "" if left is None else size(left)
    return f"  {stage:<10} {ms:>11,.1f} ms {share:>4.0%} {mark} {held:>10}  {_WORDS.get(stage, '')}".rstrip()


def _peak_bytes() -> int:
    """Return the largest resident memory of this program so far; `ru_maxrss` begins with that of who started it."""
    try:
        status = _STATUS.read_text(encoding="ascii", errors="replace")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
