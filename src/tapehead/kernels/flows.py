"""Flows of volume: what a bar adds to them, sums of them that lose nothing, and indices that run on some bars only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel
from tapehead.kernels.smoothing import BLOCK_BARS, TINY, first_known

F64 = NDArray[np.float64]


@kernel
def distributed(high: F64, low: F64, close: F64, volume: F64, out: F64) -> None:
    """Write the volume of each bar times where it closes, from -1 at its low to 1 at its high; 0 where both are one."""
    for t in range(close.shape[0]):
        span = high[t] - low[t]
        place = ((close[t] - low[t]) - (high[t] - close[t])) / span if span != 0.0 else 0.0
        out[t] = place * volume[t]


@kernel
def accumulated(steps: F64, out: F64) -> None:
    """Write the sum of all steps so far; the error of each addition is carried along, as in `volumes.on_balance`."""
    n = steps.shape[0]
    start = first_known(steps)
    out[: min(start, n)] = np.nan
    total = 0.0
    lost = 0.0
    for t in range(start, n):
        step = steps[t]
        grown = total + step
        part = grown - total
        lost += (total - (grown - part)) + (step - part)
        total = grown
        out[t] = total + lost


@kernel
def apart(steps: F64, fast: int, slow: int, out: F64) -> None:
    """Write how far two exponential averages of the sum of all steps lie apart; both begin at its first value.

    Each is kept as its gap to the sum, gap = (gap + step) x keep, so that the level of the sum, which depends on where
    the range began, takes no digit away.
    """
    n = steps.shape[0]
    start = first_known(steps)
    known = start + max(fast, slow) - 1
    out[: min(known, n)] = np.nan
    quick_keep = 1.0 - 2.0 / (fast + 1)
    calm_keep = 1.0 - 2.0 / (slow + 1)
    quick = 0.0
    calm = 0.0
    for block in range(start + 1, n, BLOCK_BARS):
        quick = 0.0 if abs(quick) < TINY else quick
        calm = 0.0 if abs(calm) < TINY else calm
        for t in range(block, min(block + BLOCK_BARS, n)):
            quick = (quick + steps[t]) * quick_keep
            calm = (calm + steps[t]) * calm_keep
            if t >= known:
                out[t] = calm - quick
    if known == start and start < n:
        out[start] = 0.0


@kernel
def money(high: F64, low: F64, close: F64, volume: F64, up: F64, down: F64) -> None:
    """Write the money of each bar, typical price x volume, into `up` where that price rose, into `down` where it fell.

    Nothing is known of the first bar.
    """
    before = np.nan
    for t in range(close.shape[0]):
        price = (high[t] + low[t] + close[t]) / 3.0
        size = price * volume[t] + (before - before)
        up[t] = size if not price <= before else 0.0
        down[t] = size if not price >= before else 0.0
        before = price


@kernel
def share(part: F64, rest: F64, out: F64) -> None:
    """Write 100 x part/(part + rest); 50 where both are 0."""
    for t in range(part.shape[0]):
        whole = part[t] + rest[t]
        out[t] = 100.0 * part[t] / whole if whole != 0.0 else 50.0


@kernel
def eased(high: F64, low: F64, volume: F64, scale: float, out: F64) -> None:
    """Write how far the middle of a bar moved, times its range over its volume, times `scale`; 0 without volume."""
    n = high.shape[0]
    out[: min(1, n)] = np.nan
    for t in range(1, n):
        moved = (high[t] + low[t]) / 2.0 - (high[t - 1] + low[t - 1]) / 2.0
        range_ = high[t] - low[t]
        out[t] = moved * range_ / volume[t] * scale if volume[t] != 0.0 else 0.0 * (moved + range_)


@kernel
def indexed(close: F64, volume: F64, rising: bool, start: float, out: F64) -> None:
    """Write an index from `start` that takes the return of the bars on which volume rose, or fell."""
    n = close.shape[0]
    first = max(first_known(close), first_known(volume))
    out[: min(first, n)] = np.nan
    if first >= n:
        return
    value = start
    out[first] = value
    for t in range(first + 1, n):
        grown = volume[t] - volume[t - 1]
        counts = grown > 0.0 if rising else grown < 0.0
        if counts or grown != grown or close[t] != close[t]:
            value = value * (close[t] / close[t - 1]) + 0.0 * grown
        out[t] = value


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    distributed(values, values, values, values, out)
    accumulated(values, out)
    apart(values, 2, 3, out)
    money(values, values, values, values, out, out.copy())
    share(values, values, out)
    eased(values, values, values, 1.0, out)
    indexed(values, values, True, 1000.0, out)
