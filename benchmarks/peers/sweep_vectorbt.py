"""vectorbt on many pairs: chunks of columns through Portfolio.from_signals; one column of prices serves all of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import vectorbt

from benchmarks.handover import CASH, FEE
from benchmarks.outcome import Outcome, gather
from benchmarks.pairs import PROVED, Handed
from benchmarks.peers.measure import main
from benchmarks.peers.with_vectorbt import CLOSED, figures, layouts, trades_of


class SweepVectorbt:
    """One engine, chunk width and number of threads, written `rust:8:1`."""

    def __init__(self, handed: Handed, fill: str, layout: str, metrics: tuple[str, ...]) -> None:
        self.metrics = metrics
        engine, width, threads = layout.split(":")
        self.engine, self.threads, self.width = engine, int(threads), int(width)
        enter, leave, price = handed.shifted(fill)
        self.closes, self.price = (np.array(values)[:, None] for values in (handed.close, price))
        self.wishes = [
            tuple(np.ascontiguousarray(values[cut : cut + self.width].T) for values in (enter, leave))
            for cut in range(0, len(enter), self.width)
        ]

    def run(self) -> Outcome:
        """Simulate chunk by chunk."""
        if self.threads == 1:
            parts = [self._chunk(*wishes) for wishes in self.wishes]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(lambda wishes: self._chunk(*wishes), self.wishes))
        counts, is_open, finals, rows = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
        metrics = dict(zip(self.metrics, rows, strict=True))
        return Outcome(counts.astype(np.int64), {}, is_open, finals, metrics)

    def proof(self) -> Outcome:
        """The trades of the first pairs."""
        return gather(*zip(*itertools.islice(self._proved(), PROVED), strict=True))

    def close(self) -> None:
        """Threads end with each run."""

    def _proved(self) -> Iterator[tuple[dict[str, Any], bool, float, dict[str, float]]]:
        """Trades, open position and final value, pair after pair."""
        for enter, leave in self.wishes:
            held = self._held(enter, leave)
            rows, width = held.exit_trades.values, enter.shape[1]
            finals = np.broadcast_to(np.asarray(held.final_value()), width)
            for column in range(width):
                own = rows[rows["col"] == column]
                closed = own["status"] == CLOSED
                yield trades_of(own[closed]), bool((~closed).any()), float(finals[column]), {}

    def _held(self, enter: Any, leave: Any) -> Any:
        """The portfolio of one chunk."""
        return vectorbt.Portfolio.from_signals(
            self.closes,
            enter,
            leave,
            price=self.price,
            fees=FEE,
            init_cash=CASH,
            freq="1h",
            engine=self.engine,
        )

    def _chunk(self, enter: Any, leave: Any) -> tuple[Any, Any, Any, Any]:
        """Counts, open positions, final values and metrics of one chunk."""
        held, width = self._held(enter, leave), enter.shape[1]
        rows = held.exit_trades.values
        is_open = np.bincount(rows["col"][rows["status"] != CLOSED], minlength=width) > 0
        found = figures(held, self.metrics)
        columns = np.array([np.broadcast_to(np.asarray(found[name], np.float64), width) for name in self.metrics])
        finals = np.broadcast_to(np.asarray(held.final_value()), width)
        return columns[self.metrics.index("trades")], is_open, finals, columns


if __name__ == "__main__":
    main(SweepVectorbt, layouts, Handed.load)
