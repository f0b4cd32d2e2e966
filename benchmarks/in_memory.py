"""Tapehead on arrays in memory, without a store, measured by the peers' own loop.

Bars are made of the arrays outside the clock, as the others' layouts are. W2 asks for trades, positions and final
values only and calls the engine once an instrument; W3 asks for metrics too and gets them from `tapehead.simulate`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import nan
from statistics import median
from typing import Any

import numpy as np

import tapehead as th
from benchmarks import market
from benchmarks.handover import CASH, FEE, Handover
from benchmarks.outcome import TRADE_COLUMNS, Outcome, gather
from benchmarks.peers.measure import main
from tapehead.indicators.memo import Memo
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import Simulated
from tapehead.simulation.simulate import simulate as run_simulation
from tapehead.strategies.sma_cross import SmaCross

Part = tuple[Mapping[str, Any], bool, float, dict[str, float]]


class InMemory:
    """Instrument after instrument on one thread or several, written `threads:2`."""

    def __init__(self, handed: Handover, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        self.fill, self.metrics = fill, metrics
        self.threads = int(layout.partition(":")[2])
        self.rules = Rules(cash=CASH, fee=FEE, fill="close" if fill == "close" else "next_open")
        self.bars = [
            Bars.from_arrays(*columns, interval="1h", symbol=market.symbol(index))
            for index, columns in enumerate(zip(*handed[:6], strict=True))
        ]
        self.signals = [Signals(enter=enter, leave=leave) for enter, leave in zip(*handed[6:], strict=True)]
        self.stages_ms: dict[str, float] = {}
        self._firsts: list[float] = []

    def run(self) -> Outcome:
        """Simulate every instrument and join what came of it."""
        began = time.perf_counter_ns()
        one = self._measured if self.metrics else self._traded
        if self.threads == 1:
            parts, first = _listed(map(one, self.bars, self.signals))
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts, first = _listed(pool.map(one, self.bars, self.signals))
        simulated = time.perf_counter_ns()
        outcome = gather(*zip(*parts, strict=True))
        self._firsts.append((first - began) / 1e6)
        self.stages_ms |= {"simulate": (simulated - began) / 1e6, "gather": (time.perf_counter_ns() - simulated) / 1e6}
        return outcome

    @property
    def first_ms(self) -> float:
        """Time to the first instrument, median of the runs after the first."""
        return median(self._firsts[1:] or self._firsts)

    def indicators(self) -> None:
        """Time the stage that no engine's figure holds: the means of W3 and their crossings.

        Raises
        ------
        ValueError
            They are not the signals that were handed over, made of whole numbers by the twin.
        """
        if not self.metrics:
            return
        began = time.perf_counter_ns()
        found = [SmaCross(fast=30, slow=150).signals(bars) for bars in self.bars]
        made = [(np.asarray(one.enter), np.asarray(one.leave)) for one in found]
        self.stages_ms["indicators"] = (time.perf_counter_ns() - began) / 1e6
        for (enter, leave), wanted in zip(made, self.signals, strict=True):
            if not (np.array_equal(enter, wanted.enter) and np.array_equal(leave, wanted.leave)):
                raise ValueError("Crossings of Tapehead's means are not those of the twin")

    def close(self) -> None:
        """Threads end with each run."""

    def _traded(self, bars: Bars, signals: Signals) -> Part:
        """Trades, open position and final value of one instrument."""
        signals.check(len(bars), "benchmark", bars.series.instrument)
        return _part(run_simulation(bars, signals, self.rules, Memo()), {})

    def _measured(self, bars: Bars, signals: Signals) -> Part:
        """The same, and its metrics."""
        done = th.simulate(bars, signals, fee=FEE, cash=CASH, fill=self.fill)
        metrics = {name: done.metrics[name] for name in self.metrics}
        return _part(done, {name: nan if value is None else value for name, value in metrics.items()})


def _listed(parts: Iterable[Part]) -> tuple[list[Part], int]:
    """Every part, and when the first one was there."""
    held: list[Part] = []
    first = 0
    for part in parts:
        first = first or time.perf_counter_ns()
        held.append(part)
    return held, first


def _part(done: Simulated | th.Simulation, metrics: dict[str, float]) -> Part:
    """What one instrument adds to an Outcome."""
    columns = {name: getattr(done.trades, name) for name in TRADE_COLUMNS}
    return columns, done.position is not None, done.final_equity, metrics


def layouts(instruments: int, cores: int) -> Sequence[str]:
    """One thread, and as many as there are cores."""
    return ["threads:1"] if min(cores, instruments) == 1 else ["threads:1", f"threads:{cores}"]


if __name__ == "__main__":
    main(InMemory, layouts)
