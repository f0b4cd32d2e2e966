"""Sums over a sliding window over other sums of it, made a stretch of bars at a time.

What a bar adds is made four bars an instruction into rooms that stay in the nearest caches; the sums lie in blocks as
those of `windows.mean_in_blocks`. What adds never falls below 0 in these, or is measured by what does not, so each
block is summed about 0.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part
from tapehead.kernels.ranges import reach
from tapehead.kernels.windows import mean_in_blocks

F64 = NDArray[np.float64]

CHUNK_BARS = 1024


@part
def chunk_bars(period: int) -> int:
    """Return how many bars to make at a time, whole windows: those read before its own are made twice."""
    return max(CHUNK_BARS // period, 4) * period


@part
def ratio_in_blocks(part_: F64, whole: F64, period: int, flat: float, room: F64, out: F64) -> None:
    """Write the sum of each window of `part_` over that of `whole`; `flat` where that is 0.

    Both lines begin `period - 1` bars before `out`.
    """
    n = part_.shape[0]
    first, other = 0, 2
    total, whole_total = 0.0, 0.0
    for j in range(period - 1):
        total += part_[period - 2 - j]
        whole_total += whole[period - 2 - j]
        room[0, j + 1] = total
        room[1, j + 1] = whole_total
    for row in range(4):
        room[row, 0] = 0.0
    for b in range(period - 1, n, period):
        bars = min(period, n - b)
        parts = part_[b : b + bars]
        wholes = whole[b : b + bars]
        older = room[first, period - bars : period]
        whole_older = room[first + 1, period - bars : period]
        coming = room[other, 1 : bars + 1]
        whole_coming = room[other + 1, 1 : bars + 1]
        made = out[b - period + 1 : b - period + 1 + bars]
        total, whole_total, back, whole_back = 0.0, 0.0, 0.0, 0.0
        for i in range(bars):
            total += parts[i]
            whole_total += wholes[i]
            back += parts[bars - 1 - i]
            whole_back += wholes[bars - 1 - i]
            coming[i] = back
            whole_coming[i] = whole_back
            up = total + older[bars - 1 - i]
            down = whole_total + whole_older[bars - 1 - i]
            made[i] = up / down if down != 0.0 else flat + 0.0 * up
        first, other = other, first


@kernel
def ultimate(high: F64, low: F64, close: F64, periods: tuple[int, int, int], out: F64) -> None:
    """Write 100/7 x (4a + 2b + c), each what was bought over true ranges of a window, 1/2 where none moved."""
    n = close.shape[0]
    longest = max(periods)
    ahead = longest - 1
    chunk = chunk_bars(longest)
    bought, reached = np.empty(chunk + ahead), np.empty(chunk + ahead)
    room = np.empty((4, longest + 1))
    parts = np.empty((3, chunk))
    out[: min(longest, n)] = np.nan
    for begin in range(longest, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        here = slice(begin - ahead, stop)
        tops, bottoms, closes = high[here], low[here], close[here]
        before = close[begin - ahead - 1 : stop - 1]
        for i in range(bars + ahead):
            reached[i] = reach(tops[i], bottoms[i], before[i])
            least = bottoms[i] if bottoms[i] < before[i] else before[i]
            bought[i] = closes[i] - least + (0.0 * bottoms[i])
        for k in range(3):
            skip = longest - periods[k]
            ratio_in_blocks(bought[skip : bars + ahead], reached[skip : bars + ahead], periods[k], 0.5, room, parts[k])
        made = out[begin:stop]
        for i in range(bars):
            made[i] = (4.0 * parts[0, i] + 2.0 * parts[1, i] + parts[2, i]) * (100.0 / 7.0)


@kernel
def vortex(high: F64, low: F64, close: F64, period: int, plus: F64, minus: F64) -> None:
    """Write how far highs lie from lows before, lows from highs before, over true ranges; 1 where none moved."""
    n = close.shape[0]
    ahead = period - 1
    chunk = chunk_bars(period)
    ups, downs, reached = np.empty(chunk + ahead), np.empty(chunk + ahead), np.empty(chunk + ahead)
    room = np.empty((4, period + 1))
    plus[: min(period, n)] = np.nan
    minus[: min(period, n)] = np.nan
    for begin in range(period, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin + ahead
        here, late = slice(begin - ahead, stop), slice(begin - ahead - 1, stop - 1)
        tops, bottoms = high[here], low[here]
        tops_before, bottoms_before, before = high[late], low[late], close[late]
        for i in range(bars):
            reached[i] = reach(tops[i], bottoms[i], before[i])
            ups[i] = abs(tops[i] - bottoms_before[i])
            downs[i] = abs(bottoms[i] - tops_before[i])
        ratio_in_blocks(ups[:bars], reached[:bars], period, 1.0, room, plus[begin:stop])
        ratio_in_blocks(downs[:bars], reached[:bars], period, 1.0, room, minus[begin:stop])


@kernel
def money_flow(high: F64, low: F64, close: F64, volume: F64, period: int, out: F64) -> None:
    """Write the volume of a window, each bar's times where it closes in its range, over all of it; 0 without volume."""
    n = close.shape[0]
    ahead = period - 1
    chunk = chunk_bars(period)
    flow = np.empty(chunk + ahead)
    room = np.empty((4, period + 1))
    out[: min(ahead, n)] = np.nan
    for begin in range(ahead, n, chunk):
        stop = min(begin + chunk, n)
        here = slice(begin - ahead, stop)
        tops, bottoms, closes, sizes = high[here], low[here], close[here], volume[here]
        for i in range(sizes.shape[0]):
            span = tops[i] - bottoms[i]
            place = ((closes[i] - bottoms[i]) - (tops[i] - closes[i])) / span if span != 0.0 else 0.0
            flow[i] = place * sizes[i]
        ratio_in_blocks(flow[: sizes.shape[0]], sizes, period, 0.0, room, out[begin:stop])


@kernel
def efficiency(values: F64, period: int, out: F64) -> None:
    """Write the size of a window's change over the sum of the sizes of those it is made of; 0 where nothing moved."""
    n = values.shape[0]
    ahead = period - 1
    chunk = chunk_bars(period)
    sizes, means = np.empty(chunk + ahead), np.empty(chunk + ahead)
    scale = 1.0 / period
    out[: min(period, n)] = np.nan
    for begin in range(period, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        here = values[begin - period : stop]
        for i in range(bars + ahead):
            sizes[i] = abs(here[i + 1] - here[i])
        mean_in_blocks(sizes[: bars + ahead], period, means[: bars + ahead])
        made = out[begin:stop]
        for i in range(bars):
            whole = means[i + ahead]
            size = abs(here[i + period] - here[i])
            made[i] = scale * size / whole if whole != 0.0 else 0.0 * size


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out, other = np.empty((2, values.shape[0]))
    ultimate(values, values, values, (2, 3, 4), out)
    vortex(values, values, values, 3, out, other)
    money_flow(values, values, values, values, 3, out)
    efficiency(values, 3, out)
