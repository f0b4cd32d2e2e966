"""sums_of: the sums of returns of a line of equity, as a walk makes those of its own."""

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import moments as sums
from tapehead.kernels.account import LEDGER
from tapehead.kernels.jit import readonly
from tapehead.model.moments import Moments

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


def sums_of(equity: F64, ts: I64, interval_us: int, cash: float, profits: F64, held: int) -> tuple[Moments, F64]:
    """Return the moments of equity, shape (n,), at bars that open at `ts`, and its sums by block, shape (16, 4).

    Parameters
    ----------
    cash : float
        What there was before the first bar.
    profits : float64 array
        Of closed trades.
    held : int
        Bars in which something was held.
    """
    ledger = np.zeros((LEDGER, 1))
    ledger[2, 0] = 1.0
    blocks, out, room = np.empty((sums.BLOCKS, sums.POWERS)), np.empty(sums.MOMENTS), np.empty(sums.ROOM)
    line = readonly(equity)
    sums.moments(line, readonly(ts), interval_us, 0, cash, 1.0, ledger, 1, np.empty(0), room, blocks, out)
    won = profits > 0.0
    made = Moments(
        observations=equity.shape[0],
        total=float(out[sums.SUM]),
        squares=float(out[sums.SQUARES]),
        downside=float(out[sums.DOWNSIDE]),
        drawdown=float(out[sums.DRAWDOWN]),
        wet_bars=int(out[sums.WET_BARS]),
        wet_us=int(out[sums.WET_US]),
        held=held,
        wins=int(won.sum()),
        won=float(profits[won].sum()),
        lost=float(-profits[~won].sum()),
    )
    return made, blocks
