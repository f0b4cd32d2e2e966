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
def highest(values: F64, period: int, out: F64) -> None:
    """Write the highest value of each window; NaN where it holds one."""
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    room = np.full(2 * (period + 1), -np.inf)
    older = room[: period + 1]
    coming = room[period + 1 :]
    most = -np.inf
    for j in range(1, period):
        x = values[period - 1 - j]
        most = x if x > most else most
        older[j] = most
    for b in range(period - 1, n, period):
        block = values[b : b + period]
        made = out[b : b + period]
        bars = block.shape[0]
        most = -np.inf
        back = -np.inf
        for i in range(bars):
            x = block[i]
            most = x if x > most else most
            before = older[period - 1 - i]
            made[i] = before if before > most else most
            y = block[bars - 1 - i]
            back = y if y > back else back
            coming[i + 1] = back
        older, coming = coming, older
    hide(values, period, out)


@kernel
def lowest(values: F64, period: int, out: F64) -> None:
    """Write the lowest value of each window; NaN where it holds one."""
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    room = np.full(2 * (period + 1), np.inf)
    older = room[: period + 1]
    coming = room[period + 1 :]
    least = np.inf
    for j in range(1, period):
        x = values[period - 1 - j]
        least = x if x < least else least
        older[j] = least
    for b in range(period - 1, n, period):
        block = values[b : b + period]
        made = out[b : b + period]
        bars = block.shape[0]
        least = np.inf
        back = np.inf
        for i in range(bars):
            x = block[i]
            least = x if x < least else least
            before = older[period - 1 - i]
            made[i] = before if before < least else least
            y = block[bars - 1 - i]
            back = y if y < back else back
            coming[i + 1] = back
        older, coming = coming, older
    hide(values, period, out)


@kernel
def hide(values: F64, period: int, out: F64) -> None:
    """Make each window that holds a NaN one; a pass of its own, so that they cost nothing where none is."""
    known = True
    for t in range(values.shape[0]):
        known &= values[t] == values[t]
    if known:
        return
    absent = -period
    for t in range(values.shape[0]):
        if values[t] != values[t]:
            absent = t
        if absent > t - period:
            out[t] = np.nan


@kernel
def halfway(upper: F64, lower: F64, out: F64) -> None:
    """Write the middle of two lines."""
    for t in range(upper.shape[0]):
        out[t] = (upper[t] + lower[t]) / 2.0


@kernel
def place(close: F64, upper: F64, lower: F64, out: F64) -> None:
    """Write where `close` lies from `lower`, 0, to `upper`, 100; 50 where both are one price."""
    for t in range(close.shape[0]):
        span = upper[t] - lower[t]
        out[t] = 100.0 * (close[t] - lower[t]) / span if span != 0.0 else 50.0


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    highest(values, 3, out)
    lowest(values, 3, out)
    place(values, values, values, out)
    halfway(out, out, out)
