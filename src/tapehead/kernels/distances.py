"""How far a price lies from the mean of a window, in mean distances of that window from its mean."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel
from tapehead.kernels.looks import AT_ONCE, apart
from tapehead.kernels.windows import mean_of_block

F64 = NDArray[np.float64]

CHUNK_BARS: Final = 256
"""Bars made at a time, whole windows, so that prices and means stay in the nearest cache."""


@kernel
def channel_index(high: F64, low: F64, close: F64, period: int, scale: float, out: F64) -> None:
    """Write `scale` x (typical price - its mean) over the mean distance from that mean; 0 where none is off it.

    The distances are gone through for each bar, `period` looks. Means are those of `windows.mean_in_blocks`.
    """
    n = close.shape[0]
    ahead = period - 1
    out[: min(ahead, n)] = np.nan
    if n < period:
        return
    chunk = max(CHUNK_BARS // period, 1) * period
    price = np.zeros(chunk + period + AT_ONCE)
    middle, far = np.zeros(chunk + AT_ONCE), np.zeros(chunk + AT_ONCE)
    older, coming = np.zeros(period + 1), np.zeros(period + 1)
    for i in range(period):
        price[i] = (high[i] + low[i] + close[i]) / 3.0
    total = 0.0
    for j in range(1, period):
        total += price[ahead - j] - price[ahead]
        older[j] = total
    for begin in range(ahead, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        known = min(stop + 1, n)
        tops, bottoms, closes = high[begin:known], low[begin:known], close[begin:known]
        fresh = price[ahead : ahead + known - begin]
        for i in range(fresh.shape[0]):
            fresh[i] = (tops[i] + bottoms[i] + closes[i]) / 3.0
        for b in range(0, bars, period):
            end = min(b + period, bars)
            later = price[ahead + b + period] if begin + b + period < n else 0.0
            mean_of_block(price[ahead + b : ahead + end], later, older, coming, 1.0 / period, middle[b:end])
            older, coming = coming, older
        apart(price, middle, period, far, (bars + AT_ONCE - 1) // AT_ONCE * AT_ONCE)
        made, newest = out[begin:stop], price[ahead:]
        for i in range(bars):
            whole = far[i] / period
            gap = newest[i] - middle[i]
            made[i] = scale * gap / whole if whole != 0.0 else 0.0 * gap
        for i in range(ahead):
            price[i] = price[chunk + i]


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    channel_index(values, values, values, 3, 1.0, np.empty(values.shape[0]))
