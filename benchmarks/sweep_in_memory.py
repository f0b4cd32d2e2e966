"""Tapehead on many pairs of averages: averages, crossings, walks and metrics inside the clock, no store.

Threads, written `threads:2`, take one tile of near pairs after another, each with a memo of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.handover import CASH, FEE
from benchmarks.outcome import TRADE_COLUMNS, Outcome, gather
from benchmarks.pairs import LEVELS, PROVED, Handed
from benchmarks.peers.measure import main
from tapehead.indicators.memo import Memo
from tapehead.layout.cells import CELL_METRICS
from tapehead.metrics.columns import cell_columns
from tapehead.model.bars import F64, Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.curve import curve
from tapehead.simulation.score import FLAGS, SUMS, score
from tapehead.simulation.simulate import simulate
from tapehead.strategies.sma_cross import SmaCross
from tapehead.strategies.strategy import prepared, read_parameters

MOST = 1_000
"""Sets of a tile: as many as one thread gets, up to this."""
MEMO_BYTES = 24 * 1024 * 1024
_COUNT, _FINAL = SUMS.index("trades"), SUMS.index("final_equity")
_OPEN = np.uint32(1 << FLAGS.index("open_at_end"))


class SweepInMemory:
    """Every pair on one instrument."""

    def __init__(self, handed: Handed, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        self.threads, self.metrics = int(layout.partition(":")[2]), metrics
        more: dict[str, Any] = LEVELS if str(handed.kind) == "b" else {}
        self.rules = Rules(cash=CASH, fee=FEE, fill="close" if fill == "close" else "next_open", **more)
        self.mirrored = bool(more)
        self.bars = Bars.from_arrays(*handed[:6], interval="1h", symbol="B0000USDT")
        pairs = [read_parameters(SmaCross, {"fast": fast, "slow": slow}) for fast, slow in handed.pairs.tolist()]
        size = min(MOST, -(-len(pairs) // self.threads))
        self.tiles = [pairs[lo : lo + size] for lo in range(0, len(pairs), size)]
        self.stages_ms: dict[str, float] = {}

    def run(self) -> Outcome:
        """Score every tile and join what came of it."""
        self._clock = {"signals": 0.0, "walk": 0.0, "metrics": 0.0}
        if self.threads == 1:
            parts = [self._tile(tile) for tile in self.tiles]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(self._tile, self.tiles))
        self.stages_ms = {name: spent / 1e6 / self.threads for name, spent in self._clock.items()}
        counts, is_open, finals, rows = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
        metrics = {name: rows[CELL_METRICS.index(name)] for name in self.metrics}
        return Outcome(counts.astype(np.int64), {}, is_open, finals, metrics)

    def proof(self) -> Outcome:
        """The trades of the first pairs, simulated one by one."""
        parts = []
        for pair in self.tiles[0][:PROVED]:
            done = simulate(self.bars, self._signals(pair, Memo()), self.rules, Memo())
            columns = {name: getattr(done.trades, name) for name in TRADE_COLUMNS}
            parts.append((columns, done.position is not None, done.final_equity, {}))
        return gather(*zip(*parts, strict=True))

    def close(self) -> None:
        """Threads end with each run."""

    def _tile(self, tile: Sequence[Any]) -> tuple[Any, Any, Any, F64]:
        """Counts, open positions, final values and metrics of one tile."""
        memo, clock = Memo(MEMO_BYTES), {"signals": 0}
        began = time.perf_counter_ns()

        def each() -> Iterator[Signals]:
            for pair in tile:
                before = time.perf_counter_ns()
                signals = self._signals(pair, memo)
                clock["signals"] += time.perf_counter_ns() - before
                yield signals

        found = score(self.bars, each(), self.rules, memo, decisions=False)
        walked = time.perf_counter_ns()

        def equity(cell: int) -> F64:
            done = simulate(self.bars, self._signals(tile[cell], memo), self.rules, memo)
            return curve(self.bars, done.ledger, self.rules).equity

        sums = {name: np.ascontiguousarray(found.sums[:, k]) for k, name in enumerate(SUMS)}
        rows = cell_columns(sums, self.bars, self.rules, found.observations, equity).values
        self._clock["signals"] += clock["signals"]
        self._clock["walk"] += walked - began - clock["signals"]
        self._clock["metrics"] += time.perf_counter_ns() - walked
        return found.sums[:, _COUNT], (found.flags & _OPEN) != 0, found.sums[:, _FINAL], rows

    def _signals(self, pair: Any, memo: Memo) -> Signals:
        """What one pair wants, asked as a job asks it."""
        with memo:
            wanted = prepared(SmaCross, pair).signals(self.bars)
        if self.mirrored:
            up, down = wanted.enter, wanted.leave
            wanted = Signals(enter=up, leave=down, enter_short=down, leave_short=up)
        wanted.check(len(self.bars), "benchmark", "B0000USDT")
        return wanted


def layouts(pairs: int, cores: int) -> Sequence[str]:
    """One thread, and as many as there are cores."""
    return ["threads:1"] if min(cores, pairs) == 1 else ["threads:1", f"threads:{cores}"]


if __name__ == "__main__":
    main(SweepInMemory, layouts, Handed.load)
