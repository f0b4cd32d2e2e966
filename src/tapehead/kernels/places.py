"""Where a bar stands among the bars of a sliding window: how long ago its extreme was, how many lie below it."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.extremes import all_known, hide
from tapehead.kernels.jit import kernel
from tapehead.kernels.looks import AT_ONCE, below, since_highest, since_lowest

F64 = NDArray[np.float64]

CHUNK_BARS = 1024
"""Bars made at a time, so that what is counted stays in the nearest caches."""


FEW: Final = 128
"""Bars of a window up to which a look at each is quicker than a list of those that may still be the extreme."""


@kernel
def since_extreme(values: F64, period: int, top: bool, out: F64) -> None:
    """Write how many bars ago the highest (`top`) or lowest of the last `period` values was, the newest of equal ones.

    NaN where the window holds one.
    """
    if period > FEW:
        since_kept(values, period, top, out)
        return
    n = values.shape[0]
    first = period - 1
    out[: min(first, n)] = np.nan
    known = True
    for begin in range(first, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        held, made = values[begin - first : stop], out[begin:stop]
        whole = made.shape[0] // AT_ONCE * AT_ONCE
        known &= all_known(held)
        if top:
            since_highest(held, period, made, whole)
        else:
            since_lowest(held, period, made, whole)
        for t in range(whole, made.shape[0]):
            best = t
            for j in range(t + 1, t + period):
                best = j if (held[j] >= held[best] if top else held[j] <= held[best]) else best
            made[t] = t + first - best
    if not known:
        hide(values, period, out)


@kernel
def since_kept(values: F64, period: int, top: bool, out: F64) -> None:
    """Write the same with what may still be the extreme kept in order.

    Bars that a later one outdoes can never be the extreme again and are let go: each comes and goes once. What is kept
    lies in a ring as long as a power of two, so that its end is found without dividing.
    """
    n = values.shape[0]
    sign = 1.0 if top else -1.0
    room = 2
    while room <= min(period, n):
        room *= 2
    last = np.uint64(room - 1)
    heights = np.empty(room)
    bars = np.empty(room, np.int64)
    first = 0
    end = 0
    absent = -1
    for t in range(n):
        x = sign * values[t]
        if x != x:
            absent = t
            first = end
            out[t] = np.nan
            continue
        while end > first and heights[np.uint64(end - 1) & last] <= x:
            end -= 1
        heights[np.uint64(end) & last] = x
        bars[np.uint64(end) & last] = t
        end += 1
        if bars[np.uint64(first) & last] <= t - period:
            first += 1
        out[t] = t - bars[np.uint64(first) & last] if t - absent >= period else np.nan


@kernel
def rank(values: F64, period: int, out: F64) -> None:
    """Write the share of the `period` values before that lie below this one, in percent.

    `period` looks a bar. A window in order takes log2(period) of them to find a place in, but moves values then, and no
    instruction does either for several bars: measured 45 times as long at 100 bars, 25 times at 500.
    """
    n = values.shape[0]
    out[: min(period, n)] = np.nan
    known = True
    for begin in range(period, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        held, newest, made = values[begin - period : stop], values[begin:stop], out[begin:stop]
        whole = made.shape[0] // AT_ONCE * AT_ONCE
        known &= all_known(held)
        below(held, newest, period, made, whole)
        for t in range(whole, made.shape[0]):
            count = 0
            for j in range(t, t + period):
                count += 1 if held[j] < newest[t] else 0
            made[t] = count
        for t in range(made.shape[0]):
            made[t] = 100.0 * made[t] / period
    if not known:
        hide(values, period + 1, out)


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    since_extreme(values, 3, True, out)
    rank(values, 3, out)
