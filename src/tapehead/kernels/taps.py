"""Averages of a window by any weights, its newest value first: a product for each weight a bar.

They are told in steps from value to value: what a step adds to the newest value, all weights further back share. So a
flat line has its own value, and what has left the window bends nothing. Bars go by as many as an instruction takes.
"""

from typing import Any, Final

import llvmlite.ir as ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tapehead.kernels.jit import config, kernel, part, readonly
from tapehead.kernels.vectors import EIGHT, LANES, all_of, data_of, load, spread, store, tools

F64 = NDArray[np.float64]

CHUNK_BARS: Final = 512
"""Bars made at a time, so that steps stay in the nearest cache."""
AT_ONCE: Final = 32
"""Bars whose sums are kept in registers while the steps of their windows are gone through."""


@kernel
def weighed_by(values: F64, weights: F64, level: float, out: F64) -> None:
    """Write the sum of weight x value of each window; `level` is what the weights sum to, 0 or 1."""
    n = values.shape[0]
    ahead = weights.shape[0] - 1
    out[: min(ahead, n)] = np.nan
    shares, steps = np.zeros(ahead + 1), np.zeros(CHUNK_BARS + ahead + AT_ONCE)
    room = np.zeros((2, AT_ONCE))
    share(weights, shares)
    for begin in range(ahead, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        stepped(values[begin - ahead : stop], steps)
        tapped(steps, shares, values[begin:stop], level, room, out[begin:stop])


@kernel
def middles_weighed_by(high: F64, low: F64, weights: F64, level: float, out: F64) -> None:
    """Write the same of the middle of each bar."""
    n = high.shape[0]
    ahead = weights.shape[0] - 1
    out[: min(ahead, n)] = np.nan
    shares, steps = np.zeros(ahead + 1), np.zeros(CHUNK_BARS + ahead + AT_ONCE)
    middles, room = np.empty(CHUNK_BARS + ahead), np.zeros((2, AT_ONCE))
    share(weights, shares)
    for begin in range(ahead, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        tops, bottoms = high[begin - ahead : stop], low[begin - ahead : stop]
        for i in range(tops.shape[0]):
            middles[i] = 0.5 * tops[i] + 0.5 * bottoms[i]
        stepped(middles[: tops.shape[0]], steps)
        tapped(steps, shares, middles[ahead : tops.shape[0]], level, room, out[begin:stop])


@part
def share(weights: F64, out: F64) -> None:
    """Write what each step takes away: the weights of all values before it."""
    total = 0.0
    for i in range(weights.shape[0] - 2, -1, -1):
        total += weights[i + 1]
        out[i] = total


@part
def stepped(values: F64, out: F64) -> None:
    """Write the step from each value to the next."""
    later = values[1:]
    for i in range(later.shape[0]):
        out[i] = later[i] - values[i]


def _taps() -> Any:
    """Return a function that writes level x newest less the sum of share x step over the steps of each window.

    It is called with the steps, their shares, how many those are, the newest values, their level, where to write, and
    how many bars, a multiple of AT_ONCE. The newest step comes first, the oldest lies at the bar's own place.
    """

    def tap_in_python(steps: Any, shares: Any, taps: int, newest: Any, level: float, out: Any, bars: int) -> None:
        total = np.zeros(bars)
        for j in range(taps):
            total = total + shares[j] * steps[taps - 1 - j : taps - 1 - j + bars]
        out[:bars] = level * newest[:bars] - total

    if config.DISABLE_JIT:
        return tap_in_python

    def tap(_context: Any, steps: Any, shares: Any, _taps: Any, newest: Any, _level: Any, out: Any, _bars: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            kinds = signature.args
            lines, parts, values, made = (data_of(target, builder, kinds[k], given[k]) for k in (0, 1, 3, 5))
            taps, level, bars = given[2], spread(builder, given[4]), given[6]
            zero, single, step = (ir.Constant(bars.type, number) for number in (0, 1, AT_ONCE))
            groups = [ir.Constant(bars.type, at) for at in range(0, AT_ONCE, LANES)]
            with tools.for_range_slice(builder, zero, bars, step, bars.type) as (t, _):
                totals = [tools.alloca_once(builder, EIGHT) for _ in groups]
                for total in totals:
                    builder.store(all_of(0.0), total)
                newest_step = builder.add(t, builder.sub(taps, single))
                with tools.for_range_slice(builder, zero, taps, single, bars.type) as (j, _):
                    share = spread(builder, builder.load(builder.gep(parts, [j])))
                    begin = builder.sub(newest_step, j)
                    for total, at in zip(totals, groups, strict=True):
                        part_ = builder.fmul(share, load(builder, lines, builder.add(begin, at)))
                        builder.store(builder.fadd(builder.load(total), part_), total)
                for total, at in zip(totals, groups, strict=True):
                    place = builder.add(t, at)
                    value = builder.fmul(level, load(builder, values, place))
                    store(builder, builder.fsub(value, builder.load(total)), made, place)
            return target.get_dummy_value()

        numbers = (types.int64, newest, types.float64, out, types.int64)
        return types.void(steps, shares, *numbers), generate

    return intrinsic(tap)


tap = _taps()


@part
def tapped(steps: F64, shares: F64, newest: F64, level: float, room: F64, out: F64) -> None:
    """Write level x newest less share x step for each step of a window; `room` holds two rows for what is left over."""
    bars = out.shape[0]
    taps = shares.shape[0] - 1
    whole = bars // AT_ONCE * AT_ONCE
    tap(steps, shares, taps, newest, level, out, whole)
    if whole < bars:
        for i in range(bars - whole):
            room[0, i] = newest[whole + i]
        tap(steps[whole:], shares, taps, room[0], level, room[1], AT_ONCE)
        for i in range(bars - whole):
            out[whole + i] = room[1, i]


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out, weights = np.empty(values.shape[0]), readonly(np.full(6, 1 / 6))
    weighed_by(values, weights, 1.0, out)
    middles_weighed_by(values, values, weights, 1.0, out)
