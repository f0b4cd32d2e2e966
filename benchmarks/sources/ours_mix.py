"""Tapehead's answers to the questions of the mix, out of a store in PostgreSQL; prints JSON."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import tapehead as th
from benchmarks.ours import peak_rss_mb
from benchmarks.panel import Panel
from benchmarks.sources.questions import ASKED, CLIENTS, SECONDS, Asking, saved


class Store:
    """The questions as calls."""

    def __init__(self, store: th.Store, symbols: tuple[str, ...], asking: Asking) -> None:
        self.store = store
        self.asking = asking
        self.one = symbols[asking.one]
        self.some = [symbols[place] for place in asking.some]

    def latest_of_one(self) -> dict[str, Any]:
        """The newest close of one."""
        return {"close": self.store.latest(symbols=[self.one], interval="1h", columns=["close"]).close}

    def latest_of_some(self) -> dict[str, Any]:
        """The newest close of each of some."""
        return {"close": self.store.latest(symbols=self.some, interval="1h", columns=["close"]).close}

    def month_of_one(self) -> dict[str, Any]:
        """A month of one."""
        return self._spans([self.one])

    def month_of_some(self) -> dict[str, Any]:
        """The same month of some."""
        return self._spans(self.some)

    def moved(self) -> dict[str, Any]:
        """Close at two moments of all."""
        before = self.store.latest(at=self.asking.start, interval="1h", columns=["close"])
        return {
            "before": before.close,
            "after": self.store.latest(at=self.asking.end, interval="1h", columns=["close"]).close,
        }

    def counts(self) -> dict[str, Any]:
        """How many bars of each, first and last."""
        rows = [row.intervals[0] for row in self.store.instruments()]
        return {
            "count": np.array([row[3] for row in rows], float),
            "first": np.array([row[1] // 1_000_000 for row in rows], float),
            "last": np.array([row[2] // 1_000_000 for row in rows], float),
        }

    def days_of_one(self) -> dict[str, Any]:
        """Daily highs, lows and closes of one."""
        bars = self.store.bars(self.one, "1d", self.asking.start)
        return {"high": np.sort(bars.high), "low": np.sort(bars.low), "close": np.sort(bars.close)}

    def highest_of_some(self) -> dict[str, Any]:
        """The highest high of each of some since a moment."""
        held = self.store.bars(self.some, "1h", self.asking.start, columns=["high"])
        return {"high": np.array([table.high.max() for table in held.values()])}

    def _spans(self, symbols: list[str]) -> dict[str, Any]:
        """A month of some."""
        columns = ["close", "volume"]
        held = list(self.store.bars(symbols, "1h", self.asking.start, self.asking.end, columns=columns).values())
        return {name: np.concatenate([getattr(table, name) for table in held]) for name in columns}


def main() -> None:
    """Ask everything, or let many clients ask the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["ask", "clients"])
    parser.add_argument("url")
    parser.add_argument("panel", type=Path)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    handed = Panel.load(asked.panel)
    with th.open(asked.url) as store:
        mine = Store(store, handed.symbols, Asking.of(handed))
        said = _ask(mine, asked.outcome) if asked.stage == "ask" else _load(mine.month_of_one)
    print(json.dumps({**said, "peak_rss_mb": peak_rss_mb()}))


def _ask(mine: Store, outcome: Path) -> dict[str, Any]:
    """Every question a few times."""
    said: dict[str, Any] = {"took": {}, "first": {}}
    answers = {}
    for name in ASKED:
        question: Callable[[], dict[str, Any]] = getattr(mine, name)
        took: list[float] = []
        while len(took) < 3 or (len(took) < 15 and sum(took) < 1000):
            began = time.perf_counter_ns()
            answers[name] = question()
            took.append((time.perf_counter_ns() - began) / 1e6)
        said["took"][name], said["first"][name] = median(took), took[0]
    saved(outcome, answers)
    return said


def _load(question: Callable[[], object]) -> dict[str, Any]:
    """So many clients ask the same again and again; how long each waited."""
    question()
    until = time.monotonic() + SECONDS

    def client(_: int) -> list[float]:
        took = []
        while time.monotonic() < until:
            began = time.perf_counter_ns()
            question()
            took.append((time.perf_counter_ns() - began) / 1e6)
        return took

    with ThreadPoolExecutor(CLIENTS) as pool:
        every = sorted(each for took in pool.map(client, range(CLIENTS)) for each in took)
    return {"p50": every[len(every) // 2], "p95": every[int(len(every) * 0.95)], "asked": len(every)}


if __name__ == "__main__":
    main()
