"""Tapehead's side of the phases: the same strategy on every instrument of a store in PostgreSQL; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import tapehead as th
from benchmarks.ours import peak_rss_mb

STRATEGY = f"{Path(__file__).with_name('simple_rsi.py')}:SimpleRsi"


def main() -> None:
    """Run on another store first, to load the kernels; then on the one asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rehearse", type=Path, required=True)
    parser.add_argument("--range", nargs=2, default=[None, None])
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--strategy", default=STRATEGY)
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    with th.open(asked.rehearse) as other:
        other.backtest(asked.strategy, universe="crypto", fee="10bps", fresh=True).wait()
    with th.open(asked.url) as store:
        print(json.dumps(_measured(store, asked)))


def _measured(store: th.Store, asked: argparse.Namespace) -> dict[str, Any]:
    """Run it so often: cold first, then the rest."""
    runs: list[tuple[float, float]] = []
    cpu = time.process_time()
    digests = set()
    found: list[tuple[str, int, float]] = []
    for _ in range(asked.repeats):
        began = time.perf_counter_ns()
        ways: dict[str, Any] = {
            "fresh": True,
            "executor": asked.executor,
            "start": asked.range[0],
            "end": asked.range[1],
        }
        run = store.backtest(asked.strategy, universe="crypto", fee="10bps", **ways)
        first = last = 0
        found = []
        for result in run:
            last = time.perf_counter_ns()
            first = first or last
            found.append((result.instrument, result.metrics.trades, result.metrics.total_return))
        digests.add(run.receipt.digest)
        runs.append(((first - began) / 1e6, (last - began) / 1e6))
    found.sort()
    if asked.outcome:
        np.savez(
            asked.outcome,
            trades=np.array([one[1] for one in found]),
            returned=np.array([one[2] for one in found]),
        )
    rest = runs[1:] or runs
    return {
        "cold_first_ms": runs[0][0],
        "cold_ms": runs[0][1],
        "first_ms": median(one[0] for one in rest),
        "ms": median(one[1] for one in rest),
        "cpu_s": time.process_time() - cpu,
        "peak_rss_mb": peak_rss_mb(),
        "stages_ms": {name: float(value) for name, value in run.timings.items()},
        "digests": sorted(digests),
        "tiers": [[one.name, one.hits, one.misses, one.size_bytes] for one in store.house.tiers()],
    }


if __name__ == "__main__":
    main()
