"""Tapehead on every instrument of a store in PostgreSQL, once, nothing read before; prints one JSON object.

With `--rehearse` another store, in a folder, is run first: then the kernels are loaded, as in a service that runs, and
of the data nothing is.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import tapehead as th
from benchmarks.ours import outcome_of, peak_rss_mb


def main() -> None:
    """Open, run, read back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rehearse", type=Path)
    parser.add_argument("--outcome", type=Path, required=True)
    asked = parser.parse_args()
    if asked.rehearse:
        with th.open(asked.rehearse) as other:
            other.backtest("RsiReversion", universe="crypto", fee="10bps", fresh=True).wait()
    opening = time.perf_counter_ns()
    with th.open(asked.url) as store:
        began = time.perf_counter_ns()
        run = store.backtest("RsiReversion", universe="crypto", fee="10bps", fresh=True)
        first = last = 0
        results = []
        for result in run:
            last = time.perf_counter_ns()
            first = first or last
            results.append(result)
        done_ms = (time.monotonic_ns() - int(os.environ["BENCH_SPAWNED_NS"])) / 1e6
        said = {
            "open_ms": (began - opening) / 1e6,
            "first_ms": (first - began) / 1e6,
            "last_ms": (last - began) / 1e6,
            "process_ms": done_ms,
            "peak_rss_mb": peak_rss_mb(),
            "stages_ms": {name: float(value) for name, value in run.timings.items()},
            "digest": run.receipt.digest,
        }
        outcome_of(results, run).save(asked.outcome)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
