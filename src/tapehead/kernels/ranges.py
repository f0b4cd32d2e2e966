"""What Wilder makes of a bar's range: true range, its smoothed average, directional movement, and a trailing trend.

Smoothed sums are kept `period`-fold: sum x (period-1)/period + today is Wilder's average x period, without a division
in the chain from bar to bar.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.scans import CHUNK_BARS, powers, run_one
from tapehead.kernels.smoothing import BLOCK_BARS, HUGE, TINY, first_known
from tapehead.kernels.vectors import LANES

F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]


@kernel
def first_bar(high: F64, low: F64, close: F64) -> int:
    """Return the first bar on which all three prices are known, or the length."""
    return max(first_known(high), first_known(low), first_known(close))


@kernel
def reach(high: float, low: float, before: float) -> float:
    """Return the true range of a bar after a close: high to low, the close of before taken in; NaN if one is NaN."""
    top = before if before > high else high
    bottom = before if before < low else low
    return (top - bottom) + (before - before)


@kernel
def reaches(high: F64, low: F64, close: F64, lo: int, hi: int, out: F64) -> None:
    """Write the true ranges of bars [lo, hi), lo at least 1; apart from what is recursive, four bars an instruction."""
    tops = high[lo:hi]
    bottoms = low[lo:hi]
    before = close[lo - 1 : hi - 1]
    made = out[lo:hi]
    for t in range(hi - lo):
        made[t] = reach(tops[t], bottoms[t], before[t])


@kernel
def ranges(high: F64, low: F64, close: F64, out: F64) -> None:
    """Write the true range of each bar; NaN on the first, which has no close before it."""
    n = close.shape[0]
    first = min(first_bar(high, low, close) + 1, n)
    out[:first] = np.nan
    if first < n:
        reaches(high, low, close, first, n, out)


@kernel
def average_ranges(high: F64, low: F64, close: F64, period: int, out: F64) -> None:
    """Write Wilder's average of true ranges, seeded with the mean of the first `period` of them."""
    n = close.shape[0]
    start = first_bar(high, low, close)
    seed_bar = start + period
    out[: min(seed_bar, n)] = np.nan
    if seed_bar >= n:
        return
    reaches(high, low, close, start + 1, seed_bar + 1, out)
    total = 0.0
    for t in range(start + 1, seed_bar + 1):
        total += out[t]
        out[t] = np.nan
    out[seed_bar] = total / period
    keeps, state, rows, steps = np.empty((1, LANES)), np.empty(1), np.empty((1, CHUNK_BARS)), np.zeros(CHUNK_BARS)
    powers((period - 1) / period, keeps[0])
    state[0] = total
    for begin in range(seed_bar + 1, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        bars = stop - begin
        tops, bottoms, before, made = high[begin:stop], low[begin:stop], close[begin - 1 : stop - 1], out[begin:stop]
        for i in range(bars):
            steps[i] = reach(tops[i], bottoms[i], before[i])
        run_one(steps, keeps, state, rows, 0, (bars + LANES - 1) // LANES * LANES)
        for i in range(bars):
            made[i] = rows[0, i] / period
        state[0] = 0.0 if state[0] < TINY else state[0]


@kernel
def moves(high: F64, low: F64, lo: int, hi: int, plus: F64, minus: F64) -> None:
    """Write the directional movements of bars [lo, hi), lo at least 1: the larger of up and down, if above 0."""
    tops = high[lo:hi]
    tops_before = high[lo - 1 : hi - 1]
    bottoms = low[lo:hi]
    bottoms_before = low[lo - 1 : hi - 1]
    ups = plus[lo:hi]
    downs = minus[lo:hi]
    for t in range(hi - lo):
        up = tops[t] - tops_before[t]
        down = bottoms_before[t] - bottoms[t]
        ups[t] = up if (up > down) & (up > 0.0) else 0.0
        downs[t] = down if (down > up) & (down > 0.0) else 0.0


@kernel
def directions(high: F64, low: F64, close: F64, period: int, strength: F64, plus: F64, minus: F64) -> None:
    """Write Wilder's directional indicators (0 to 100) and the average of their distance, as TA-Lib seeds them.

    The sums begin with `period - 1` bars and are smoothed from the next one on; that is the first bar of `plus` and
    `minus`. `strength` begins with the mean of `period` distances. Where prices stand still for thousands of bars, all
    sums are scaled up together before they lose bits, which changes no ratio.
    """
    n = close.shape[0]
    start = first_bar(high, low, close)
    first = min(start + period, n)
    seed_bar = start + 2 * period - 1
    strength[: min(start + 1, n)] = np.nan
    plus[: min(start + 1, n)] = np.nan
    minus[: min(start + 1, n)] = np.nan
    keep = (period - 1) / period
    ups = 0.0
    downs = 0.0
    moved = 0.0
    distances = 0.0
    for block in range(start + 1, n, BLOCK_BARS):
        stop = min(block + BLOCK_BARS, n)
        reaches(high, low, close, block, stop, strength)
        moves(high, low, block, stop, plus, minus)
        if moved < TINY and moved > 0.0:
            ups *= HUGE
            downs *= HUGE
            moved *= HUGE
        for t in range(block, stop):
            fade = keep if t >= first else 1.0
            moved = moved * fade + strength[t]
            ups = ups * fade + plus[t]
            downs = downs * fade + minus[t]
            both = ups + downs
            share = 100.0 / moved if moved != 0.0 else 0.0
            plus[t] = ups * share if t >= first else np.nan
            minus[t] = downs * share if t >= first else np.nan
            distance = (100.0 * abs(ups - downs) / both if both != 0.0 else 0.0) + 0.0 * moved
            if t >= first:
                distances = distances * (keep if t > seed_bar else 1.0) + distance
            strength[t] = distances / period if t >= seed_bar else np.nan


@kernel
def trend(high: F64, low: F64, close: F64, average: F64, width: float, line: F64, rising: Bool) -> None:
    """Write the trailing line `width` average ranges from the middle of the bars, and on which side of it they are.

    While rising the line lies below and never falls, while falling it lies above and never rises; a close at or beyond
    it changes sides. The first known bar is rising where its close is at or above its middle.
    """
    n = close.shape[0]
    start = first_known(average)
    line[: min(start, n)] = np.nan
    rising[: min(start, n)] = False
    if start >= n:
        return
    upper = np.inf
    lower = -np.inf
    before = close[start]
    up = before >= (high[start] + low[start]) / 2.0
    for t in range(start, n):
        middle = (high[t] + low[t]) / 2.0
        reached = width * average[t]
        above = middle + reached
        below = middle - reached
        upper = above if (above < upper) | (before > upper) else upper
        lower = below if (below > lower) | (before < lower) else lower
        before = close[t]
        up = before > (lower if up else upper)
        known = (reached + middle) + before == (reached + middle) + before
        line[t] = (lower if up else upper) if known else np.nan
        rising[t] = up & known


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out, plus, minus = np.empty((3, values.shape[0]))
    ranges(values, values, values, out)
    average_ranges(values, values, values, 3, out)
    directions(values, values, values, 3, out, plus, minus)
    trend(values, values, values, readonly(out.copy()), 3.0, plus, np.empty(values.shape[0], np.bool_))
