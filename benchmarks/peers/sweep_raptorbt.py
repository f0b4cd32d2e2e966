"""RaptorBT on many pairs: one compiled call a pair, or a batch of all of them, which it runs on every core itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import nan
from typing import Any

import numpy as np
import raptorbt

from benchmarks.handover import CASH, FEE
from benchmarks.outcome import Outcome, gather
from benchmarks.pairs import PROVED, Handed
from benchmarks.peers.measure import main
from benchmarks.peers.with_raptorbt import PERIODS_A_YEAR, layouts, trades_of


class SweepRaptor:
    """Pair after pair on one thread or several, written `threads:2`, or all in one call, `batch:2`."""

    def __init__(self, handed: Handed, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        self.metrics = metrics
        self.way, _, count = layout.partition(":")
        self.threads = int(count)
        timing = "same_bar_close" if fill == "close" else "next_bar_open"
        self.config = raptorbt.BacktestConfig(
            initial_capital=CASH, fees=FEE, slippage=0.0, fill_timing=timing, periods_per_year=PERIODS_A_YEAR
        )
        prices = (handed.ts * 1000, handed.open, handed.high, handed.low, handed.close, handed.volume)
        self.prices = [np.array(values) for values in prices]
        self.wishes = [
            (np.array(enter), np.array(leave)) for enter, leave in zip(handed.enter, handed.leave, strict=True)
        ]

    def run(self) -> Outcome:
        """Simulate every pair."""
        if self.way == "batch":
            items = [raptorbt.BatchSingleItem(str(k), *wishes) for k, wishes in enumerate(self.wishes)]
            found = raptorbt.batch_single_backtest(*self.prices, items, config=self.config)
            parts = [self._told(result.metrics) for _, result in found]
        elif self.threads == 1:
            parts = [self._pair(*wishes) for wishes in self.wishes]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(lambda wishes: self._pair(*wishes), self.wishes))
        rows = np.array(parts).T
        metrics = dict(zip(self.metrics, rows[2:], strict=True))
        return Outcome(metrics["trades"].astype(np.int64), {}, rows[0] != 0, rows[1], metrics)

    def proof(self) -> Outcome:
        """The trades of the first pairs."""
        parts = []
        for wishes in self.wishes[:PROVED]:
            result = self._result(*wishes)
            rows = result.trades()
            is_open = bool(rows) and rows[-1].exit_reason == "EndOfData"
            closed = trades_of(rows[:-1] if is_open else rows)
            parts.append((closed, is_open, float(result.metrics.end_value), {}))
        return gather(*zip(*parts, strict=True))

    def close(self) -> None:
        """Threads end with each run."""

    def _result(self, enter: Any, leave: Any) -> Any:
        """What the tool gives for one pair."""
        return raptorbt.run_single_backtest(
            *self.prices, enter, leave, direction=1, weight=1.0, symbol="B", config=self.config
        )

    def _pair(self, enter: Any, leave: Any) -> list[float]:
        """Open position, final value and metrics of one pair."""
        return self._told(self._result(enter, leave).metrics)

    def _told(self, told: Any) -> list[float]:
        """The same, from the tool's metrics."""
        n = told.total_closed_trades
        metrics = {
            "total_return": told.total_return_pct / 100,
            "max_drawdown": -told.max_drawdown_pct / 100,
            "sharpe": told.sharpe_ratio,
            "sortino": nan if told.sortino_ratio is None else told.sortino_ratio,
            "win_rate": told.win_rate_pct / 100 if n else nan,
            "trades": float(n),
        }
        is_open = told.total_open_trades != 0
        return [float(is_open), float(told.end_value), *(metrics[name] for name in self.metrics)]


def _layouts(pairs: int, cores: int) -> Sequence[str]:
    """One thread, as many as there are cores, and one batch."""
    return [*layouts(pairs, cores), f"batch:{cores}"]


if __name__ == "__main__":
    main(SweepRaptor, layouts, Handed.load)
