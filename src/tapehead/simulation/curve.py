"""Curve: equity at bar closes, from the rows of the walk."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import equity_at
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.simulation.simulate import Simulated

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Curve(NamedTuple):
    """Equity (quote currency) at the closes of bars that opened at `ts` (us UTC)."""

    ts: I64
    equity: F64


def curve(bars: Bars, simulated: Simulated, rules: Rules, points: int | None = None) -> Curve:
    """Return equity at every bar close from the start on, or at `points` of them, evenly spaced with both ends."""
    n = len(bars) - bars.warm
    if n <= 0:
        return Curve(np.empty(0, np.int64), np.empty(0))
    at = np.arange(n) if points is None or n <= points else np.arange(points) * (n - 1) // (points - 1)
    at = at + bars.warm
    out = np.empty(at.shape[0])
    ledger = simulated.ledger
    equity_at(readonly(bars.close), rules.cash, ledger.rows, ledger.bars, ledger.money, readonly(at), out)
    return Curve(bars.ts[at], out)
