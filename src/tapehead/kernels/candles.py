"""Candles made of candles: bars smoothed into each other, and the last whole session under each bar."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import inlined, kernel, part, readonly

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

CHUNK_BARS = 64
"""Bars made at a time: few, so that those of the next are under way from memory while these wait for each other."""
DOUBLINGS = 16
"""Bars in which halves are not taken: an open is kept so many times doubled, which takes no digit."""


@kernel
def smoothed(opening: F64, high: F64, low: F64, close: F64, begun: F64, top: F64, bottom: F64, middle: F64) -> None:
    """Write the four prices of Heikin-Ashi bars: `begun` is half way from that of before to the `middle` of before.

    The first known one is half way from the bar's own open to its close.
    """
    n = close.shape[0]
    start = first_bar(opening, high, low, close)
    for line in (begun, top, bottom, middle):
        line[:start] = np.nan
    if start >= n:
        return
    value = (opening[start] + close[start]) / 2.0
    doubled, halves = np.empty(DOUBLINGS + 1), np.empty(DOUBLINGS + 1)
    for i in range(DOUBLINGS + 1):
        doubled[i] = 2.0**i
        halves[i] = 0.5**i
    for begin in range(start, n, CHUNK_BARS):
        here = slice(begin, begin + CHUNK_BARS)
        opens, highs, lows, closes = opening[here], high[here], low[here], close[here]
        made, mean, tops, bottoms = begun[here], middle[here], top[here], bottom[here]
        for i in range(mean.shape[0]):
            mean[i] = (opens[i] + highs[i] + lows[i] + closes[i]) / 4.0
        for at in range(0, mean.shape[0], DOUBLINGS):
            value = halved(value, mean[at : at + DOUBLINGS], doubled, halves, made[at : at + DOUBLINGS])
        for i in range(mean.shape[0]):
            above = made[i] if made[i] > mean[i] else mean[i]
            below = made[i] if made[i] < mean[i] else mean[i]
            unknown = 0.0 * (made[i] + mean[i])
            tops[i] = (highs[i] if highs[i] > above else above) + unknown
            bottoms[i] = (lows[i] if lows[i] < below else below) + unknown


@inlined
def halved(value: float, mean: F64, doubled: F64, halves: F64, out: F64) -> float:
    """Write what goes half of the way to a line a bar, from `value` on, and return what comes next.

    Bar i is kept 2^i times as large, `doubled`, so that a sum a bar is all that waits. The bits are those of halves.
    """
    if mean.shape[0] == DOUBLINGS:
        for i in range(DOUBLINGS):
            out[i] = value
            value += mean[i] * doubled[i]
        for i in range(DOUBLINGS):
            out[i] *= halves[i]
        return float(value * halves[DOUBLINGS])
    for i in range(mean.shape[0]):
        out[i] = value
        value = (value + mean[i]) / 2.0
    return float(value)


@part
def first_bar(opening: F64, high: F64, low: F64, close: F64) -> int:
    """Return the first bar on which all four prices are known, or the length."""
    for t in range(close.shape[0]):
        if opening[t] + high[t] + low[t] + close[t] == opening[t] + high[t] + low[t] + close[t]:
            return t
    return int(close.shape[0])


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
