"""Highest and lowest of a sliding window, and where a price lies between them.

The extreme of eight bars is made in registers, that of a longer window is the extreme of two or four windows a part as
long: a pass for each power of four, as many bars as an instruction takes. A scan of blocks (M. van Herk, A fast
algorithm for local minimum and maximum filters, Pattern Recognition Letters 13, 1992, page 517) compares three times a
bar whatever the length, but bar after bar: it takes twice the time at 20 bars, as much at 1,000, less beyond.
"""

from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tapehead.kernels.jit import config, inlined, kernel, part
from tapehead.kernels.vectors import EIGHT, LANES, all_of, data_of, load, places, store, tools

F64 = NDArray[np.float64]

CHUNK_BARS = 2048
"""Bars made at a time, so that what lies between two passes stays in the nearest caches."""
PAGE_BARS = 512


@part
def chunk_bars(period: int) -> int:
    """Return how many bars to make at a time: the bars that a chunk reads before its own are read twice."""
    return max(CHUNK_BARS, 4 * period)


@part
def row_bars(period: int) -> int:
    """Return how far the rows between two passes lie apart: half a page off, or a load waits for another row's store.

    A processor tells addresses apart by their last 12 bits first (Intel 64 and IA-32 Architectures Optimization
    Reference Manual, 4-KByte aliasing). Measured: 5.4 ns a bar against 3.4.
    """
    return (chunk_bars(period) + period) // PAGE_BARS * PAGE_BARS + PAGE_BARS + PAGE_BARS // 2


@kernel
def channel(high: F64, low: F64, period: int, upper: F64, lower: F64, middle: F64) -> None:
    """Write highest high, lowest low and the price half way of each window; NaN where what made it holds one."""
    n = high.shape[0]
    first = min(period - 1, n)
    upper[:first] = np.nan
    lower[:first] = np.nan
    middle[:first] = np.nan
    if n < period:
        return
    room = np.empty((2, row_bars(period)))
    high_known = True
    low_known = True
    for begin in range(first, n, chunk_bars(period)):
        stop = min(begin + chunk_bars(period), n)
        tops, bottoms = high[begin - first : stop], low[begin - first : stop]
        high_known &= all_known(tops)
        low_known &= all_known(bottoms)
        extreme(tops, period, True, room, upper[begin:stop])
        extreme(bottoms, period, False, room, lower[begin:stop])
        halfway(upper[begin:stop], lower[begin:stop], middle[begin:stop])
    if not high_known:
        hide(high, period, upper)
        hide(high, period, middle)
    if not low_known:
        hide(low, period, lower)
        hide(low, period, middle)


def _of_eight(sign: str) -> Any:
    """Return a function that writes the extreme of each value and the seven before it, of whole groups of eight.

    Pairs, fours and eights are made of vectors and those of the group before, so that each value is loaded once. The
    first seven are not told.
    """
    pick = max if sign == ">" else min

    def in_python(values: Any, out: Any, count: int) -> None:
        for t in range(LANES - 1, count):
            out[t] = pick(values[t + 1 - LANES : t + 1].tolist())

    if config.DISABLE_JIT:
        return in_python

    def of_eight(_context: Any, values: Any, out: Any, _count: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            source, made = (data_of(target, builder, signature.args[k], given[k]) for k in range(2))
            zero, step = (ir.Constant(given[2].type, number) for number in (0, LANES))
            before = {lanes: tools.alloca_once(builder, EIGHT) for lanes in (1, 2, 4)}
            for kept in before.values():
                builder.store(all_of(0.0), kept)
            with tools.for_range_slice(builder, zero, given[2], step, given[2].type) as (t, _):
                best = load(builder, source, t)
                for lanes, kept in before.items():
                    moved = places([LANES - lanes + i for i in range(LANES)])
                    once = builder.shuffle_vector(builder.load(kept), best, moved)
                    builder.store(best, kept)
                    best = builder.select(builder.fcmp_ordered(sign, best, once), best, once)
                store(builder, best, made, t)
            return target.get_dummy_value()

        return types.void(values, out, types.int64), generate

    return intrinsic(of_eight)


_highest_of_eight, _lowest_of_eight = _of_eight(">"), _of_eight("<")


@part
def eights(values: F64, top: bool, out: F64) -> None:
    """Write the extreme of each value and the seven before it, from the eighth on."""
    n = values.shape[0]
    whole = n // LANES * LANES
    if top:
        _highest_of_eight(values, out, whole)
    else:
        _lowest_of_eight(values, out, whole)
    for t in range(max(whole, LANES - 1), n):
        best = values[t]
        for j in range(1, LANES):
            other = values[t - j]
            best = other if (other > best if top else other < best) else best
        out[t] = best


@part
def extreme(values: F64, period: int, top: bool, room: F64, out: F64) -> None:
    """Write the highest (`top`) or lowest value of each window; `values` begin `period - 1` bars before `out`."""
    n = values.shape[0]
    if period <= 4:
        of_four(values, period - 1, 1, period - 1, top, out)
        return
    if period < LANES:
        of_four(values, 3, 1, 3, top, room[0, 3:n])
        of_four(room[0, :n], period - 1, 4, period - 4, top, out)
        return
    eights(values, top, room[0, :n])
    if period <= 2 * LANES:
        of_two(room[0, :n], period - 1, period - LANES, top, out)
        return
    first, span, row = LANES - 1, LANES, 0
    while 4 * span < period:
        last = first + 3 * span
        of_four(room[row, :n], last, span, 3 * span, top, room[1 - row, last:n])
        first, span, row = last, 4 * span, 1 - row
    of_four(room[row, :n], period - 1, span, period - span, top, out)


@part
def of_two(values: F64, first: int, reach: int, top: bool, out: F64) -> None:
    """Write the extreme, from bar `first` on, of two values that lie `reach` apart."""
    n = values.shape[0]
    now, last = values[first:n], values[first - reach : n - reach]
    if top:
        for i in range(out.shape[0]):
            out[i] = now[i] if now[i] > last[i] else last[i]
    else:
        for i in range(out.shape[0]):
            out[i] = now[i] if now[i] < last[i] else last[i]


@part
def all_known(values: F64) -> bool:
    """Say whether no value is NaN."""
    known = True
    for i in range(values.shape[0]):
        known &= values[i] == values[i]
    return known


@part
def of_four(values: F64, first: int, step: int, reach: int, top: bool, out: F64) -> None:
    """Write the extreme, from bar `first` on, of four values that lie up to `step` apart and `reach` in all."""
    n = values.shape[0]
    near = min(step, reach)
    far = min(2 * step, reach)
    now, once = values[first:n], values[first - near : n - near]
    twice, last = values[first - far : n - far], values[first - reach : n - reach]
    if top:
        for i in range(out.shape[0]):
            x = now[i] if now[i] > once[i] else once[i]
            y = twice[i] if twice[i] > last[i] else last[i]
            out[i] = x if x > y else y
    else:
        for i in range(out.shape[0]):
            x = now[i] if now[i] < once[i] else once[i]
            y = twice[i] if twice[i] < last[i] else last[i]
            out[i] = x if x < y else y


@kernel
def halfway_of(values: F64, period: int, out: F64) -> None:
    """Write the price half way between highest and lowest of each window; NaN where the window holds one."""
    n = values.shape[0]
    first = min(period - 1, n)
    out[:first] = np.nan
    if n < period:
        return
    room = np.empty((2, row_bars(period)))
    lowest = np.empty(chunk_bars(period))
    known = True
    for begin in range(first, n, chunk_bars(period)):
        stop = min(begin + chunk_bars(period), n)
        held, made, bottoms = values[begin - first : stop], out[begin:stop], lowest[: stop - begin]
        known &= all_known(held)
        extreme(held, period, True, room, made)
        extreme(held, period, False, room, bottoms)
        halfway(made, bottoms, made)
    if not known:
        hide(values, period, out)


@kernel
def below_top(high: F64, low: F64, close: F64, period: int, out: F64) -> None:
    """Write where `close` lies in the range of each window, from -100 at its lowest to 0 at its highest."""
    n = close.shape[0]
    first = min(period - 1, n)
    out[:first] = np.nan
    if n < period:
        return
    room = np.empty((2, row_bars(period)))
    lowest = np.empty(chunk_bars(period))
    high_known = True
    low_known = True
    for begin in range(first, n, chunk_bars(period)):
        stop = min(begin + chunk_bars(period), n)
        made, bottoms, last = out[begin:stop], lowest[: stop - begin], close[begin:stop]
        highs, lows = high[begin - first : stop], low[begin - first : stop]
        high_known &= all_known(highs)
        low_known &= all_known(lows)
        extreme(highs, period, True, room, made)
        extreme(lows, period, False, room, bottoms)
        for i in range(stop - begin):
            span = made[i] - bottoms[i]
            made[i] = (100.0 * (last[i] - bottoms[i]) / span if span != 0.0 else 50.0) - 100.0
    if not high_known:
        hide(high, period, out)
    if not low_known:
        hide(low, period, out)


@inlined
def halfway(upper: F64, lower: F64, out: F64) -> None:
    """Write the middle of two lines."""
    for t in range(upper.shape[0]):
        out[t] = (upper[t] + lower[t]) / 2.0


@kernel
def place(close: F64, upper: F64, lower: F64, out: F64) -> None:
    """Write where `close` lies from `lower`, 0, to `upper`, 100; 50 where both are one price."""
    for t in range(close.shape[0]):
        span = upper[t] - lower[t]
        out[t] = 100.0 * (close[t] - lower[t]) / span if span != 0.0 else 50.0


@part
def hide(values: F64, period: int, out: F64) -> None:
    """Make each window that holds a NaN one."""
    absent = -period
    for t in range(values.shape[0]):
        if values[t] != values[t]:
            absent = t
        if absent > t - period:
            out[t] = np.nan


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    upper, lower, middle = np.empty((3, values.shape[0]))
    channel(values, values, 3, upper, lower, middle)
    place(values, upper, lower, middle)
    halfway_of(values, 3, middle)
    below_top(values, values, values, 3, middle)
