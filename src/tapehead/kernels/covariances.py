"""How two lines move together over a sliding window, about a bar that the window holds.

In blocks as `windows.mean_in_blocks`: nothing is given back, so what has left a window bends nothing.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import inlined, kernel, part

F64 = NDArray[np.float64]

Sums = tuple[float, float, float, float, float]

CHUNK_BARS = 256


@kernel
def correlated(x: F64, y: F64, period: int, out: F64) -> None:
    """Write the correlation of each window, -1 to 1; NaN where one of the lines stands still."""
    n = x.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    chunk = chunk_bars(period)
    room = np.empty((10, chunk + period + 1))
    begin_sums(x[:period], y[:period], room)
    for begin in range(period - 1, n, chunk):
        stop = min(begin + chunk, n)
        sum_chunk(x, y, begin, stop, period, room)
        made = out[begin:stop]
        for i in range(stop - begin):
            both = np.sqrt(room[2, i]) * np.sqrt(room[3, i])
            found = room[4, i] / both if both != 0.0 else np.nan
            found = 1.0 if found > 1.0 else found
            made[i] = -1.0 if found < -1.0 else found


@kernel
def sloped(values: F64, benchmark: F64, period: int, out: F64) -> None:
    """Write the covariance of returns over the variance of the benchmark's; NaN where that stands still."""
    n = values.shape[0]
    out[: min(period, n)] = np.nan
    if n <= period:
        return
    chunk = chunk_bars(period)
    room = np.empty((10, chunk + period + 1))
    # Returns of the chunk, of the window before it, and of the bar after it.
    x, y = np.empty(chunk + period), np.empty(chunk + period)
    returns(values[: period + 1], x)
    returns(benchmark[: period + 1], y)
    begin_sums(x[:period], y[:period], room)
    for begin in range(period, n, chunk):
        stop = min(begin + chunk, n)
        more = min(stop + 1, n)
        returns(values[begin - 1 : more], x)
        returns(benchmark[begin - 1 : more], y)
        sum_chunk(x[: more - begin], y[: more - begin], 0, stop - begin, period, room)
        made = out[begin:stop]
        for i in range(stop - begin):
            made[i] = room[4, i] / room[3, i] if room[3, i] != 0.0 else np.nan


@part
def chunk_bars(period: int) -> int:
    """Return how many bars to make at a time, whole blocks."""
    return max(CHUNK_BARS // period, 1) * period


@part
def returns(values: F64, out: F64) -> None:
    """Write the change of each value but the first; NaN where the value before is 0."""
    for i in range(values.shape[0] - 1):
        before = values[i] if values[i] != 0.0 else np.nan
        out[i] = values[i + 1] / before - 1.0


@part
def begin_sums(x: F64, y: F64, room: F64) -> None:
    """Sum the bars before the first block, from their end on, about its first bar, which is the last of these."""
    last = x.shape[0] - 1
    totals = (0.0, 0.0, 0.0, 0.0, 0.0)
    for i in range(last, 0, -1):
        far_x = x[i - 1] - x[last]
        far_y = y[i - 1] - y[last]
        totals = added(totals, far_x, far_y)
        room[5, i], room[6, i], room[7, i], room[8, i], room[9, i] = totals
    for row in range(5, 10):
        room[row, 0] = 0.0


@inlined
def added(totals: Sums, x: float, y: float) -> Sums:
    """Return the sums with one more bar: of each line, of their squares, and of their products."""
    return totals[0] + x, totals[1] + y, totals[2] + x * x, totals[3] + y * y, totals[4] + x * y


@part
def sum_chunk(x: F64, y: F64, begin: int, stop: int, period: int, room: F64) -> None:
    """Write the sums of squares of each line, 2 and 3, and of products, 4, about the means of windows [begin, stop).

    `room` is that of `deviations.sum_chunk`: rows 0 to 4 hold sums from the beginning of each bar's block, 5
    to 9 those from the end of the block before on, one block later; those of the last one go to the front.
    """
    n = x.shape[0]
    bars = stop - begin
    for at in range(0, bars, period):
        end = min(at + period, bars)
        later_x = x[begin + at + period] if begin + at + period < n else 0.0
        later_y = y[begin + at + period] if begin + at + period < n else 0.0
        block_sums(x[begin + at : begin + end], y[begin + at : begin + end], later_x, later_y, at, period, room)
        for row in range(5, 10):
            room[row, at + period] = 0.0
    share = 1.0 / period
    for i in range(bars):
        all_x = room[0, i] + room[5, i + 1]
        all_y = room[1, i] + room[6, i + 1]
        spread_x = room[2, i] + room[7, i + 1] - all_x * all_x * share
        spread_y = room[3, i] + room[8, i + 1] - all_y * all_y * share
        room[2, i] = spread_x if not spread_x < 0.0 else 0.0
        room[3, i] = spread_y if not spread_y < 0.0 else 0.0
        room[4, i] = room[4, i] + room[9, i + 1] - all_x * all_y * share
    for row in range(5, 10):
        for i in range(period):
            room[row, i] = room[row, bars + i]


@inlined
def block_sums(x: F64, y: F64, later_x: float, later_y: float, at: int, period: int, room: F64) -> None:
    """Sum a block from its beginning about its first bar, and from its end about the bar after it, side by side."""
    bars = x.shape[0]
    centre_x, centre_y = x[0], y[0]
    forth = (0.0, 0.0, 0.0, 0.0, 0.0)
    back = (0.0, 0.0, 0.0, 0.0, 0.0)
    for i in range(bars):
        j = bars - 1 - i
        forth = added(forth, x[i] - centre_x, y[i] - centre_y)
        room[0, at + i], room[1, at + i], room[2, at + i], room[3, at + i], room[4, at + i] = forth
        back = added(back, x[j] - later_x, y[j] - later_y)
        place = at + period + j
        room[5, place], room[6, place], room[7, place], room[8, place], room[9, place] = back


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    correlated(values, values, 3, out)
    sloped(values, values, 3, out)
