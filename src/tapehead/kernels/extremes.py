"""Highest and lowest of a sliding window, and where a price lies between them.

Bars lie in blocks of the window's length; a window is the end of one block and the beginning of the next, so three
comparisons a bar are enough whatever the length (M. van Herk, A fast algorithm for local minimum and maximum filters,
Pattern Recognition Letters 13, 1992, page 517).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]


@kernel
def highest(values: F64, period: int, older: F64, out: F64) -> None:
    """Write the highest value of each window; NaN where it holds one. `older` is room for `period` values."""
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    older[0] = -np.inf
    absent = -1
    for t in range(min(period - 1, n)):
        if values[t] != values[t]:
            absent = t
    for b in range(period - 1, n, period):
        most = -np.inf
        for j in range(1, period):
            x = values[b - j]
            most = x if x > most else most
            older[j] = most
        most = -np.inf
        for t in range(b, min(b + period, n)):
            x = values[t]
            if x != x:
                absent = t
            most = x if x > most else most
            before = older[period - 1 - (t - b)]
            out[t] = before if before > most else most
            if absent > t - period:
                out[t] = np.nan


@kernel
def lowest(values: F64, period: int, older: F64, out: F64) -> None:
    """Write the lowest value of each window; NaN where it holds one. `older` is room for `period` values."""
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    older[0] = np.inf
    absent = -1
    for t in range(min(period - 1, n)):
        if values[t] != values[t]:
            absent = t
    for b in range(period - 1, n, period):
        least = np.inf
        for j in range(1, period):
            x = values[b - j]
            least = x if x < least else least
            older[j] = least
        least = np.inf
        for t in range(b, min(b + period, n)):
            x = values[t]
            if x != x:
                absent = t
            least = x if x < least else least
            before = older[period - 1 - (t - b)]
            out[t] = before if before < least else least
            if absent > t - period:
                out[t] = np.nan


@kernel
def place(close: F64, upper: F64, lower: F64, out: F64) -> None:
    """Write where `close` lies from `lower`, 0, to `upper`, 100; 50 where both are one price."""
    for t in range(close.shape[0]):
        span = upper[t] - lower[t]
        out[t] = 100.0 * (close[t] - lower[t]) / span if span != 0.0 else 50.0


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    highest(values, 3, np.empty(3), out)
    lowest(values, 3, np.empty(3), out)
    place(values, values, values, out)
