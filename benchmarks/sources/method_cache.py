"""A source's cache: one series with the cache empty and full, and a day of requests; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.panel import Panel
from benchmarks.sources import trace
from benchmarks.sources.method_phases import PHASES, TTL_S, Coins

REPEATS = 9


def main() -> None:
    """Do one of the two."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["series", "day"])
    parser.add_argument("url")
    parser.add_argument("cache")
    parser.add_argument("--range", nargs=2)
    parser.add_argument("--panel", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    said = _series(asked) if asked.stage == "series" else _day(asked)
    print(json.dumps(said))


def _series(asked: argparse.Namespace) -> dict[str, Any]:
    """One coin: query, JSON and Redis; then Redis and JSON."""
    source = Coins(asked.url, asked.cache, PHASES["3"], *asked.range)
    source.frame(0)
    took: dict[str, list[float]] = {"miss": [], "hit": []}
    frame: Any = None
    for _ in range(REPEATS):
        assert source.cache is not None
        source.cache.flushdb()
        for name, times in took.items():
            began = time.perf_counter_ns()
            frame = source.frame(0)
            times.append((time.perf_counter_ns() - began) / 1e6)
            assert name in took
    times_us = frame["datetime"].to_numpy().astype("datetime64[us]").astype(np.int64)
    prices = {name: frame[f"{name}_price"].to_numpy() for name in ("open", "high", "low", "close")}
    np.savez(asked.outcome, ts=times_us, **prices, volume=frame["volume"].to_numpy())
    return {f"{name}_ms": median(times) for name, times in took.items()}


def _day(asked: argparse.Namespace) -> dict[str, Any]:
    """Every look-up of a day; what would have expired by the minute of a request is removed before it."""
    handed = Panel.load(asked.panel)
    ts = handed.columns["ts"]
    expires: dict[str, int] = {}
    hits = looked = 0
    for request in trace.requests(asked.seed, len(handed.symbols), handed.offsets[1]):
        for number in request.series:
            at = handed.offsets[number]
            start, end = (str(ts[at + place].astype("datetime64[us]")) for place in (request.first, request.last))
            source = _source(asked, start, end)
            key = f"prices:{number}:{start}:{end}"
            assert source.cache is not None
            if expires.get(key, 1 << 30) <= request.minute:
                source.cache.delete(key)
            looked += 1
            if source.cache.exists(key):
                hits += 1
                continue
            expires[key] = request.minute + TTL_S // 60
            source.frame(number)
    return {"looked": looked, "hits": hits}


_open: list[Coins] = []


def _source(asked: argparse.Namespace, start: str, end: str) -> Coins:
    """One set of connections, asked for another range each time."""
    if not _open:
        _open.append(Coins(asked.url, asked.cache, PHASES["3"], start, end))
    _open[0].start, _open[0].end = start, end
    return _open[0]


if __name__ == "__main__":
    main()
