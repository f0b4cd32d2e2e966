"""Standard deviations over a sliding window, about a bar that the window holds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]


@kernel
def spread_in_blocks(values: F64, period: int, out: F64) -> None:
    """Write the sum of squares about the mean of each window of any numbers.

    In blocks as `windows.mean_in_blocks`, moments about the first bar b of the later block. Every such window holds b,
    so what the two moments lose to each other is bounded by the window itself: at most about period x 2^-52 of the
    variance for each deviation that b lies away from the mean, squared. A flat window is exactly 0.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    room = np.zeros(4 * (period + 1))
    older = room[: period + 1]
    older_squares = room[period + 1 : 2 * (period + 1)]
    coming = room[2 * (period + 1) : 3 * (period + 1)]
    coming_squares = room[3 * (period + 1) :]
    total = 0.0
    squares = 0.0
    for j in range(1, period):
        x = values[period - 1 - j] - values[period - 1]
        total += x
        squares += x * x
        older[j] = total
        older_squares[j] = squares
    share = 1.0 / period
    for b in range(period - 1, n, period):
        block = values[b : b + period]
        made = out[b : b + period]
        bars = block.shape[0]
        centre = block[0]
        later = values[b + period] if b + period < n else 0.0
        total = 0.0
        squares = 0.0
        back = 0.0
        back_squares = 0.0
        for i in range(bars):
            x = block[i] - centre
            total += x
            squares += x * x
            both = total + older[period - 1 - i]
            made[i] = squares + older_squares[period - 1 - i] - both * both * share
            y = block[bars - 1 - i] - later
            back += y
            back_squares += y * y
            coming[i + 1] = back
            coming_squares[i + 1] = back_squares
        older, coming = coming, older
        older_squares, coming_squares = coming_squares, older_squares


@kernel
def deviation(spread: F64, share: float, out: F64) -> None:
    """Write the root of a share of each spread; what rounding made less than 0 is 0."""
    for t in range(spread.shape[0]):
        positive = spread[t] if not spread[t] < 0.0 else 0.0
        out[t] = np.sqrt(positive * share)


@kernel
def bands(middle: F64, width: float, share: float, upper: F64, lower: F64) -> None:
    """Turn the spreads in `upper` into lines `width` deviations, roots of that share, above and below `middle`."""
    for t in range(middle.shape[0]):
        positive = upper[t] if not upper[t] < 0.0 else 0.0
        far = width * np.sqrt(positive * share)
        upper[t] = middle[t] + far
        lower[t] = middle[t] - far


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    spread_in_blocks(values, 3, out)
    deviation(out, 3.0, out)
    bands(out, 2.0, 3.0, out, out)
