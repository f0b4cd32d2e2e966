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
from benchmarks.market import HOUR_US
from benchmarks.ours import peak_rss_mb
from benchmarks.panel import Panel
from benchmarks.sources.questions import ASKED, BEST, CHANGED, CLIENTS, PAGE, SECONDS, Asking, saved


class Store:
    """The questions as calls."""

    def __init__(self, store: th.Store, symbols: tuple[str, ...], asking: Asking) -> None:
        self.store = store
        self.asking = asking
        self.one = symbols[asking.one]
        self.some = [symbols[place] for place in asking.some]
        self.every = list(symbols)

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

    def lowest_of_some(self) -> dict[str, Any]:
        """The lowest low of each of some since a moment."""
        held = self.store.bars(self.some, "1h", self.asking.start, columns=["low"])
        return {"low": np.array([table.low.min() for table in held.values()])}

    def volume_of_some(self) -> dict[str, Any]:
        """What was traded of each of some in a month."""
        held = self.store.bars(self.some, "1h", self.asking.start, self.asking.end, columns=["volume"])
        return {"volume": np.array([table.volume.sum() for table in held.values()])}

    def moment_of_some(self) -> dict[str, Any]:
        """The close of each of some at a moment."""
        return {
            "close": self.store.latest(symbols=self.some, at=self.asking.end, interval="1h", columns=["close"]).close
        }

    def oldest_of_some(self) -> dict[str, Any]:
        """The first close of each of some."""
        first = {row.instrument.symbol: row.intervals[0][1] for row in self.store.instruments()}
        starts = [first[symbol] for symbol in self.some]
        held = self.store.bars(self.some, "1h", min(starts), max(starts) + HOUR_US, columns=["close"])
        return {"close": np.array([table.close[0] for table in held.values()])}

    def latest_of_all(self) -> dict[str, Any]:
        """The newest close of all."""
        return {"close": self.store.latest(interval="1h", columns=["close"]).close}

    def day_of_all(self) -> dict[str, Any]:
        """High and low of all on a day."""
        held = self._day(["high", "low"])
        return {
            "high": np.array([table.high.max() for table in held.values()]),
            "low": np.array([table.low.min() for table in held.values()]),
        }

    def gainers(self) -> dict[str, Any]:
        """Those that rose most between two moments."""
        moved = self.moved()
        return _best(moved["after"] / moved["before"], "times")

    def busiest(self) -> dict[str, Any]:
        """Those that were traded most on a day."""
        return _best(np.array([table.volume.sum() for table in self._day(["volume"]).values()]), "volume")

    def weeks_of_one(self) -> dict[str, Any]:
        """Weekly highs and lows of one, all of the time."""
        bars = self.store.bars(self.one, "1w")
        return {"high": bars.high, "low": bars.low}

    def pair(self) -> dict[str, Any]:
        """Closes of two at the times both have, a month."""
        asked = ([self.some[0], self.some[-1]], "1h", self.asking.start, self.asking.end)
        one, other = self.store.bars(*asked, columns=["ts", "close"]).values()
        _, left, right = np.intersect1d(one.ts, other.ts, assume_unique=True, return_indices=True)
        return {"one": one.close[left], "other": other.close[right]}

    def gaps_of_one(self) -> dict[str, Any]:
        """How many hours of one are missing between its first and its last."""
        _, first, last, count, *_ = next(
            row for row in self.store.instruments(self.one) if row.instrument.symbol == self.one
        ).intervals[0]
        return {"missing": np.array([(last - first) // HOUR_US + 1 - count], float)}

    def page_of_one(self) -> dict[str, Any]:
        """The second page of one, newest first."""
        bars = self.store.bars(self.one, "1h", columns=["close", "volume"])
        return {name: getattr(bars, name)[::-1][PAGE : 2 * PAGE] for name in ("close", "volume")}

    def _day(self, columns: list[str]) -> dict[str, Any]:
        """A day of all."""
        return self.store.bars(self.every, "1h", self.asking.day, self.asking.end, columns=columns)

    def _spans(self, symbols: list[str]) -> dict[str, Any]:
        """A month of some."""
        columns = ["close", "volume"]
        held = list(self.store.bars(symbols, "1h", self.asking.start, self.asking.end, columns=columns).values())
        return {name: np.concatenate([getattr(table, name) for table in held]) for name in columns}


def _best(values: Any, name: str) -> dict[str, Any]:
    """The places and values of the greatest, greatest first."""
    order = np.lexsort((np.arange(len(values)), -values))[:BEST]
    return {"stock": order.astype(float), name: values[order]}


def main() -> None:
    """Ask everything, or let many clients ask the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["ask", "clients", "change"])
    parser.add_argument("url")
    parser.add_argument("panel", type=Path)
    parser.add_argument("--outcome", type=Path)
    asked = parser.parse_args()
    handed = Panel.load(asked.panel)
    with th.open(asked.url) as store:
        mine = Store(store, handed.symbols, Asking.of(handed))
        if asked.stage == "change":
            said = _changed(store, handed)
        else:
            said = _ask(mine, asked.outcome) if asked.stage == "ask" else _load(mine.month_of_one)
    print(json.dumps({**said, "peak_rss_mb": peak_rss_mb()}))


def _changed(store: th.Store, handed: Panel) -> dict[str, Any]:
    """Change every bar of the first stocks in one commit; return what all were traded then."""
    every = list(handed.parts())
    names = ("ts", "open", "high", "low", "close", "volume")
    changed = [
        th.Bars.from_arrays(
            *(columns[name] * (1 + (name == "volume")) for name in names), interval="1h", symbol=symbol, venue="bench"
        )
        for symbol, columns in every[: len(every) // CHANGED]
    ]
    began = time.perf_counter_ns()
    store.append(changed)
    took = (time.perf_counter_ns() - began) / 1e6
    volume = sum(
        float(table.volume.sum())
        for at in range(0, len(every), 100)
        for table in store.bars([symbol for symbol, _ in every[at : at + 100]], "1h", columns=["volume"]).values()
    )
    return {"ms": took, "volume": volume}


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
