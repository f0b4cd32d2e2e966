"""Tapehead's tiers: one series with them empty and full, and a day of requests; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import tapehead as th
from benchmarks.panel import Panel
from benchmarks.sources import trace

REPEATS = 25
READ = ("ts", "open", "high", "low", "close", "volume")


def main() -> None:
    """Do one of the two."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["series", "day"])
    parser.add_argument("url")
    parser.add_argument("panel", type=Path)
    parser.add_argument("--range", nargs=2)
    parser.add_argument("--empty", default="", help="a Redis to be emptied before each miss")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    handed = Panel.load(asked.panel)
    with th.open(asked.url) as store:
        said = _series(store, handed, asked) if asked.stage == "series" else _day(store, handed, asked.seed)
    print(json.dumps(said))


def _series(store: th.Store, handed: Panel, asked: argparse.Namespace) -> dict[str, Any]:
    """One series; with a Redis it is emptied before each miss, else the first read is the miss."""
    symbol, other = handed.symbols[0], handed.symbols[1]
    store.bars(other, "1h", *asked.range)
    misses, hits = [], []
    for _ in range(REPEATS):
        if asked.empty:
            _flush(asked.empty)
        if asked.empty or not misses:
            misses.append(_timed(store, symbol, asked.range))
        hits.append(_timed(store, symbol, asked.range))
    bars = store.bars(symbol, "1h", *asked.range)
    if asked.outcome:
        np.savez(asked.outcome, **{name: getattr(bars, name) for name in READ})
    return {"miss_ms": median(misses), "hit_ms": median(hits)}


def _timed(store: th.Store, symbol: str, span: list[str]) -> float:
    """Milliseconds of one look."""
    began = time.perf_counter_ns()
    store.bars(symbol, "1h", *span)
    return (time.perf_counter_ns() - began) / 1e6


def _day(store: th.Store, handed: Panel, seed: int) -> dict[str, Any]:
    """Every look-up of a day; a miss is a segment that came out of the database."""
    ts = handed.columns["ts"]
    looked = 0
    for request in trace.requests(seed, len(handed.symbols), handed.offsets[1]):
        at = handed.offsets[request.series[0]]
        start, last = (ts[at + place].astype("datetime64[us]") for place in (request.first, request.last))
        symbols = [handed.symbols[number] for number in request.series]
        store.bars(symbols, "1h", f"{start}Z", f"{last + np.timedelta64(1, 's')}Z")
        looked += len(symbols)
    return {"looked": looked, "hits": looked - store.house.shelf.tiers.stats().misses}


def _flush(url: str) -> None:
    """Empty a Redis."""
    import redis

    with redis.Redis.from_url(url) as cache:
        cache.flushall()


if __name__ == "__main__":
    main()
