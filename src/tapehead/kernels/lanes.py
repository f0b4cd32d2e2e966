"""Lanes: eight values at a time, written as vectors, since the loop vectoriser leaves loops with several sums alone.

Each is one LLVM instruction on vectors of eight, which every processor cuts to its own width, with the bits of the same
operation on each value. Additions to one lane come in the order of the bars, so that plain Python, which runs where
Numba's compiler is switched off, gives the same sums.
"""

from typing import Any, Final

import llvmlite.ir as ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tapehead.kernels.jit import config, inlined, part
from tapehead.kernels.vectors import LANES, all_of, data_of, load, places, spread, store, tools

F64 = NDArray[np.float64]
tuple_of: Any = types.UniTuple

WORD: Final = 64
"""Bars to a word of bits."""
SUMS: Final = 5
"""Rows of lanes: the sums of r, r^2, r^3, r^4, and of the squares of losses."""
HIGHEST, LOWEST = 0, 1
"""Places of the extremes."""


def _greater(builder: Any, one: Any, other: Any) -> Any:
    """Return the greater of each two."""
    return builder.select(builder.fcmp_ordered(">", one, other), one, other)


def _reduced(builder: Any, values: Any) -> Any:
    """Return the greatest of eight."""
    for step in (4, 2, 1):
        turned = [(k + step) % LANES for k in range(LANES)]
        values = _greater(builder, values, builder.shuffle_vector(values, values, places(turned)))
    return builder.extract_element(values, ir.Constant(ir.IntType(32), 0))


def _comparison() -> Any:
    """Return a function that compares 64 values of two lines: the bits of those above, and of those below."""
    if config.DISABLE_JIT:
        return lambda a, b, at, b_at: _bits_in_python(a[at : at + WORD], b[b_at : b_at + WORD])

    def compare(_context: Any, a: Any, b: Any, _at: Any, _b_at: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            lines = [data_of(target, builder, signature.args[k], given[k]) for k in range(2)]
            bits = [ir.Constant(ir.IntType(WORD), 0)] * 2
            for j in range(0, WORD, LANES):
                place = ir.Constant(ir.IntType(WORD), j)
                x, y = (load(builder, lines[k], builder.add(given[k + 2], place)) for k in range(2))
                for k, sign in enumerate("><"):
                    found = builder.bitcast(builder.fcmp_ordered(sign, x, y), ir.IntType(LANES))
                    bits[k] = builder.or_(bits[k], builder.shl(builder.zext(found, ir.IntType(WORD)), place))
            return target.make_tuple(builder, signature.return_type, bits)

        return tuple_of(types.uint64, 2)(a, b, types.int64, types.int64), generate

    return intrinsic(compare)


def _bits_in_python(a: F64, b: F64) -> tuple[Any, Any]:
    """Return what a comparison of words returns."""
    above, below = (sum(1 << k for k, one in enumerate(found.tolist()) if one) for found in (a > b, a < b))
    return np.uint64(above), np.uint64(below)


compared_word = _comparison()


@inlined
def add_one(change: float, t: int, lanes: F64) -> None:
    """Add the powers of the return of bar t to its lane."""
    k = np.uint64(t % LANES)
    square = change * change
    loss = 0.0 if change >= 0.0 else change
    lanes[k] += change
    lanes[k + np.uint64(LANES)] += square
    lanes[k + np.uint64(2 * LANES)] += square * change
    lanes[k + np.uint64(3 * LANES)] += square * square
    lanes[k + np.uint64(4 * LANES)] += loss * loss


@part
def add_each(close: F64, returns: F64, at: int, until: int, cash: float, units: float, lanes: F64, found: F64) -> None:
    """Add bars [at, until), in which the same units are held, one by one; see `add_held`."""
    for t in range(at, until):
        price = close[t]
        if returns.shape[0] != 0:
            change = returns[t]
        else:
            change = (cash + units * price) / (cash + units * close[t - 1]) - 1.0
        add_one(change, t, lanes)
        found[HIGHEST], found[LOWEST] = max(found[HIGHEST], price), min(found[LOWEST], price)


def _eights(by_returns: bool) -> Any:
    """Return `add_each` for whole groups of eight bars, of which those outside [at, until) do not count.

    The group before the first and a group that ends behind the last bar are not read.
    """
    if config.DISABLE_JIT:
        return add_each

    def add(
        _context: Any, close: Any, returns: Any, _at: Any, _until: Any, _cash: Any, _units: Any, lanes: Any, found: Any
    ) -> Any:
        def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
            arrays = [data_of(target, builder, signature.args[k], given[k]) for k in (0, 1, 6, 7)]
            _generate(builder, arrays, given, by_returns)
            return target.get_dummy_value()

        numbers = (types.int64, types.int64, types.float64, types.float64)
        return types.void(close, returns, *numbers, lanes, found), generate

    return intrinsic(add)


def _generate(builder: Any, arrays: Any, given: Any, by_returns: bool) -> None:
    """Write the loop over groups of eight."""
    close, returns, lanes, extremes = arrays
    at, until, cash, units = given[2:6]
    word = at.type
    eight, zero, one = (ir.Constant(word, k) for k in (LANES, 0, 1))
    numbers = ir.Constant(ir.VectorType(word, LANES), list(range(LANES)))
    rows = [ir.Constant(word, LANES * k) for k in range(SUMS)]
    sums = [tools.alloca_once_value(builder, load(builder, lanes, row)) for row in rows]
    high, low = (tools.alloca_once_value(builder, all_of(float("-inf"))) for _ in range(2))
    cash, units = spread(builder, cash), spread(builder, units)
    began = builder.and_(at, ir.Constant(word, -LANES))
    with tools.for_range_slice(builder, began, until, eight, word) as (t, _):
        bars = builder.add(spread(builder, t), numbers)
        inside = builder.and_(
            builder.icmp_signed(">=", bars, spread(builder, at)),
            builder.icmp_signed("<", bars, spread(builder, until)),
        )
        price = load(builder, close, t)
        if by_returns:
            change = load(builder, returns, t)
        else:
            before = load(builder, close, builder.sub(t, one))
            now, then = (builder.fadd(cash, builder.fmul(units, each)) for each in (price, before))
            change = builder.fsub(builder.fdiv(now, then), all_of(1.0))
        change = builder.select(inside, change, all_of(0.0))
        loss = builder.select(builder.fcmp_ordered(">=", change, all_of(0.0)), all_of(0.0), change)
        square = builder.fmul(change, change)
        powers = (change, square, builder.fmul(square, change), builder.fmul(square, square), builder.fmul(loss, loss))
        for kept, power in zip(sums, powers, strict=True):
            builder.store(builder.fadd(builder.load(kept), power), kept)
        fallen = builder.select(inside, builder.fsub(all_of(-0.0), price), all_of(float("-inf")))
        price = builder.select(inside, price, all_of(float("-inf")))
        builder.store(_greater(builder, price, builder.load(high)), high)
        builder.store(_greater(builder, fallen, builder.load(low)), low)
    for kept, row in zip(sums, rows, strict=True):
        store(builder, builder.load(kept), lanes, row)
    for kept, place in ((high, zero), (low, one)):
        found, slot = _reduced(builder, builder.load(kept)), builder.gep(extremes, [place])
        if place is one:
            found = builder.fsub(ir.Constant(ir.DoubleType(), -0.0), found)
            known = builder.load(slot)
            found = builder.select(builder.fcmp_ordered("<", found, known), found, known)
        else:
            known = builder.load(slot)
            found = builder.select(builder.fcmp_ordered(">", found, known), found, known)
        builder.store(found, slot)


_add_given, _add_made = _eights(by_returns=True), _eights(by_returns=False)


@inlined
def add_held(close: F64, returns: F64, at: int, until: int, cash: float, units: float, lanes: F64, found: F64) -> None:
    """Add the returns of bars [at, until), in which the same units are held as in the bar before.

    Bar t counts in lane t % LANES of each row of `lanes`, shape (SUMS * LANES,); `found` takes the highest and the
    lowest close. With `returns` of the price, shape (n_bars,) or (0,), cash and units are not asked.
    """
    found[HIGHEST], found[LOWEST] = -np.inf, np.inf
    if at < LANES:
        before = min(until, LANES)
        add_each(close, returns, at, before, cash, units, lanes, found)
        at = before
    whole = min(until, close.shape[0] - close.shape[0] % LANES)
    if at < whole:
        if returns.shape[0] != 0:
            _add_given(close, returns, at, whole, cash, units, lanes, found)
        else:
            _add_made(close, returns, at, whole, cash, units, lanes, found)
        at = whole
    if at < until:
        add_each(close, returns, at, until, cash, units, lanes, found)
