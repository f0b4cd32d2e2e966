"""vectorbt: chunks of columns through Portfolio.from_signals, with either of its two engines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import vectorbt

from benchmarks.handover import CASH, FEE, Handover
from benchmarks.outcome import Outcome, gather
from benchmarks.peers.measure import main

# The peer's default year has 365 days; ours 365.25.
vectorbt.settings.returns["year_freq"] = "8766h"
WIDTHS = (1, 2, 4, 8, 16, 24, 48, 100)
CLOSED = 1


class Chunk(NamedTuple):
    """Columns side by side, shape (n_bars, width)."""

    close: Any
    price: Any
    enter: Any
    leave: Any


class VectorbtPeer:
    """One engine, chunk width and number of threads, written `rust:8:1`."""

    def __init__(self, handed: Handover, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        self.metrics = metrics
        engine, width, threads = layout.split(":")
        self.engine, self.threads = engine, int(threads)
        enter, leave, price = handed.shifted(fill)
        turned = [np.ascontiguousarray(values.T) for values in (handed.close, price, enter, leave)]
        step = int(width)
        cuts = range(0, len(handed.close), step)
        self.chunks = [Chunk(*(np.ascontiguousarray(values[:, cut : cut + step]) for values in turned)) for cut in cuts]

    def run(self) -> Outcome:
        """Simulate chunk by chunk."""
        if self.threads == 1:
            parts = [self._chunk(chunk) for chunk in self.chunks]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(self._chunk, self.chunks))
        return gather(*([one for part in parts for one in part[field]] for field in range(4)))

    def close(self) -> None:
        """Threads end with each run."""

    def _chunk(self, chunk: Chunk) -> tuple[list[Any], ...]:
        """Trades, open positions, final values and metrics of one chunk."""
        held = vectorbt.Portfolio.from_signals(
            chunk.close,
            chunk.enter,
            chunk.leave,
            price=chunk.price,
            fees=FEE,
            init_cash=CASH,
            freq="1h",
            engine=self.engine,
        )
        width = chunk.close.shape[1]
        rows = held.exit_trades.values
        closed = rows["status"] == CLOSED
        held_rows, owners = rows[closed], rows["col"][closed]
        cuts = np.searchsorted(owners, np.arange(width + 1))
        trades = [trades_of(held_rows[lo:hi]) for lo, hi in itertools.pairwise(cuts)]
        is_open = np.bincount(rows["col"][~closed], minlength=width) > 0
        found = figures(held, self.metrics)
        columns = {name: np.broadcast_to(np.asarray(values, np.float64), width) for name, values in found.items()}
        metrics = [{name: values[column] for name, values in columns.items()} for column in range(width)]
        return trades, list(is_open), list(np.broadcast_to(np.asarray(held.final_value()), width)), metrics


def figures(held: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The metrics that were asked for and no others; the closed trades are taken apart once."""
    if not names:
        return {}
    closed = held.exit_trades.closed
    makers: dict[str, Callable[[], Any]] = {
        "total_return": held.total_return,
        "max_drawdown": held.max_drawdown,
        "sharpe": held.sharpe_ratio,
        "sortino": held.sortino_ratio,
        "win_rate": closed.win_rate,
        "profit_factor": closed.profit_factor,
        "expectancy": closed.expectancy,
        "trades": closed.count,
    }
    return {name: makers[name]() for name in names}


def trades_of(rows: Any) -> dict[str, Any]:
    """Columns of the closed trades of one instrument."""
    return {
        "entry_bar": rows["entry_idx"],
        "exit_bar": rows["exit_idx"],
        "entry_price": rows["entry_price"],
        "exit_price": rows["exit_price"],
        "quantity": rows["size"],
        "profit": rows["pnl"],
    }


def layouts(instruments: int, cores: int) -> Sequence[str]:
    """Both engines, every width that fits, one thread and as many as there are cores."""
    widths = [width for width in WIDTHS if width <= instruments] or [instruments]
    threads = [1] if min(cores, instruments) == 1 else [1, cores]
    return [f"{engine}:{width}:{count}" for engine in ("rust", "numba") for width in widths for count in threads]


if __name__ == "__main__":
    main(VectorbtPeer, layouts)
