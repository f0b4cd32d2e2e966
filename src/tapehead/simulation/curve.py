"""Curve: equity at bar closes, from the ledger alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import equity_at
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.simulation.ledger import Ledger

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Curve(NamedTuple):
    """Equity (quote currency) at the closes of bars that opened at `ts` (us UTC)."""

    ts: I64
    equity: F64


def curve(bars: Bars, ledger: Ledger, rules: Rules, points: int | None = None) -> Curve:
    """Return equity at every bar close from the start on, or at `points` of them, evenly spaced with both ends.

    Parameters
    ----------
    bars, ledger, rules
        What was simulated, what it held, by which rules.
    points : int, at least 2, optional
        Most points wanted.
    """
    n = len(bars) - bars.warm
    if n <= 0:
        return Curve(np.empty(0, np.int64), np.empty(0))
    every = points is None or n <= points
    at = np.arange(n) if points is None or every else np.arange(points) * (n - 1) // (points - 1)
    out = np.empty(at.shape[0])
    equity_at(readonly(bars.close[bars.warm :]), rules.cash, rules.multiplier, readonly(ledger.rows), readonly(at), out)
    return Curve(bars.ts[bars.warm :] if every else bars.ts[at + bars.warm], out)
