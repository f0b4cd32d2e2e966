"""Tapehead in a process of its own, through its public Python door.

Prints a line at the first result and one JSON object at the end. The rest of the benchmark is imported only after the
first result, so that the figure to it is ours alone.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from benchmarks.outcome import Outcome


class Timed(NamedTuple):
    """One backtest of the whole store: milliseconds to the first and to the last result, and what came."""

    first_ms: float
    last_ms: float
    stages_ms: dict[str, float]
    results: list[Any]
    run: Any


def main() -> None:
    """Open the store, run, print."""
    asked = _arguments()
    import tapehead as th

    store = th.open(asked.home)
    if asked.files:
        store.import_files(str(asked.files), kind="crypto")
    if asked.no_run:
        print(json.dumps({"imported": True}))
        return
    cold = _backtest(store, asked.fill, announce=True)
    outcome = outcome_of(cold.results, cold.run)
    cold_ms = (time.monotonic_ns() - int(os.environ["BENCH_SPAWNED_NS"])) / 1e6
    said: dict[str, Any] = {"cold_ms": cold_ms, "stages_ms": cold.stages_ms}
    if not asked.once:
        said |= _warm(store, asked.fill)
    said["peak_rss_mb"] = peak_rss_mb()
    outcome.save(asked.outcome)
    print(json.dumps(said))


def peak_rss_mb() -> float:
    """Peak resident memory of this program; ru_maxrss would begin with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def _arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", help="folder, or the URL of a database")
    parser.add_argument("--import", dest="files", type=Path)
    parser.add_argument("--no-run", action="store_true")
    parser.add_argument("--fill", default="next_open")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--outcome", type=Path)
    return parser.parse_args()


def _backtest(store: Any, fill: str, *, announce: bool = False, gather: bool = False) -> Timed:
    """Run the workload; with `gather` results become contiguous arrays before the clock stops, as the peers' do.

    The clock stops at the last result: the look-ahead test that follows is none of what the peers do.
    """
    began = time.perf_counter_ns()
    run = store.backtest("RsiReversion", universe="crypto", fee="10bps", fill=fill, fresh=True)
    first = last = 0
    results = []
    for result in run:
        if not first:
            first = time.perf_counter_ns()
            if announce:
                print(f"{result.instrument} {result.metrics.total_return!r}", flush=True)
        results.append(result)
        last = time.perf_counter_ns()
    if gather:
        tested = time.perf_counter_ns()
        outcome_of(results, run)
        last += time.perf_counter_ns() - tested
    return Timed((first - began) / 1e6, (last - began) / 1e6, _stages(run), results, run)


def _warm(store: Any, fill: str) -> dict[str, Any]:
    """Median of a few runs in this process; the stages of the run that came out in the middle."""
    runs: list[Timed] = []
    while len(runs) < 7 and (len(runs) < 3 or sum(one.last_ms for one in runs) < 5000):
        timed = _backtest(store, fill, gather=True)
        runs.append(timed._replace(results=[], run=None))
    runs.sort(key=lambda one: one.last_ms)
    middle = runs[len(runs) // 2]
    firsts = sorted(one.first_ms for one in runs)
    return {
        "first_ms": firsts[len(firsts) // 2],
        "last_ms": middle.last_ms,
        "repeats": len(runs),
        "stages_ms": middle.stages_ms,
    }


def _stages(run: Any) -> dict[str, float]:
    """Milliseconds a stage, where the run tells them."""
    stages: Mapping[str, float] | None = getattr(run, "timings", None)
    return {name: float(value) for name, value in stages.items()} if stages else {}


def outcome_of(results: list[Any], run: Any) -> Outcome:
    """Join results to contiguous arrays, in the order of the symbols."""
    from benchmarks.outcome import METRICS, TRADE_COLUMNS, gather

    results = sorted(results, key=lambda result: result.instrument)
    parts = []
    for result in results:
        trades = result.trades if result.trades is not None else run[result.instrument].trades
        metrics = {name: _number(result.metrics[name]) for name in METRICS}
        columns = {name: getattr(trades, name) for name in TRADE_COLUMNS}
        parts.append((columns, "open_at_end" in result.flags, result.final_equity, metrics))
    return gather(*zip(*parts, strict=True))


def _number(value: float | None) -> float:
    """NaN where there is no value."""
    return float("nan") if value is None else float(value)


if __name__ == "__main__":
    main()
