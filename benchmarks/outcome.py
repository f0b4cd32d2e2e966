"""Outcome: the manifest of outputs that every engine fills inside the clock, as contiguous arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

METRICS = ("total_return", "max_drawdown", "sharpe", "win_rate", "trades")
RATIOS = ("sortino", "profit_factor", "expectancy")
MANIFESTS = {"W1": METRICS, "W2": (), "W3": METRICS + RATIOS, "W5": METRICS}
"""The metrics that belong to the outputs of each workload; trades, positions and final value always do."""
TRADE_COLUMNS = {
    "entry_bar": np.int64,
    "exit_bar": np.int64,
    "entry_price": np.float64,
    "exit_price": np.float64,
    "quantity": np.float64,
    "profit": np.float64,
}


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Results of one engine on n instruments, in their order.

    Attributes
    ----------
    count : int64 array, shape (n,)
        Closed trades of each instrument.
    trades : mapping of name to array, shape (sum of count,)
        The columns of `TRADE_COLUMNS`, instrument after instrument; none where trades are no output.
    is_open : bool array, shape (n,)
        A position is held at the last close.
    final : float64 array, shape (n,)
        Equity at the last close.
    metrics : mapping of name to float64 array, shape (n,)
        The engine's own values of the workload's metrics, as fractions; NaN where it gives none.
    """

    count: NDArray[np.int64]
    trades: Mapping[str, NDArray[Any]]
    is_open: NDArray[np.bool_]
    final: NDArray[np.float64]
    metrics: Mapping[str, NDArray[np.float64]]

    def save(self, path: Path) -> None:
        """Write everything to one .npz file."""
        named: dict[str, Any] = {f"trades.{name}": values for name, values in self.trades.items()}
        named |= {f"metrics.{name}": values for name, values in self.metrics.items()}
        np.savez(path, count=self.count, is_open=self.is_open, final=self.final, **named)

    @staticmethod
    def load(path: Path) -> Outcome:
        """Undo `save`."""
        with np.load(path) as held:
            plain = {f.name: held[f.name] for f in fields(Outcome) if f.name in held}
            trades = {name: held[f"trades.{name}"] for name in TRADE_COLUMNS if f"trades.{name}" in held}
            metrics = {name.removeprefix("metrics."): held[name] for name in held if name.startswith("metrics.")}
        return Outcome(trades=trades, metrics=metrics, **plain)


def gather(
    trades: Sequence[Mapping[str, Any]],
    is_open: Sequence[bool],
    final: Sequence[float],
    metrics: Sequence[Mapping[str, float]],
) -> Outcome:
    """Join what an engine gave instrument by instrument."""
    return Outcome(
        count=np.array([len(one["entry_bar"]) for one in trades], np.int64),
        trades={
            name: np.concatenate([np.asarray(one[name], dtype) for one in trades])
            for name, dtype in TRADE_COLUMNS.items()
        },
        is_open=np.array(is_open, np.bool_),
        final=np.array(final, np.float64),
        metrics={name: np.array([one[name] for one in metrics], np.float64) for name in metrics[0]},
    )
