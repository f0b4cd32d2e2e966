"""Candles made of candles: bars smoothed into each other, and the last whole session under each bar."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.smoothing import first_known

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@kernel
def smoothed_open(opening: F64, close: F64, middle: F64, out: F64) -> None:
    """Write the open of Heikin-Ashi bars: half way from that of before to the close of before, which is `middle`.

    The first known one is half way from the bar's own open to its close.
    """
    n = opening.shape[0]
    start = max(first_known(opening), first_known(middle))
    out[: min(start, n)] = np.nan
    if start >= n:
        return
    value = (opening[start] + close[start]) / 2.0
    out[start] = value
    for t in range(start + 1, n):
        value = (value + middle[t - 1]) / 2.0
        out[t] = value


@kernel
def session_before(high: F64, low: F64, close: F64, starts: Bool, top: F64, bottom: F64, last: F64) -> None:
    """Write highest high, lowest low and last close of the last session that is over; one begins where `starts` says.

    NaN before there is one, and where that session holds one.
    """
    reached, fallen = np.nan, np.nan
    highest, lowest, closed = np.nan, np.nan, np.nan
    for t in range(close.shape[0]):
        if t == 0 or starts[t]:
            if t > 0:
                highest, lowest, closed = reached, fallen, close[t - 1]
            reached, fallen = high[t], low[t]
        reached = high[t] if high[t] > reached or high[t] != high[t] else reached
        fallen = low[t] if low[t] < fallen or low[t] != low[t] else fallen
        top[t] = highest
        bottom[t] = lowest
        last[t] = closed


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out, low, last = np.empty((3, values.shape[0]))
    smoothed_open(values, values, values, out)
    session_before(values, values, values, readonly(np.ones(values.shape[0], np.bool_)), out, low, last)
