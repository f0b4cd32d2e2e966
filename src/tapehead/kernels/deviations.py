"""Standard deviations over a sliding window, about a bar that the window holds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]


@kernel
def deviation_in_blocks(values: F64, period: int, ddof: int, older: F64, out: F64) -> None:
    """Write the deviation of each window of any numbers; `older` is room for 2 x `period` sums.

    In blocks as `windows.mean_in_blocks`, moments about the first bar b of the later block. Every such window holds b,
    so what the two moments lose to each other is bounded by the window itself: at most about period x 2^-52 of the
    variance for each deviation that b lies away from the mean, squared. A flat window is exactly 0.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    older[0] = 0.0
    older[period] = 0.0
    for b in range(period - 1, n, period):
        centre = values[b]
        total = 0.0
        squares = 0.0
        for j in range(1, period):
            x = values[b - j] - centre
            total += x
            squares += x * x
            older[j] = total
            older[period + j] = squares
        total = 0.0
        squares = 0.0
        for t in range(b, min(b + period, n)):
            x = values[t] - centre
            total += x
            squares += x * x
            j = period - 1 - (t - b)
            both = total + older[j]
            spread = squares + older[period + j] - both * both / period
            out[t] = np.sqrt(spread / (period - ddof)) if not spread < 0.0 else 0.0


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    deviation_in_blocks(values, 3, 0, np.empty(6), out)
