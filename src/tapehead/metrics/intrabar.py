"""Intrabar: how much of a result hangs on the order of prices inside a bar, which bars do not tell."""

import numpy as np

from tapehead.metrics.definitions import Value
from tapehead.model.trades import Trades


def ambiguous_trades(trades: Trades) -> Value:
    """Return the number of closed trades whose exit another order of prices would have made another."""
    return int(np.count_nonzero(trades.ambiguous)), ""


def ambiguous_profit(trades: Trades) -> Value:
    """Return the share of what trades moved, wins and losses by size, that ambiguous ones moved."""
    sizes = np.abs(trades.profit)
    total = float(sizes.sum())
    if not len(trades):
        return None, "no_trades"
    return (float(sizes[trades.ambiguous].sum()) / total, "") if total > 0 else (None, "no_profit")
