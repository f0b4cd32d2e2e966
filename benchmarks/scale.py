"""W11: the product's own workload at growing numbers of instruments: how its time and its memory grow."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import handover, market
from benchmarks.asked import Asked
from benchmarks.machine import commit, machine
from benchmarks.outcome import TRADE_COLUMNS, Outcome
from benchmarks.parity import OURS, compare
from benchmarks.processes import OURS_PYTHON, run_json
from benchmarks.scale_report import ScaleReport, Size
from benchmarks.warm_store import WarmStore, warm_store

SIZES = (48, 100, 200, 500, 5_000)
WHOLE = 100
"""Up to so many instruments all are compared with the twin, of more as many, evenly spread."""


def measure(asked: Asked, say: Callable[[str], None]) -> ScaleReport:
    """Run every size that is not beyond the one asked for, each on a store of its own."""
    sizes = [*(size for size in SIZES if size < asked.instruments), asked.instruments]
    places = sorted({place for size in sizes for place in sampled(size)})
    say(f"market: seed {asked.seed}, {asked.bars:,} bars; expected results of {len(places)} instruments by the twin")
    _, expected = handover.make(asked.seed, places, asked.bars, ("next_open",))
    told = []
    for size in sizes:
        store = warm_store(asked.seed, size, asked.bars, fresh=asked.fresh)
        wanted = chosen(expected["next_open"], [places.index(place) for place in sampled(size)])
        told.append(measured(store, size, wanted))
        say(f"{size} instruments: {store.told()}; parity {told[-1].parity}")
    return ScaleReport(asked, machine(), commit(), told)


def sampled(size: int) -> list[int]:
    """The instruments that are compared: all, or evenly spread ones."""
    return list(range(size)) if size <= WHOLE else [size * step // WHOLE for step in range(WHOLE)]


def chosen(every: Outcome, places: list[int]) -> Outcome:
    """What must come of some of the instruments, in their order."""
    ends = np.cumsum(every.count)
    rows = np.concatenate([np.arange(ends[place] - every.count[place], ends[place]) for place in places])
    trades = {name: every.trades[name][rows] for name in TRADE_COLUMNS}
    metrics = {name: values[places] for name, values in every.metrics.items()}
    return Outcome(every.count[places], trades, every.is_open[places], every.final[places], metrics)


def measured(store: WarmStore, size: int, wanted: Outcome) -> Size:
    """Measure one size: a process that runs warm, then one without the memory tier."""
    symbols = ",".join(market.symbol(place) for place in sampled(size))
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(scratch) / "kept.npz"
        said = _run(store, "--symbols", symbols, "--outcome", kept)
        verdict = compare(OURS, Outcome.load(kept), wanted)
    bare = _run(store, "--once", memory_mb="0")
    faults = [] if verdict.agrees else [verdict.text]
    if {said["count"], bare["count"]} != {size}:
        faults.append(f"{said['count']} and {bare['count']} results of {size} instruments")
    if len({*said["digests"], *bare["digests"]}) != 1:
        faults.append("runs of the same store have different digests")
    row = Size(size, "; ".join(faults) or verdict.text, peak_rss_mb=said["peak_rss_mb"])
    row.bare_rss_mb, row.repeats = bare["peak_rss_mb"], said["repeats"]
    if not faults:
        row.cold_ms, row.first_ms, row.last_ms = said["cold_ms"], said["first_ms"], said["last_ms"]
        row.bare_ms, row.stages_ms = bare["cold_ms"], said["stages_ms"]
    return row


def _run(store: WarmStore, *more: str | Path, memory_mb: str | None = None) -> dict[str, Any]:
    """One process on one store."""
    setting = {} if memory_mb is None else {"TAPEHEAD_MEMORY_MB": memory_mb}
    return run_json([OURS_PYTHON, "-m", "benchmarks.streamed", store.home, *more], **setting)
