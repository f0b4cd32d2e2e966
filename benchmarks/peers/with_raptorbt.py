"""RaptorBT: one compiled call an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import nan
from typing import Any

import numpy as np
import raptorbt

from benchmarks.handover import CASH, FEE, Handover
from benchmarks.outcome import Outcome, gather
from benchmarks.peers.measure import main

PERIODS_A_YEAR = 8766.0


class RaptorPeer:
    """Instrument after instrument on one thread or several, written `threads:2`."""

    def __init__(self, handed: Handover, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        self.metrics = metrics
        self.threads = int(layout.partition(":")[2])
        timing = "same_bar_close" if fill == "close" else "next_bar_open"
        self.config = raptorbt.BacktestConfig(
            initial_capital=CASH, fees=FEE, slippage=0.0, fill_timing=timing, periods_per_year=PERIODS_A_YEAR
        )
        self.handed = handed._replace(ts=handed.ts * 1000)

    def run(self) -> Outcome:
        """Simulate every instrument."""
        if self.threads == 1:
            parts = [self._instrument(*arrays) for arrays in zip(*self.handed, strict=True)]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(self._instrument, *self.handed))
        return gather(*zip(*parts, strict=True))

    def close(self) -> None:
        """Threads end with each run."""

    def _instrument(self, *arrays: Any) -> tuple[dict[str, Any], bool, float, dict[str, float]]:
        """Trades, open position, final value and metrics of one instrument."""
        ts, opens, high, low, close, volume, enter, leave = arrays
        result = raptorbt.run_single_backtest(
            ts, opens, high, low, close, volume, enter, leave, direction=1, weight=1.0, symbol="B", config=self.config
        )
        rows, told = result.trades(), result.metrics
        is_open = bool(rows) and rows[-1].exit_reason == "EndOfData"
        closed = rows[:-1] if is_open else rows
        n, trades = len(closed), trades_of(closed)
        metrics = {
            "total_return": told.total_return_pct / 100,
            "max_drawdown": -told.max_drawdown_pct / 100,
            "sharpe": told.sharpe_ratio,
            "sortino": nan if told.sortino_ratio is None else told.sortino_ratio,
            "win_rate": told.win_rate_pct / 100 if n else nan,
            "profit_factor": nan if told.profit_factor is None else told.profit_factor,
            "expectancy": told.expectancy if n else nan,
            "trades": float(told.total_closed_trades),
        }
        return trades, is_open, float(told.end_value), {name: metrics[name] for name in self.metrics}


def trades_of(closed: Sequence[Any]) -> dict[str, Any]:
    """Columns of closed trades."""
    n = len(closed)
    return {
        "entry_bar": np.fromiter((row.entry_idx for row in closed), np.int64, n),
        "exit_bar": np.fromiter((row.exit_idx for row in closed), np.int64, n),
        "entry_price": np.fromiter((row.entry_price for row in closed), np.float64, n),
        "exit_price": np.fromiter((row.exit_price for row in closed), np.float64, n),
        "quantity": np.fromiter((row.size for row in closed), np.float64, n),
        "profit": np.fromiter((row.pnl for row in closed), np.float64, n),
    }


def layouts(instruments: int, cores: int) -> Sequence[str]:
    """One thread, and as many as there are cores."""
    return ["threads:1"] if min(cores, instruments) == 1 else ["threads:1", f"threads:{cores}"]


if __name__ == "__main__":
    main(RaptorPeer, layouts)
