"""Curve: equity at bar closes, from the trades alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import equity_at
from tapehead.layout.columns import SIGNAL
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades
from tapehead.simulation.simulate import Position

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Curve(NamedTuple):
    """Equity (quote currency) at the closes of bars that opened at `ts` (us UTC)."""

    ts: I64
    equity: F64


def curve(
    bars: Bars, trades: Trades, rules: Rules, points: int | None = None, *, position: Position | None = None
) -> Curve:
    """Return equity at every bar close from the start on, or at `points` of them, evenly spaced with both ends.

    Parameters
    ----------
    bars, trades, rules
        What was simulated, by which rules.
    points : int, at least 2, optional
        Most points wanted.
    position : Position, optional
        What is still open after the last trade; without it equity is the cash left by the trades.
    """
    n = len(bars) - bars.warm
    if n <= 0:
        return Curve(np.empty(0, np.int64), np.empty(0))
    at = np.arange(n) if points is None or n <= points else np.arange(points) * (n - 1) // (points - 1)
    entries, exits, reasons = trades.entry_bar, trades.exit_bar, trades.reason
    paid, got, quantities = trades.entry_price, trades.exit_price, trades.quantity
    if position is not None:
        entries = np.append(entries, np.int32(position.entry_bar))
        exits = np.append(exits, np.int32(n))
        reasons = np.append(reasons, np.uint8(SIGNAL))
        paid, got = np.append(paid, position.entry_price), np.append(got, 0.0)
        quantities = np.append(quantities, position.quantity)
    out = np.empty(at.shape[0])
    equity_at(
        readonly(bars.close[bars.warm :]),
        rules.cash,
        rules.taker,
        readonly(entries),
        readonly(exits),
        readonly(paid),
        readonly(got),
        readonly(quantities),
        readonly(reasons),
        readonly(at),
        out,
    )
    return Curve(bars.ts[at + bars.warm], out)
