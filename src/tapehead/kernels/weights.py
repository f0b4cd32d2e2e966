"""Averages over a sliding window whose newest bar weighs most: exact for scaled integers, in blocks otherwise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@kernel
def weighted_of_integers(integers: I64, period: int, divisor: float, out: F64) -> None:
    """Write sum(i x integers)/divisor, i from 1 for the oldest bar of the window to `period` for the newest."""
    n = integers.shape[0]
    first = min(period - 1, n)
    total = np.int64(0)
    weighted = np.int64(0)
    for t in range(first):
        total += integers[t]
        weighted += (t + 1) * integers[t]
        out[t] = np.nan
    for t in range(first, n):
        weighted += period * integers[t]
        total += integers[t]
        out[t] = weighted / divisor
        weighted -= total
        total -= integers[t + 1 - period]


@kernel
def weighted_in_blocks(values: F64, period: int, older: F64, out: F64) -> None:
    """Write the weighted average of each window of any numbers; `older` is room for `period` sums.

    In blocks as `windows.mean_in_blocks`: each bar further back makes every later one weigh one more.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    older[0] = 0.0
    share = period * (period + 1) / 2.0
    for b in range(period - 1, n, period):
        centre = values[b]
        total = 0.0
        weighted = 0.0
        for j in range(1, period):
            total += values[b - j] - centre
            weighted += total
            older[j] = weighted
        total = 0.0
        weighted = 0.0
        for t in range(b, min(b + period, n)):
            x = values[t] - centre
            j = period - 1 - (t - b)
            total += x
            weighted += x * (t - b + 1)
            out[t] = centre + (weighted + j * total + older[j]) / share


@kernel
def around(middle: F64, reach: F64, width: float, upper: F64, lower: F64) -> None:
    """Write middle + width x reach and middle - width x reach."""
    for t in range(middle.shape[0]):
        far = width * reach[t]
        upper[t] = middle[t] + far
        lower[t] = middle[t] - far


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    weighted_of_integers(readonly(np.arange(values.shape[0])), 3, 6.0, out)
    weighted_in_blocks(values, 3, np.empty(3), out)
    around(out, out, 2.0, out, out)
