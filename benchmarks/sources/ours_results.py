"""Tapehead's trades of one run among many, out of a store in PostgreSQL; prints JSON."""

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

NAMES = ("instrument", "entry_time", "quantity", "profit")
REPEATS = 9


def main() -> None:
    """Make the runs and write down all trades, or read those of one run a few times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["fill", "ask"])
    parser.add_argument("url")
    parser.add_argument("outcome", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--run", default="")
    asked = parser.parse_args()
    with th.open(asked.url) as store:
        print(json.dumps(_fill(store, asked) if asked.stage == "fill" else _ask(store, asked)))


def _fill(store: th.Store, asked: argparse.Namespace) -> dict[str, Any]:
    """A run a period, and their trades in one table."""
    every: list[dict[str, Any]] = []
    names = []
    for number in range(asked.runs):
        run = store.backtest("RsiReversion", universe="crypto", fee="10bps", period=7 + number)
        run.wait()
        names.append(run.id)
        held = trades_of(store, run.id)
        every.append({"run_id": np.full(len(held["profit"]), number, np.int32), **held})
    np.savez(asked.outcome, **{name: np.concatenate([one[name] for one in every]) for name in every[0]})
    return {"runs": names, "trades": sum(len(one["profit"]) for one in every)}


def _ask(store: th.Store, asked: argparse.Namespace) -> dict[str, Any]:
    """The trades of one run."""
    took = []
    held: dict[str, Any] = {}
    for _ in range(REPEATS):
        began = time.perf_counter_ns()
        held = trades_of(store, asked.run)
        took.append((time.perf_counter_ns() - began) / 1e6)
    np.savez(asked.outcome, **held)
    return {"first_ms": took[0], "ms": median(took), "peak_rss_mb": peak_rss_mb()}


def trades_of(store: th.Store, run: str) -> dict[str, Any]:
    """Closed trades of every instrument, by entry and instrument."""
    found = store.run(run).trades()
    changed = np.flatnonzero(found.instrument[1:] != found.instrument[:-1]) + 1
    place = np.zeros(found.rows, np.int32)
    place[changed] = 1
    columns = {
        "instrument": np.cumsum(place, dtype=np.int32),
        "entry_time": found.entry_bar.astype(np.int64),
        "quantity": found.quantity,
        "profit": found.profit,
    }
    order = np.lexsort((columns["instrument"], columns["entry_time"]))
    return {name: values[order] for name, values in columns.items()}


if __name__ == "__main__":
    main()
