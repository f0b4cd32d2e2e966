"""Sums over a sliding window over other sums of it, made a stretch of bars at a time.

What a bar adds is made four bars an instruction into rooms that stay in the nearest caches, and so are the sums. What
adds never falls below 0 in these, or is measured by what does not, so nothing is summed about another value.
"""

from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tapehead.kernels.jit import config, inlined, kernel, part
from tapehead.kernels.ranges import reach
from tapehead.kernels.vectors import EIGHT, LANES, all_of, data_of, load, places, store, tools

F64 = NDArray[np.float64]

CHUNK_BARS = 512
PAGE_BARS = 512


@part
def chunk_bars(period: int) -> int:
    """Return how many bars to make at a time, whole windows: those read before its own are made twice."""
    return max(CHUNK_BARS // period, 4) * period


@part
def row_bars(bars: int) -> int:
    """Return how far rows of a room lie apart, half a page off, as `extremes.row_bars`."""
    return bars // PAGE_BARS * PAGE_BARS + PAGE_BARS + PAGE_BARS // 2


def _of_eight() -> Any:
    """Return a function that writes the sums of each value and the seven before it, and those of its last `few`.

    Twos, fours and eights are made of vectors and those of the group before, so that each value is loaded once. It is
    called with the values, where the sums of eight go, where those of `few` go, which number that is, 0 to 7, and how
    many bars, whole eights. The first seven bars miss what lies before the values.
    """

    def of_eight_in_python(values: Any, eights: Any, rest: Any, few: int, bars: int) -> None:
        sums, rests, have = values[:bars], None, 0
        for span in (1, 2, 4):
            if few & span:
                moved = np.concatenate([np.zeros(have), sums[: bars - have]])
                rests = moved if rests is None else rests + moved
                have += span
            sums = sums + np.concatenate([np.zeros(span), sums[: bars - span]])
        eights[:bars] = sums
        if rests is not None:
            rest[:bars] = rests

    if config.DISABLE_JIT:
        return of_eight_in_python

    def of_eight(_context: Any, values: Any, eights: Any, rest: Any, _few: Any, _bars: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            lines = [data_of(target, builder, signature.args[k], given[k]) for k in range(3)]
            for few in range(LANES):
                with builder.if_then(builder.icmp_signed("==", given[3], ir.Constant(given[3].type, few))):
                    _eights(builder, lines, few, given[4])
            return target.get_dummy_value()

        return types.void(values, eights, rest, types.int64, types.int64), generate

    return intrinsic(of_eight)


def _eights(builder: Any, lines: Any, few: int, bars: Any) -> None:
    """Build the loop for one number of few."""
    zero, step = (ir.Constant(bars.type, number) for number in (0, LANES))
    before = {span: tools.alloca_once(builder, EIGHT) for span in (1, 2, 4)}
    for kept in before.values():
        builder.store(all_of(0.0), kept)
    with tools.for_range_slice(builder, zero, bars, step, bars.type) as (t, _):
        sums, rests, have = load(builder, lines[0], t), None, 0
        for span, kept in before.items():
            then = builder.load(kept)
            if few & span:
                moved = _moved(builder, then, sums, have)
                rests = moved if rests is None else builder.fadd(rests, moved)
                have += span
            builder.store(sums, kept)
            sums = builder.fadd(sums, _moved(builder, then, sums, span))
        store(builder, sums, lines[1], t)
        if rests is not None:
            store(builder, rests, lines[2], t)


def _moved(builder: Any, then: Any, now: Any, lanes: int) -> Any:
    """Move values so many lanes up, those of the group before below them."""
    return builder.shuffle_vector(then, now, places([LANES - lanes + i for i in range(LANES)]))


of_eight = _of_eight()


@part
def spaced_sums(rows: F64, given: int, made: int, step: int, count: int, bars: int) -> None:
    """Write into row `made` the sum of `count` values of row `given`, `step` bars apart, from the bar on that has all.

    Sums of 2, 4, 8 ... values are each two of the one before, and the window is put together of those that its length
    is in binary: every pass goes as many bars as an instruction takes, and nothing is ever taken back. They lie in the
    last rows. Of values that follow each other the first three passes are made in registers.
    """
    source = given
    row = rows.shape[0] - 1
    span = 1
    have = 0
    waiting = -1
    if step == 1:
        have = count % LANES
        of_eight(rows[given], rows[row], rows[made], have, (bars + LANES - 1) // LANES * LANES)
        if count < LANES:
            return
        source = row
        row -= 1
        span = LANES
    while True:
        if count & span:
            shift = have * step
            if have == 0 and count & (2 * span):
                # The next sums are wanted too: both are added to each other, and these are not copied.
                waiting = source
            elif waiting >= 0:
                doubled(rows[source, : bars - shift], rows[waiting, shift:bars], rows[made, shift:bars])
                waiting = -1
            else:
                plus(rows[source, : bars - shift], rows[made, shift:bars], have > 0)
            have += span
        if 2 * span > count:
            return
        shift = span * step
        doubled(rows[source, : bars - shift], rows[source, shift:bars], rows[row, shift:bars])
        source = row
        row = 2 * rows.shape[0] - 3 - row
        span *= 2


@inlined
def plus(earlier: F64, out: F64, more: bool) -> None:
    """Add a line to another, or write it."""
    if more:
        for i in range(out.shape[0]):
            out[i] += earlier[i]
    else:
        for i in range(out.shape[0]):
            out[i] = earlier[i]


@inlined
def doubled(earlier: F64, later: F64, out: F64) -> None:
    """Write the sum of two lines."""
    for i in range(out.shape[0]):
        out[i] = later[i] + earlier[i]


@inlined
def divided(part_: F64, whole: F64, flat: float, out: F64) -> None:
    """Write a share of a whole; `flat` where that is 0."""
    for i in range(out.shape[0]):
        out[i] = part_[i] / whole[i] if whole[i] != 0.0 else flat + 0.0 * part_[i]


@kernel
def ultimate(high: F64, low: F64, close: F64, periods: tuple[int, int, int], out: F64) -> None:
    """Write 100/7 x (4a + 2b + c), each what was bought over true ranges of a window, 1/2 where none moved."""
    n = close.shape[0]
    longest = max(periods)
    ahead = longest - 1
    chunk = chunk_bars(longest)
    rows = np.empty((10, row_bars(chunk + ahead)))
    parts = np.empty((3, chunk))
    out[: min(longest, n)] = np.nan
    for begin in range(longest, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        whole = bars + ahead
        here = slice(begin - ahead, stop)
        tops, bottoms, closes = high[here], low[here], close[here]
        before = close[begin - ahead - 1 : stop - 1]
        bought, reached = rows[0, :whole], rows[1, :whole]
        for i in range(whole):
            reached[i] = reach(tops[i], bottoms[i], before[i])
            least = bottoms[i] if bottoms[i] < before[i] else before[i]
            bought[i] = closes[i] - least + (0.0 * bottoms[i])
        step = 1
        for k in range(3):
            # A window that is some of the one before is made of its sums.
            step = periods[k - 1] if k > 0 and periods[k] % periods[k - 1] == 0 else 1
            source = 0 if step == 1 else 2 * k
            made = 2 * k + 2
            spaced_sums(rows, source, made, step, periods[k] // step, whole)
            spaced_sums(rows, source + 1, made + 1, step, periods[k] // step, whole)
            divided(rows[made, ahead:whole], rows[made + 1, ahead:whole], 0.5, parts[k, :bars])
        line = out[begin:stop]
        for i in range(bars):
            line[i] = (4.0 * parts[0, i] + 2.0 * parts[1, i] + parts[2, i]) * (100.0 / 7.0)


@kernel
def vortex(high: F64, low: F64, close: F64, period: int, plus: F64, minus: F64) -> None:
    """Write how far highs lie from lows before, lows from highs before, over true ranges; 1 where none moved."""
    n = close.shape[0]
    ahead = period - 1
    chunk = chunk_bars(period)
    rows = np.empty((8, row_bars(chunk + ahead)))
    plus[: min(period, n)] = np.nan
    minus[: min(period, n)] = np.nan
    for begin in range(period, n, chunk):
        stop = min(begin + chunk, n)
        whole = stop - begin + ahead
        here, late = slice(begin - ahead, stop), slice(begin - ahead - 1, stop - 1)
        tops, bottoms = high[here], low[here]
        tops_before, bottoms_before, before = high[late], low[late], close[late]
        reached, ups, downs = rows[0, :whole], rows[1, :whole], rows[2, :whole]
        for i in range(whole):
            reached[i] = reach(tops[i], bottoms[i], before[i])
            ups[i] = abs(tops[i] - bottoms_before[i])
            downs[i] = abs(bottoms[i] - tops_before[i])
        for row in range(3):
            spaced_sums(rows, row, row + 3, 1, period, whole)
        divided(rows[4, ahead:whole], rows[3, ahead:whole], 1.0, plus[begin:stop])
        divided(rows[5, ahead:whole], rows[3, ahead:whole], 1.0, minus[begin:stop])


@kernel
def money_flow(high: F64, low: F64, close: F64, volume: F64, period: int, out: F64) -> None:
    """Write the volume of a window, each bar's times where it closes in its range, over all of it; 0 without volume."""
    n = close.shape[0]
    ahead = period - 1
    chunk = chunk_bars(period)
    rows = np.empty((6, row_bars(chunk + ahead)))
    out[: min(ahead, n)] = np.nan
    for begin in range(ahead, n, chunk):
        stop = min(begin + chunk, n)
        whole = stop - begin + ahead
        here = slice(begin - ahead, stop)
        tops, bottoms, closes, sizes = high[here], low[here], close[here], volume[here]
        flow, held = rows[0, :whole], rows[1, :whole]
        for i in range(whole):
            span = tops[i] - bottoms[i]
            place = ((closes[i] - bottoms[i]) - (tops[i] - closes[i])) / span if span != 0.0 else 0.0
            flow[i] = place * sizes[i]
            held[i] = sizes[i]
        spaced_sums(rows, 0, 2, 1, period, whole)
        spaced_sums(rows, 1, 3, 1, period, whole)
        divided(rows[2, ahead:whole], rows[3, ahead:whole], 0.0, out[begin:stop])


@kernel
def efficiency(values: F64, period: int, out: F64) -> None:
    """Write the size of a window's change over the sum of the sizes of those it is made of; 0 where nothing moved."""
    n = values.shape[0]
    chunk = chunk_bars(period)
    rows = np.empty((5, row_bars(chunk + period - 1)))
    out[: min(period, n)] = np.nan
    for begin in range(period, n, chunk):
        stop = min(begin + chunk, n)
        efficiencies(values[begin - period : stop], period, rows, out[begin:stop])


@part
def efficiencies(values: F64, period: int, rows: F64, out: F64) -> None:
    """Write it of a stretch of bars; `values` begin `period` before it."""
    bars = out.shape[0]
    whole = bars + period - 1
    sizes, moved = rows[0, :whole], rows[2, :bars]
    later, now = values[1:], values[period:]
    for i in range(whole):
        sizes[i] = abs(later[i] - values[i])
    spaced_sums(rows, 0, 1, 1, period, whole)
    for i in range(bars):
        moved[i] = abs(now[i] - values[i])
    divided(moved, rows[1, period - 1 : whole], 0.0, out)


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out, other = np.empty((2, values.shape[0]))
    ultimate(values, values, values, (2, 3, 4), out)
    vortex(values, values, values, 3, out, other)
    money_flow(values, values, values, values, 3, out)
    efficiency(values, 3, out)
