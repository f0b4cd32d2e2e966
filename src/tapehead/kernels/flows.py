"""Flows of volume: what a bar adds to them, sums of them that lose nothing, and indices that run on some bars only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part
from tapehead.kernels.smoothing import BLOCK_BARS, TINY, first_known

F64 = NDArray[np.float64]

CHUNK_BARS = 1024
"""Bars made at a time, so that what lies between two steps stays in the nearest caches; whole blocks."""


@kernel
def distributed(high: F64, low: F64, close: F64, volume: F64, out: F64) -> None:
    """Write the volume of each bar times where it closes, from -1 at its low to 1 at its high; 0 where both are one."""
    for t in range(close.shape[0]):
        span = high[t] - low[t]
        place = ((close[t] - low[t]) - (high[t] - close[t])) / span if span != 0.0 else 0.0
        out[t] = place * volume[t]


@part
def accumulate(total: float, lost: float, out: F64) -> tuple[float, float]:
    """Make of each step the sum so far; the error of each addition is carried, as in `volumes.on_balance`."""
    for t in range(out.shape[0]):
        step = out[t]
        grown = total + step
        kept = grown - total
        lost += (total - (grown - kept)) + (step - kept)
        total = grown
        out[t] = total + lost
    return total, lost


@part
def first_flow(high: F64, low: F64, close: F64, volume: F64) -> int:
    """Return the first bar on which all four are known, or the length."""
    for t in range(close.shape[0]):
        if high[t] + low[t] + close[t] + volume[t] == high[t] + low[t] + close[t] + volume[t]:
            return t
    return int(close.shape[0])


@kernel
def accumulated(high: F64, low: F64, close: F64, volume: F64, out: F64) -> None:
    """Write the sum so far of the volume of each bar times where it closes in its range."""
    start = first_flow(high, low, close, volume)
    out[:start] = np.nan
    total, lost = 0.0, 0.0
    for begin in range(start, close.shape[0], CHUNK_BARS):
        here = slice(begin, begin + CHUNK_BARS)
        distributed(high[here], low[here], close[here], volume[here], out[here])
        total, lost = accumulate(total, lost, out[here])


@kernel
def trended(close: F64, volume: F64, out: F64) -> None:
    """Write the sum so far of volume x return, from 0 on the first known bar."""
    n = close.shape[0]
    start = 0
    while start < n and not (close[start] * volume[start] == close[start] * volume[start]):
        start += 1
    out[: min(start, n)] = np.nan
    if start < n:
        out[start] = 0.0
    total, lost = 0.0, 0.0
    for begin in range(start + 1, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        later, earlier, sizes, made = (
            close[begin:stop],
            close[begin - 1 : stop - 1],
            volume[begin:stop],
            out[begin:stop],
        )
        for t in range(stop - begin):
            before = earlier[t] if earlier[t] != 0.0 else np.nan
            made[t] = (later[t] / before - 1.0) * sizes[t]
        total, lost = accumulate(total, lost, made)


@kernel
def apart(high: F64, low: F64, close: F64, volume: F64, fast: int, slow: int, out: F64) -> None:
    """Write how far two exponential averages of that sum lie apart; both begin at its first value.

    Each is kept as its gap to the sum, gap = (gap + step) x keep, so that the level of the sum, which depends on where
    the range began, takes no digit away.
    """
    n = out.shape[0]
    start = first_flow(high, low, close, volume)
    known = min(start + max(fast, slow) - 1, n)
    quick_keep = 1.0 - 2.0 / (fast + 1)
    calm_keep = 1.0 - 2.0 / (slow + 1)
    quick = 0.0
    calm = 0.0
    for begin in range(start + 1, n, CHUNK_BARS):
        here = slice(begin, begin + CHUNK_BARS)
        distributed(high[here], low[here], close[here], volume[here], out[here])
        for block in range(begin, min(begin + CHUNK_BARS, n), BLOCK_BARS):
            quick = 0.0 if abs(quick) < TINY else quick
            calm = 0.0 if abs(calm) < TINY else calm
            for t in range(block, min(block + BLOCK_BARS, n)):
                quick = (quick + out[t]) * quick_keep
                calm = (calm + out[t]) * calm_keep
                out[t] = calm - quick
    out[:known] = np.nan
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
    for block in range(first + 1, n, BLOCK_BARS):
        stop = min(block + BLOCK_BARS, n)
        made = out[block:stop]
        last, last_before = close[block:stop], close[block - 1 : stop - 1]
        size, size_before = volume[block:stop], volume[block - 1 : stop - 1]
        for i in range(stop - block):
            grown = size[i] - size_before[i] if rising else size_before[i] - size[i]
            factor = last[i] / last_before[i]
            idle = (grown <= 0.0) & (last[i] == last[i])
            made[i] = 1.0 if idle else factor + 0.0 * grown
        for i in range(stop - block):
            value *= made[i]
            made[i] = value


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    distributed(values, values, values, values, out)
    accumulated(values, values, values, values, out)
    trended(values, values, out)
    apart(values, values, values, values, 2, 3, out)
    money(values, values, values, values, out, out.copy())
    share(values, values, out)
    eased(values, values, values, 1.0, out)
    indexed(values, values, True, 1000.0, out)
