"""W1, a cold process: import, open the store, one RSI backtest, the first result printed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import handover, market
from benchmarks.asked import Asked, Report, Row
from benchmarks.machine import commit, machine
from benchmarks.outcome import MANIFESTS, Outcome
from benchmarks.parity import OURS, compare
from benchmarks.processes import OURS_PYTHON, held_peers, run_json, wall_ms
from benchmarks.rivals import Rivals
from benchmarks.warm_store import WarmStore, warm_store

REPEATS = 5
FEW_BARS, FEW = 2_000, 2
"""Below so many bars, where only what is said counts and no time, processes are started so often."""
FILL = "next_open"


def measure(asked: Asked, say: Callable[[str], None]) -> Report:
    """Start new processes and time them from outside, to the first line they print and to their end."""
    repeats = FEW if asked.bars < FEW_BARS else REPEATS
    say(f"market: seed {asked.seed}, one instrument x {asked.bars} bars of 1h; expected results by the plain twin")
    handed, expected = handover.make(asked.seed, 1, asked.bars, (FILL,))
    store = warm_store(asked.seed, 1, asked.bars, fresh=asked.fresh)
    say(f"store: {store.told()}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        handed.save(folder)
        row = _ours(store, folder, expected[FILL], repeats)
        if row.first_ms is not None:
            row.stages_ms = _stages(asked, folder, repeats)
        say(f"ours measured, parity {row.parity}")
        rivals = Rivals(folder, held_peers(asked.peers), MANIFESTS["W1"])
        row.peers = rivals.rows(FILL, "all", expected[FILL], row.first_ms, cold_only=True)
    return Report(asked, machine(), commit(), store.told(), [row])


def _ours(store: WarmStore, folder: Path, wanted: Outcome, repeats: int) -> Row:
    """Processes on a store that holds the series already."""
    kept = folder / "ours.npz"
    said = [_process([store.home, "--outcome", kept]) for _ in range(repeats)]
    verdict = compare(OURS, Outcome.load(kept), wanted)
    row = Row(FILL, "all", verdict.text, peak_rss_mb=max(one["peak_rss_mb"] for one in said), repeats=repeats)
    if verdict.agrees:
        row.first_ms = median(one["first_line_ms"] for one in said)
        row.last_ms = row.cold_ms = median(one["wall_ms"] for one in said)
    return row


def _stages(asked: Asked, folder: Path, repeats: int) -> dict[str, float]:
    """What a start is made of, and the first result of a process that reads the bars from a file first."""
    tapehead = OURS_PYTHON.with_name("tapehead")
    bench = folder / "bench"
    bench.mkdir()
    market.write_csv(bench / f"{market.symbol(0)}.csv", market.columns(asked.seed, 0, asked.bars))
    filed = []
    for number in range(repeats):
        home = folder / f"home{number}"
        filed.append(_process([home, "--import", bench, "--outcome", folder / "filed.npz"])["first_line_ms"])
    return {
        "python": median(wall_ms([OURS_PYTHON, "-c", ""])),
        "import_tapehead": median(wall_ms([OURS_PYTHON, "-c", "import tapehead"])),
        "help": median(wall_ms([tapehead, "--help"])),
        "csv_import_and_first_result": median(filed),
    }


def _process(arguments: list[Any]) -> dict[str, Any]:
    """One cold process of ours."""
    return run_json([OURS_PYTHON, "-m", "benchmarks.ours", *arguments, "--once"])
