"""Candles made of candles: bars smoothed into each other, and the last whole session under each bar."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.smoothing import BLOCK_BARS, first_known

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@kernel
def smoothed(opening: F64, high: F64, low: F64, close: F64, begun: F64, top: F64, bottom: F64, middle: F64) -> None:
    """Write the four prices of Heikin-Ashi bars: `begun` is half way from that of before to the `middle` of before.

    The first known one is half way from the bar's own open to its close.
    """
    n = close.shape[0]
    for t in range(n):
        middle[t] = (opening[t] + high[t] + low[t] + close[t]) / 4.0
    start = max(first_known(opening), first_known(middle))
    begun[: min(start, n)] = np.nan
    top[: min(start, n)] = np.nan
    bottom[: min(start, n)] = np.nan
    if start >= n:
        return
    value = (opening[start] + close[start]) / 2.0
    for block in range(start, n, BLOCK_BARS):
        stop = min(block + BLOCK_BARS, n)
        made, mean = begun[block:stop], middle[block:stop]
        for i in range(stop - block):
            made[i] = value
            value = (value + mean[i]) / 2.0
        highs, lows, tops, bottoms = high[block:stop], low[block:stop], top[block:stop], bottom[block:stop]
        for i in range(stop - block):
            above = made[i] if made[i] > mean[i] else mean[i]
            below = made[i] if made[i] < mean[i] else mean[i]
            unknown = 0.0 * (made[i] + mean[i])
            tops[i] = (highs[i] if highs[i] > above else above) + unknown
            bottoms[i] = (lows[i] if lows[i] < below else below) + unknown


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
    out, low, last, mean = np.empty((4, values.shape[0]))
    smoothed(values, values, values, values, out, low, last, mean)
    session_before(values, values, values, readonly(np.ones(values.shape[0], np.bool_)), out, low, last)
