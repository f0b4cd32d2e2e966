"""W5, the product's own workload: RSI on every instrument of the store, read, run, measured, persisted and streamed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import handover
from benchmarks.asked import Asked, Report, Row
from benchmarks.machine import commit, machine
from benchmarks.outcome import MANIFESTS, Outcome
from benchmarks.parity import OURS, compare
from benchmarks.processes import OURS_PYTHON, held_peers, run_json
from benchmarks.rivals import Rivals
from benchmarks.warm_store import WarmStore, warm_store

HEADLINE = ("next_open", "all")
OTHER_ROWS = (("next_open", "one"), ("close", "all"), ("close", "one"))


def measure(asked: Asked, say: Callable[[str], None]) -> Report:
    """Make the market, run ours and the peers in turn, compare, time."""
    choices = (HEADLINE, *OTHER_ROWS) if asked.every_row else (HEADLINE,)
    size = f"{asked.instruments} instruments x {asked.bars} bars of 1h"
    say(f"market: seed {asked.seed}, {size}; expected results by the plain twin")
    fills = tuple(dict.fromkeys(fill for fill, _ in choices))
    handed, expected = handover.make(asked.seed, asked.instruments, asked.bars, fills)
    store = warm_store(asked.seed, asked.instruments, asked.bars, fresh=asked.fresh)
    say(f"store: {store.told()}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        handed.save(folder)
        del handed
        rivals = Rivals(folder, held_peers(asked.peers), MANIFESTS["W5"])
        rows = []
        for fill, cores in choices:
            row = measure_ours(store, folder, fill, cores, expected[fill])
            say(f"{fill}, {cores} cores: ours measured, parity {row.parity}")
            row.peers = rivals.rows(fill, cores, expected[fill], row.last_ms)
            rows.append(row)
    return Report(asked, machine(), commit(), store.told(), rows)


def measure_ours(store: WarmStore, folder: Path, fill: str, cores: str, wanted: Outcome) -> Row:
    """Measure Tapehead in a process of its own."""
    kept = folder / "ours.npz"
    said = run_json([OURS_PYTHON, "-m", "benchmarks.ours", store.home, "--fill", fill, "--outcome", kept], cores=cores)
    verdict = compare(OURS, Outcome.load(kept), wanted)
    row = Row(fill, cores, verdict.text, peak_rss_mb=said["peak_rss_mb"], repeats=said["repeats"])
    if verdict.agrees:
        row.first_ms, row.last_ms, row.cold_ms = said["first_ms"], said["last_ms"], said["cold_ms"]
        row.stages_ms = said["stages_ms"]
    return row
