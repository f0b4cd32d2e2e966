"""What trades would have made at another fee: the same fills, sizes from the equity that the other fee leaves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import readonly, short_kernel

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]

FRACTION, CASH, UNITS, RISK = 0, 1, 2, 3
HALVINGS = 40
"""Of [0, 1): the rate is known to 1e-12."""


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

    Rows are flat to flat and in order. Sizes by engine.md 10 with a leverage of at most 1; what rounds to nothing, and
    what comes after the cash is gone, makes no trade.
    """
    equity = cash
    for row in range(entry.shape[0]):
        price = entry[row] * multiplier
        capped = equity / (price * (1.0 + fee))
        if sizing == FRACTION:
            quantity = size * equity / (price * (1.0 + fee))
        elif sizing == CASH:
            quantity = size / (price * (1.0 + fee))
        elif sizing == UNITS:
            quantity = size
        else:
            level = stop[row] * multiplier
            quantity = size * equity / (abs(price - level) + fee * (price + level) + slippage * level)
        quantity = min(quantity, capped)
        if lot > 0.0:
            quantity = np.floor(quantity / lot + 1e-9) * lot
        if not quantity > 0.0:
            continue
        paid = quantity * price
        if exit_[row] == exit_[row]:
            got = quantity * (exit_[row] * multiplier)
            equity = max(equity + (side[row] * (got - paid) - (paid + got) * fee), 0.0)
        else:
            equity += side[row] * (quantity * (last * multiplier) - paid) - paid * fee
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
) -> float:
    """Return the fee a side at which the final equity is the starting cash; NaN where a fee of 0 loses already.

    Bisected: a higher fee never leaves more, but for rounding to lots.
    """
    if equity_at_fee(0.0, side, entry, exit_, stop, last, cash, size, sizing, slippage, lot, multiplier) < cash:
        return np.nan
    low = 0.0
    high = 1.0
    for _ in range(HALVINGS):
        fee = (low + high) / 2.0
        left = equity_at_fee(fee, side, entry, exit_, stop, last, cash, size, sizing, slippage, lot, multiplier)
        if left >= cash:
            low = fee
        else:
            high = fee
    return low


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    rows = (readonly(np.ones(values.shape[0], np.int8)), values, values, values)
    break_even(*rows, 1.0, 1.0, 1.0, FRACTION, 0.0, 0.0, 1.0)
