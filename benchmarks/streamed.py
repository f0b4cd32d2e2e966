"""Tapehead on every instrument of a store, results let go as they come; prints one JSON object.

Who keeps nothing of a run sees what memory the run itself needs. What it kept in the store is read back only after the
peak was taken: the instruments that were asked for, as an Outcome.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import tapehead as th
from benchmarks.ours import outcome_of, peak_rss_mb

BUDGET_MS = 12_000.0
LEAST, MOST = 3, 9


class Streamed(NamedTuple):
    """One backtest: milliseconds to the first and to the last result, how many came, its stages, its id and digest."""

    first_ms: float
    last_ms: float
    count: int
    stages_ms: dict[str, float]
    run: str
    digest: str


def main() -> None:
    """Run cold, then warm, then read back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("--once", action="store_true", help="the cold run only")
    parser.add_argument("--symbols", default="", help="what to read back, joined by commas")
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    with th.open(str(asked.home)) as store:
        opened = time.monotonic_ns()
        cold = _backtest(store)
        runs = [] if asked.once else _warm(store)
        said: dict[str, Any] = {"cold_ms": cold.last_ms, "peak_rss_mb": peak_rss_mb(), "count": cold.count}
        said["cold_ms"] += (opened - int(os.environ["BENCH_SPAWNED_NS"])) / 1e6
        said["digests"] = sorted({one.digest for one in (cold, *runs)})
        if runs:
            middle = sorted(runs, key=lambda one: one.last_ms)[len(runs) // 2]
            said |= {"last_ms": middle.last_ms, "stages_ms": middle.stages_ms, "repeats": len(runs)}
            said["first_ms"] = median(one.first_ms for one in runs)
        if asked.outcome:
            kept = store.run(cold.run)
            outcome_of([kept[symbol] for symbol in asked.symbols.split(",")], kept).save(asked.outcome)
        for one in (cold, *runs):
            store.delete_run(one.run)
    print(json.dumps(said))


def _backtest(store: Any) -> Streamed:
    """Run the workload; the clock stops at the last result, as in W5."""
    began = time.perf_counter_ns()
    run = store.backtest("RsiReversion", universe="crypto", fee="10bps", fresh=True)
    first = last = count = 0
    for _ in run:
        last = time.perf_counter_ns()
        first = first or last
        count += 1
    stages = {name: float(value) for name, value in run.timings.items()}
    return Streamed((first - began) / 1e6, (last - began) / 1e6, count, stages, run.id, run.receipt.digest)


def _warm(store: Any) -> list[Streamed]:
    """A few runs in this process."""
    runs: list[Streamed] = []
    while len(runs) < MOST and (len(runs) < LEAST or sum(one.last_ms for one in runs) < BUDGET_MS):
        runs.append(_backtest(store))
    return runs


if __name__ == "__main__":
    main()
