"""Sums of volume: on balance, and prices weighed by it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part, readonly
from tapehead.kernels.smoothing import first_known

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

CHUNK_BARS = 512
"""Bars made at a time, so that what lies between two steps stays in the nearest caches."""


@kernel
def on_balance(close: F64, volume: F64, out: F64) -> None:
    """Write the volume of rising bars less that of falling ones so far; what rounding loses is carried beside the sum.

    The second sum holds each addition's exact error (D. E. Knuth, The Art of Computer Programming 2, section 4.2.2,
    theorem B), so that millions of bars leave one rounding.
    """
    n = close.shape[0]
    start = max(first_known(close), first_known(volume))
    out[: min(start, n)] = np.nan
    if start >= n:
        return
    total = volume[start]
    lost = 0.0
    out[start] = total
    before = close[start]
    for t in range(start + 1, n):
        moved = close[t] - before
        before = close[t]
        step = volume[t] * (np.sign(moved))
        grown = total + step
        part = grown - total
        lost += (total - (grown - part)) + (step - part)
        total = grown
        out[t] = total + lost


@part
def typical(high: F64, low: F64, close: F64, out: F64) -> None:
    """Write (high + low + close)/3, so that three equal prices give that price."""
    for t in range(close.shape[0]):
        last = close[t]
        out[t] = ((high[t] - last) + (low[t] - last)) / 3.0 + last


@kernel
def anchored(high: F64, low: F64, close: F64, volume: F64, starts: Bool, out: F64) -> None:
    """Write the mean price so far weighed by volume, begun anew where `starts` says; NaN while no volume was.

    Summed about the first price of each stretch: where the price stands still the mean is that price exactly.
    """
    centre = 0.0
    value = 0.0
    weight = 0.0
    prices, centres, values = np.empty(CHUNK_BARS), np.empty(CHUNK_BARS), np.empty(CHUNK_BARS)
    for begin in range(0, close.shape[0], CHUNK_BARS):
        here = slice(begin, begin + CHUNK_BARS)
        typical(high[here], low[here], close[here], prices)
        sizes, anew, weights = volume[here], starts[here], out[here]
        for i in range(sizes.shape[0]):
            if begin + i == 0 or anew[i] or centre != centre:
                centre = prices[i]
                value = 0.0
                weight = 0.0
            value += (prices[i] - centre) * sizes[i]
            weight += sizes[i]
            centres[i] = centre
            values[i] = value
            weights[i] = weight
        for i in range(sizes.shape[0]):
            weights[i] = centres[i] + values[i] / weights[i] if weights[i] != 0.0 else np.nan


@kernel
def typical_in_blocks(high: F64, low: F64, close: F64, volume: F64, period: int, out: F64) -> None:
    """Write the mean typical price of each window weighed by volume, as `weighed_in_blocks`, a stretch at a time."""
    n = close.shape[0]
    ahead = period - 1
    chunk = max(CHUNK_BARS // period, 4) * period
    prices, means = np.empty(chunk + ahead), np.empty(chunk + ahead)
    out[: min(ahead, n)] = np.nan
    for begin in range(ahead, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        here = slice(begin - ahead, stop)
        typical(high[here], low[here], close[here], prices)
        weighed_in_blocks(prices[: bars + ahead], volume[here], period, means[: bars + ahead])
        out[begin:stop] = means[ahead : ahead + bars]


@kernel
def weighed_in_blocks(price: F64, volume: F64, period: int, out: F64) -> None:
    """Write the mean price of each window weighed by volume; NaN where the window has none.

    In blocks as `windows.mean_in_blocks`.
    """
    n = price.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    room = np.zeros(2 * (period + 1))
    values = room[: period + 1]
    weights = room[period + 1 :]
    for b in range(period - 1, n, period):
        centre = price[b]
        value = 0.0
        weight = 0.0
        for j in range(1, period):
            value += (price[b - j] - centre) * volume[b - j]
            weight += volume[b - j]
            values[j] = value
            weights[j] = weight
        value = 0.0
        weight = 0.0
        prices = price[b : b + period]
        sizes = volume[b : b + period]
        made = out[b : b + period]
        for i in range(made.shape[0]):
            value += (prices[i] - centre) * sizes[i]
            weight += sizes[i]
            whole = weight + weights[period - 1 - i]
            made[i] = centre + (value + values[period - 1 - i]) / whole if whole != 0.0 else np.nan


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    on_balance(values, values, out)
    anchored(values, values, values, values, readonly(np.zeros(values.shape[0], np.bool_)), out)
    typical_in_blocks(values, values, values, values, 3, out)
    weighed_in_blocks(values, values, 3, out)
