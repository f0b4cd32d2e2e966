"""Flows of volume: what a bar adds to them, sums of them that lose nothing, and indices that run on some bars only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part
from tapehead.kernels.scans import CHUNK_BARS, ROW_BARS, add_flows, add_steps, powers, run_apart
from tapehead.kernels.smoothing import BLOCK_BARS, TINY, first_known
from tapehead.kernels.vectors import LANES

F64 = NDArray[np.float64]


@part
def first_flow(high: F64, low: F64, close: F64, volume: F64) -> int:
    """Return the first bar on which all four are known, or the length."""
    for t in range(close.shape[0]):
        if high[t] + low[t] + close[t] + volume[t] == high[t] + low[t] + close[t] + volume[t]:
            return t
    return int(close.shape[0])


@part
def behind(high: F64, low: F64, close: F64, volume: F64, begin: int, room: F64) -> int:
    """Copy the last bars, fewer than eight, into rows 0 to 3 of eight, and return how many they are."""
    bars = close.shape[0] - begin
    room[:] = 0.0
    for i in range(bars):
        room[0, i] = high[begin + i]
        room[1, i] = low[begin + i]
        room[2, i] = close[begin + i]
        room[3, i] = volume[begin + i]
    return int(bars)


@kernel
def accumulated(high: F64, low: F64, close: F64, volume: F64, out: F64) -> None:
    """Write the sum so far of the volume of each bar times where it closes in its range.

    From -1 at its low to 1 at its high, and 0 where both are one.
    """
    n = close.shape[0]
    start = first_flow(high, low, close, volume)
    out[:start] = np.nan
    state = np.zeros(2)
    whole = n - (n - start) % LANES
    add_flows(high, low, close, volume, state, out, start, whole)
    if whole < n:
        room = np.empty((5, LANES))
        bars = behind(high, low, close, volume, whole, room)
        add_flows(room[0], room[1], room[2], room[3], state, room[4], 0, LANES)
        for i in range(bars):
            out[whole + i] = room[4, i]


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
    state, steps, sums = np.zeros(2), np.zeros(CHUNK_BARS), np.empty(CHUNK_BARS)
    for begin in range(start + 1, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        later, earlier, sizes = close[begin:stop], close[begin - 1 : stop - 1], volume[begin:stop]
        for t in range(stop - begin):
            before = earlier[t] if earlier[t] != 0.0 else np.nan
            steps[t] = (later[t] / before - 1.0) * sizes[t]
        add_steps(steps, state, sums, 0, (stop - begin + LANES - 1) // LANES * LANES)
        out[begin:stop] = sums[: stop - begin]


@kernel
def apart(high: F64, low: F64, close: F64, volume: F64, fast: int, slow: int, out: F64) -> None:
    """Write how far two exponential averages of that sum lie apart; both begin at its first value.

    Each is kept as its gap to the sum, gap = (gap + step) x keep, so that the level of the sum, which depends on where
    the range began, takes no digit away.
    """
    n = out.shape[0]
    start = first_flow(high, low, close, volume)
    known = min(start + max(fast, slow) - 1, n)
    quick = 1.0 - 2.0 / (fast + 1)
    calm = 1.0 - 2.0 / (slow + 1)
    keeps, state, rows, room = np.empty((2, LANES)), np.zeros(2), np.empty((2, ROW_BARS)), np.empty((4, LANES))
    powers(quick, keeps[0])
    powers(calm, keeps[1])
    for begin in range(start + 1, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        whole = stop - (stop - begin) % LANES
        run_apart(high, low, close, volume, keeps, state, rows, begin, whole)
        if whole < stop:
            behind(high, low, close, volume, whole, room)
            run_apart(room[0], room[1], room[2], room[3], keeps, state, rows[:, whole - begin :], 0, LANES)
        made, near, far = out[begin:stop], rows[0, : stop - begin], rows[1, : stop - begin]
        for i in range(stop - begin):
            made[i] = far[i] * calm - near[i] * quick
        state[0] = 0.0 if abs(state[0]) < TINY else state[0]
        state[1] = 0.0 if abs(state[1]) < TINY else state[1]
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
    accumulated(values, values, values, values, out)
    trended(values, values, out)
    apart(values, values, values, values, 2, 3, out)
    money(values, values, values, values, out, out.copy())
    share(values, values, out)
    eased(values, values, values, 1.0, out)
    indexed(values, values, True, 1000.0, out)
