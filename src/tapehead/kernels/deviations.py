"""Standard deviations over a sliding window, about a bar that the window holds.

The bars lie in blocks of the window's length, as in `windows.mean_in_blocks`: a window is the end of one block and the
beginning of the next, and both are summed about the first bar b of the later one. Every such window holds b, so what
its two moments lose to each other is bounded by the window itself: at most about period x 2^-52 of the variance for
each deviation that b lies away from the mean, squared. A flat window is exactly 0.

A few blocks are summed at a time, from their beginnings and from their ends in one loop, four sums side by side; what
is left is then done four bars an instruction while the sums lie in the nearest cache. Moments joined by pairs, as T.
Chan, G. Golub and R. LeVeque do, lose less and need no scan, but log2(period) passes: twice the time at 20 bars.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import inlined, kernel, part

F64 = NDArray[np.float64]

CHUNK_BARS = 256


@kernel
def deviation(values: F64, period: int, share: float, out: F64) -> None:
    """Write the root of `share` of the sum of squares about the mean of each window of any numbers."""
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    chunk = max(CHUNK_BARS // period, 1) * period
    room = np.empty((4, chunk + period + 1))
    begin_sums(values, period, room)
    for begin in range(period - 1, n, chunk):
        stop = min(begin + chunk, n)
        sum_chunk(values, begin, stop, period, room)
        join(room, period, share, out[begin:stop])
        carry(period, stop - begin, room)


@kernel
def bands(values: F64, middle: F64, period: int, width: float, share: float, upper: F64, lower: F64) -> None:
    """Write lines `width` deviations, made with that share, above and below `middle`."""
    n = values.shape[0]
    upper[: min(period - 1, n)] = np.nan
    lower[: min(period - 1, n)] = np.nan
    if n < period:
        return
    chunk = max(CHUNK_BARS // period, 1) * period
    room = np.empty((4, chunk + period + 1))
    begin_sums(values, period, room)
    for begin in range(period - 1, n, chunk):
        stop = min(begin + chunk, n)
        sum_chunk(values, begin, stop, period, room)
        join_around(room, period, share, width, middle[begin:stop], upper[begin:stop], lower[begin:stop])
        carry(period, stop - begin, room)


@part
def begin_sums(values: F64, period: int, room: F64) -> None:
    """Sum the bars before the first block, from their end on."""
    total = 0.0
    squares = 0.0
    for i in range(period - 1, 0, -1):
        x = values[i - 1] - values[period - 1]
        total += x
        squares += x * x
        room[2, i] = total
        room[3, i] = squares
    room[2, 0] = 0.0
    room[3, 0] = 0.0


@part
def sum_chunk(values: F64, begin: int, stop: int, period: int, room: F64) -> None:
    """Write the two moments of bars [begin, stop), whole blocks but for the last of all.

    `room` holds sums from the beginning of each bar's block, 0 and 1, and sums from the end of the block before on, 2
    and 3, one block later in their rows; `carry` brings those of the last block to the front for the next chunk.
    """
    n = values.shape[0]
    bars = stop - begin
    for at in range(0, bars, period):
        end = min(at + period, bars)
        block = values[begin + at : begin + end]
        later = values[begin + at + period] if begin + at + period < n else 0.0
        ends = slice(at + period, end + period)
        sums(block, block[0], later, room[0, at:end], room[1, at:end], room[2, ends], room[3, ends])
        room[2:, at + period] = 0.0


@part
def carry(period: int, bars: int, room: F64) -> None:
    """Bring the sums from the end of the last block to the front."""
    for i in range(period):
        room[2, i] = room[2, bars + i]
        room[3, i] = room[3, bars + i]


@inlined
def sums(block: F64, centre: float, later: float, total: F64, squares: F64, back: F64, back_squares: F64) -> None:
    """Write the two moments about `centre` of each beginning of a block, and about `later` of each end."""
    bars = block.shape[0]
    forth, forth_squares, late, late_squares = 0.0, 0.0, 0.0, 0.0
    for i in range(bars):
        x = block[i] - centre
        forth += x
        forth_squares += x * x
        total[i] = forth
        squares[i] = forth_squares
        y = block[bars - 1 - i] - later
        late += y
        late_squares += y * y
        back[bars - 1 - i] = late
        back_squares[bars - 1 - i] = late_squares


@inlined
def spread(total: float, squares: float, older: float, older_squares: float, one: float, share: float) -> float:
    """Return the root of a share of the squares about the mean of two parts; what rounding made less than 0 is 0."""
    both = total + older
    left = squares + older_squares - both * both * one
    return float(np.sqrt((left if not left < 0.0 else 0.0) * share))


@part
def join(room: F64, period: int, share: float, out: F64) -> None:
    """Write the deviations that the sums in `room` come to."""
    one = 1.0 / period
    for i in range(out.shape[0]):
        out[i] = spread(room[0, i], room[1, i], room[2, i + 1], room[3, i + 1], one, share)


@part
def join_around(room: F64, period: int, share: float, width: float, middle: F64, upper: F64, lower: F64) -> None:
    """Write lines that many times `width` deviations above and below `middle`."""
    one = 1.0 / period
    for i in range(middle.shape[0]):
        far = width * spread(room[0, i], room[1, i], room[2, i + 1], room[3, i + 1], one, share)
        upper[i] = middle[i] + far
        lower[i] = middle[i] - far


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    deviation(values, 3, 3.0, out)
    bands(values, out, 3, 2.0, 3.0, out.copy(), out.copy())
