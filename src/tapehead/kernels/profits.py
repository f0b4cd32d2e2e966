"""Profit and loss of trades that lie in arrays: one pass, no array between."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly

F64 = NDArray[np.float64]
I8 = NDArray[np.int8]


@kernel
def profits(entry: F64, exit_: F64, quantity: F64, side: I8, fee: float, multiplier: float, out: F64) -> bool:
    """Write the net profit of each trade; say whether every argument and every profit is in bounds.

    Nothing is looked for here where a value is not: a branch would keep LLVM from SIMD, and the caller finds it later.
    """
    good = True
    for i in range(out.shape[0]):
        e = entry[i]
        x = exit_[i]
        units = quantity[i] * multiplier
        s = side[i]
        profit = (x - e) * units * s - (abs(e) + abs(x)) * units * fee
        out[i] = profit
        # A difference with itself is 0 for finite numbers only.
        good &= ((s == 1) | (s == -1)) & (quantity[i] >= 0.0) & (profit - profit == 0.0)
    return good


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    side = readonly(np.ones(values.shape[0], np.int8))
    profits(values, values, values, side, 0.0, 1.0, np.empty(values.shape[0]))
