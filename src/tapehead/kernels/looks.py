"""A look at each value of each window: how many lie below another, how far from a middle, how long ago the extreme was.

What 32 bars come to is kept in registers while their windows are gone through, as many bars as an instruction takes.
"""

from collections.abc import Callable
from typing import Any, Final

import llvmlite.ir as ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic

from tapehead.kernels.jit import config
from tapehead.kernels.vectors import EIGHT, LANES, all_of, data_of, load, spread, store, tools

AT_ONCE: Final = 32
"""Bars whose windows are gone through together; counts of bars are multiples of it."""


def _look(join: Callable[[Any, Any, Any, Any], Any], in_python: Callable[[Any, Any], Any]) -> Any:
    """Return a function that joins to 0 what each value of a window, the newest first, is to the bar's middle.

    It is called with the values, `period - 1` of them before the last of the first window, the middles, that period,
    where to write, and how many bars, a multiple of AT_ONCE.
    """

    def look_in_python(values: Any, middle: Any, period: int, out: Any, bars: int) -> None:
        total = np.zeros(bars)
        for j in range(period - 1, -1, -1):
            total = total + in_python(values[j : j + bars], middle[:bars])
        out[:bars] = total

    if config.DISABLE_JIT:
        return look_in_python

    def look(_context: Any, values: Any, middle: Any, _period: Any, out: Any, _bars: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            line, middles, made = (data_of(target, builder, signature.args[k], given[k]) for k in (0, 1, 3))
            period, bars = given[2], given[4]
            zero, single, step = (ir.Constant(bars.type, number) for number in (0, 1, AT_ONCE))
            groups = [ir.Constant(bars.type, at) for at in range(0, AT_ONCE, LANES)]
            with tools.for_range_slice(builder, zero, bars, step, bars.type) as (t, _):
                places = [builder.add(t, at) for at in groups]
                centres = [load(builder, middles, place) for place in places]
                totals = [tools.alloca_once(builder, EIGHT) for _ in places]
                for total in totals:
                    builder.store(all_of(0.0), total)

                last = builder.sub(builder.add(t, period), single)
                with tools.for_range_slice(builder, zero, period, single, period.type) as (j, _):
                    newest = builder.sub(last, j)
                    for total, at, centre in zip(totals, groups, centres, strict=True):
                        value = load(builder, line, builder.add(newest, at))
                        builder.store(join(builder, builder.load(total), value, centre), total)
                for total, place in zip(totals, places, strict=True):
                    store(builder, builder.load(total), made, place)
            return target.get_dummy_value()

        return types.void(values, middle, types.int64, out, types.int64), generate

    return intrinsic(look)


def _less(builder: Any, total: Any, value: Any, middle: Any) -> Any:
    """Count a value below the middle."""
    return builder.select(builder.fcmp_ordered("<", value, middle), builder.fadd(total, all_of(1.0)), total)


def _far(builder: Any, total: Any, value: Any, middle: Any) -> Any:
    """Add how far a value lies from the middle."""
    whole = ir.VectorType(ir.IntType(64), LANES)
    unsigned = ir.Constant(whole, [(1 << 63) - 1] * LANES)
    apart = builder.bitcast(builder.fsub(value, middle), whole)
    return builder.fadd(total, builder.bitcast(builder.and_(apart, unsigned), EIGHT))


below = _look(_less, lambda values, middle: 1.0 * (values < middle))
apart = _look(_far, lambda values, middle: np.abs(values - middle))


def _since(sign: str) -> Any:
    """Return a function that writes how many bars ago the extreme of each window was, the newest of equal ones.

    It is called with the values, `period - 1` of them before the first that is told of, with that period, where to
    write, and how many bars, a multiple of AT_ONCE.
    """
    outdone = np.greater_equal if sign == ">=" else np.less_equal
    worst = -np.inf if sign == ">=" else np.inf

    def since_in_python(values: Any, period: int, out: Any, bars: int) -> None:
        best, age = np.full(bars, worst), np.zeros(bars)
        for j in range(period):
            newer = outdone(values[j : j + bars], best)
            best, age = np.where(newer, values[j : j + bars], best), np.where(newer, period - 1.0 - j, age)
        out[:bars] = age

    if config.DISABLE_JIT:
        return since_in_python

    def since(_context: Any, values: Any, _period: Any, out: Any, _bars: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            line, made = (data_of(target, builder, signature.args[k], given[k]) for k in (0, 2))
            period, bars = given[1], given[3]
            zero, single, step = (ir.Constant(bars.type, number) for number in (0, 1, AT_ONCE))
            groups = [ir.Constant(bars.type, at) for at in range(0, AT_ONCE, LANES)]
            oldest = spread(builder, builder.sitofp(builder.sub(period, single), ir.DoubleType()))
            with tools.for_range_slice(builder, zero, bars, step, bars.type) as (t, _):
                held = [[tools.alloca_once(builder, EIGHT) for _ in range(2)] for _ in groups]
                now = tools.alloca_once(builder, EIGHT)
                builder.store(oldest, now)
                for best, age in held:
                    builder.store(all_of(worst), best)
                    builder.store(all_of(0.0), age)
                with tools.for_range_slice(builder, zero, period, single, period.type) as (j, _):
                    ago, begin = builder.load(now), builder.add(t, j)
                    for (best, age), at in zip(held, groups, strict=True):
                        value = load(builder, line, builder.add(begin, at))
                        newer = builder.fcmp_ordered(sign, value, builder.load(best))
                        builder.store(builder.select(newer, value, builder.load(best)), best)
                        builder.store(builder.select(newer, ago, builder.load(age)), age)
                    builder.store(builder.fsub(ago, all_of(1.0)), now)
                for (_, age), at in zip(held, groups, strict=True):
                    store(builder, builder.load(age), made, builder.add(t, at))
            return target.get_dummy_value()

        return types.void(values, types.int64, out, types.int64), generate

    return intrinsic(since)


since_highest, since_lowest = _since(">="), _since("<=")
