"""Profile: where the time of a run went, and how much memory this program took at most."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tapehead.cli import numbers

if TYPE_CHECKING:
    from tapehead.library.run import Run

_STATUS: Final = Path("/proc/self/status")
_ON_THE_CLOCK: Final = frozenset({"plan", "persist", "look_ahead"})
_WORDS: Final[Mapping[str, str]] = {
    "plan": "what to read, and the strategy loaded",
    "read": "bars into arrays",
    "signals": "the strategy",
    "walk": "fills and positions",
    "metrics": "figures of each result",
    "warm_up": "one instrument asked again with twice the warm-up",
    "persist": "results and events kept",
    "look_ahead": "the look-ahead test",
}


class Profile:
    """The clock of one command, from when it is made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def body(self, run: "Run") -> dict[str, Any]:
        """Return the JSON of a run that is over: `wall_ms`, `stages_ms` by stage, `peak_rss_mb`."""
        wall_ms = (time.perf_counter() - self._began) * 1e3
        stages = {name: round(ms, 3) for name, ms in run.timings.items()}
        return {"wall_ms": round(wall_ms, 3), "stages_ms": stages, "peak_rss_mb": round(_peak_bytes() / 2**20, 1)}

    def lines(self, run: "Run") -> list[str]:
        """Return the same as a table, at most 80 columns wide."""
        body = self.body(run)
        wall, peak = numbers.milliseconds(body["wall_ms"]), f"{body['peak_rss_mb']:,.0f} MB"
        head = f"Profile   {wall} on the clock   peak memory {peak}"
        stages: dict[str, float] = body["stages_ms"]
        if not stages:
            return [head, "  nothing was computed here; --fresh does"]
        whole = sum(stages.values()) or 1.0
        ordered = sorted(stages.items(), key=lambda each: -each[1])
        rows = [_row(name, ms, ms / whole) for name, ms in ordered]
        return [head, *rows, "  + summed over all workers; the others passed on the clock"]


def _row(stage: str, ms: float, share: float) -> str:
    """Return the line of a stage."""
    mark = " " if stage in _ON_THE_CLOCK else "+"
    return f"  {stage:<10} {ms:>12,.1f} ms {share:>5.0%} {mark} {_WORDS.get(stage, '')}".rstrip()


def _peak_bytes() -> int:
    """Return the largest resident memory of this program so far; `ru_maxrss` begins with that of who started it."""
    try:
        status = _STATUS.read_text(encoding="ascii", errors="replace")
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)
