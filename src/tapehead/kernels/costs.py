"""What trades would have made at another fee: the same fills, sizes from the equity that the other fee leaves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import short_kernel

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]

FRACTION, CASH, UNITS, RISK = 0, 1, 2, 3
TOLERANCE = 1e-12
"""To which a fee a side is known."""
SECANTS = 20
"""Steps along secants before the bracket is halved: rounding to lots makes the curve one of stairs."""


@short_kernel
def equity_at_fee(
    fee: float,
    side: I8,
    entry: F64,
    exit_: F64,
    stop: F64,
    last: float,
    cash: float,
    size: float,
    sizing: int,
    slippage: float,
    lot: float,
    multiplier: float,
) -> float:
    """Return the final equity at `fee` a side; an exit price of NaN marks the open position at `last`, without a fee.

    Rows are flat to flat and in order. Sizes by engine.md 10 with a leverage of at most 1; what comes after the cash is
    gone makes no trade. NaN where an equity is left that buys no lot: then a later wish would have been heard instead.
    """
    equity = cash
    grows = sizing in (FRACTION, RISK)
    for row in range(entry.shape[0]):
        price = entry[row] * multiplier
        # Divisions do not wait for the equity of the row before, so the processor overlaps those of many rows.
        affordable = 1.0 / (price * (1.0 + fee))
        if sizing in (FRACTION, CASH):
            wanted = size * affordable
        elif sizing == UNITS:
            wanted = size
        else:
            level = stop[row] * multiplier
            wanted = size / (abs(price - level) + fee * (price + level) + slippage * level)
        quantity = equity * min(wanted, affordable) if grows else min(wanted, equity * affordable)
        if lot > 0.0:
            quantity = np.floor(quantity / lot + 1e-9) * lot
        if not quantity > 0.0:
            if equity > 0.0:
                return np.nan
            continue
        if exit_[row] == exit_[row]:
            got = exit_[row] * multiplier
            equity = max(equity + quantity * (side[row] * (got - price) - (price + max(got, 0.0)) * fee), 0.0)
        else:
            equity += quantity * (side[row] * (last * multiplier - price) - price * fee)
    return equity


@short_kernel
def break_even(
    side: I8,
    entry: F64,
    exit_: F64,
    stop: F64,
    last: float,
    cash: float,
    size: float,
    sizing: int,
    slippage: float,
    lot: float,
    multiplier: float,
) -> tuple[float, float]:
    """Return the final equity without a fee, and the fee a side, in [0, 1), at which the final equity is `cash`.

    That fee is NaN where none loses already, and -1 where the first that loses leaves too little for a lot, so that
    nobody knows whether it does. A higher fee never leaves more, but for rounding to lots; the logarithm of
    what it leaves is nearly straight, so secants meet it in some five steps, of which the last few close the bracket.
    """
    free = equity_at_fee(0.0, side, entry, exit_, stop, last, cash, size, sizing, slippage, lot, multiplier)
    if not free >= cash:
        return free, np.nan
    low, high = 0.0, 1.0
    before, gain_before = 0.0, np.log(free / cash)
    fee = min(max(gain_before / (2.0 * entry.shape[0]), TOLERANCE), 0.5)
    steps = 0
    while high - low > TOLERANCE:
        left = equity_at_fee(fee, side, entry, exit_, stop, last, cash, size, sizing, slippage, lot, multiplier)
        if left >= cash:
            low = fee
        else:
            high = fee
        steps += 1
        gain = np.log(left / cash)
        met = fee - gain * (fee - before) / (gain - gain_before)
        if left > 0.0:
            before, gain_before = fee, gain
        # Half a tolerance beyond where it meets 0, seen from the nearer end, so that the other end comes close too.
        met = met + TOLERANCE / 2.0 if left >= cash else met - TOLERANCE / 2.0
        fee = met if steps < SECANTS and low < met < high else (low + high) / 2.0
    above = equity_at_fee(high, side, entry, exit_, stop, last, cash, size, sizing, slippage, lot, multiplier)
    return free, (low if above == above else -1.0)


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    rows = (np.ones(values.shape[0], np.int8), values.copy(), values.copy(), values.copy())
    equity_at_fee(0.0, *rows, 1.0, 1.0, 1.0, FRACTION, 0.0, 0.0, 1.0)
    break_even(*rows, 1.0, 1.0, 1.0, FRACTION, 0.0, 0.0, 1.0)
