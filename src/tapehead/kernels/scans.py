"""Sums and averages that run on from bar to bar, eight bars at a time.

What a bar hands to the next is a chain that nothing shortens while bars go one by one. Here eight bars are summed among
themselves first, in three steps that look one, two and four bars back (W. D. Hillis and G. L. Steele, Data Parallel
Algorithms, Communications of the ACM 29, 1986, page 1170), and what came before is added once. A bar is made of earlier
ones alone and always in the same order, so that no later one changes it; plain Python, which runs where Numba's
compiler is switched off, gives the same bits.

Counts are multiples of eight, and lines hold that many values from where they are read; what lies behind those that are
wanted may be anything.
"""

from typing import Any, Final

import llvmlite.ir as ir
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from tapehead.kernels.jit import config, part
from tapehead.kernels.vectors import (
    LANES,
    all_of,
    data_of,
    filler,
    last,
    later,
    load,
    numba_arrays,
    spread,
    store,
    tools,
)

F64 = NDArray[np.float64]

CHUNK_BARS: Final = 128
"""Bars made at a time, whole eights: few, so that the next are under way from memory while these are made."""
ROW_BARS: Final = 192
"""How far rows of a room lie apart: not whole pages, see `extremes.row_bars`."""


@part
def powers(keep: float, row: F64) -> None:
    """Write keep, keep^2 ... keep^8."""
    row[0] = keep
    for j in range(1, LANES):
        row[j] = row[j - 1] * keep


def _word(given: Any) -> Any:
    """Return a function that makes a constant of the kind of an index."""
    return lambda number: ir.Constant(given.type, number)


def _kept(builder: Any, state: Any, place: Any) -> Any:
    """Return a variable with one number of a state in every lane."""
    return tools.alloca_once_value(builder, spread(builder, builder.load(builder.gep(state, [place]))))


def _put_back(builder: Any, kept: Any, state: Any, place: Any) -> None:
    """Bring such a variable back into the state."""
    first = builder.extract_element(builder.load(kept), ir.Constant(ir.IntType(32), 0))
    builder.store(first, builder.gep(state, [place]))


def _given(builder: Any, lines: Any, t: Any) -> Any:
    """Return the steps themselves."""
    return load(builder, lines[0], t)


def _flowing(builder: Any, lines: Any, t: Any) -> Any:
    """Return the volume of bars times where they close, of high, low, close and volume."""
    high, low, close, volume = (load(builder, line, t) for line in lines)
    span = builder.fsub(high, low)
    place = builder.fsub(builder.fsub(close, low), builder.fsub(high, close))
    share = builder.fdiv(place, span)
    share = builder.select(builder.fcmp_unordered("!=", span, all_of(0.0)), share, all_of(0.0))
    return builder.fmul(share, volume)


def _widening(builder: Any, lines: Any, t: Any) -> Any:
    """Return by how much the range of bars, of high and low, grows."""
    before = builder.sub(t, ir.Constant(t.type, 1))
    now, then = (builder.fsub(*(load(builder, line, at) for line in lines)) for at in (t, before))
    return builder.fsub(now, then)


def _given_in_python(lines: Any, at: int) -> Any:
    """Return eight steps."""
    return lines[0][at : at + LANES].copy()


def _flowing_in_python(lines: Any, at: int) -> Any:
    """Return eight such steps."""
    high, low, close, volume = (line[at : at + LANES] for line in lines)
    span = high - low
    return np.where(span != 0.0, ((close - low) - (high - close)) / span, 0.0) * volume


def _widening_in_python(lines: Any, at: int) -> Any:
    """Return eight such steps."""
    spans = lines[0][at - 1 : at + LANES] - lines[1][at - 1 : at + LANES]
    return spans[1:] - spans[:-1]


def _later_in_python(values: Any, lanes: int, fill: float) -> Any:
    """Move each value so many lanes up."""
    return np.concatenate([np.full(lanes, fill), values[:-lanes]])


MADE = {1: (_given, _given_in_python), 2: (_widening, _widening_in_python), 4: (_flowing, _flowing_in_python)}
"""By the number of lines given, how steps are made of them."""


def _sums(given_lines: int) -> Any:
    """Return a function that writes the sums so far of steps, and carries what rounding loses beside them.

    It is called with the lines, `state` of total and lost, where to write, and the bars [at, until). Eight steps are
    summed as they are, and the error of adding them to the total is kept (D. E. Knuth, The Art of Computer Programming
    2, section 4.2.2, theorem B).
    """
    make, make_in_python = MADE[given_lines]

    def add_in_python(*given: Any) -> None:
        state, out, at, until = given[given_lines:]
        for t in range(at, until, LANES):
            steps = make_in_python(given[:given_lines], t)
            for lanes in (1, 2, 4):
                steps = steps + _later_in_python(steps, lanes, state[0] * 0.0 + 0.0)
            total, step = state[0], steps[-1]
            out[t : t + LANES] = total + (state[1] + steps)
            grown = total + step
            kept = grown - total
            state[1] += (total - (grown - kept)) + (step - kept)
            state[0] = grown

    if config.DISABLE_JIT:
        return add_in_python

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = [data_of(target, builder, signature.args[k], given[k]) for k in range(given_lines + 2)]
        lines, state, out = data[:given_lines], data[given_lines], data[given_lines + 1]
        at, until = given[given_lines + 2 :]
        number = _word(at)
        total, lost = (_kept(builder, state, number(k)) for k in range(2))
        fill = filler(builder, builder.load(builder.gep(state, [number(0)])), 0.0)
        with tools.for_range_slice(builder, at, until, number(LANES), at.type) as (t, _):
            steps = make(builder, lines, t)
            for lanes in (1, 2, 4):
                steps = builder.fadd(steps, later(builder, steps, lanes, fill))
            before, missing, step = builder.load(total), builder.load(lost), last(builder, steps)
            store(builder, builder.fadd(before, builder.fadd(missing, steps)), out, t)
            grown = builder.fadd(before, step)
            kept = builder.fsub(grown, before)
            off = builder.fadd(builder.fsub(before, builder.fsub(grown, kept)), builder.fsub(step, kept))
            builder.store(builder.fadd(missing, off), lost)
            builder.store(grown, total)
        for k, one in enumerate((total, lost)):
            _put_back(builder, one, state, number(k))
        return target.get_dummy_value()

    if given_lines == 1:

        def add(_context: Any, steps: Any, state: Any, out: Any, _at: Any, _until: Any) -> Any:
            return types.void(steps, state, out, types.int64, types.int64), generate

        return intrinsic(add)

    def add_flow(
        _context: Any, high: Any, low: Any, close: Any, volume: Any, state: Any, out: Any, _at: Any, _until: Any
    ) -> Any:
        return types.void(high, low, close, volume, state, out, types.int64, types.int64), generate

    return intrinsic(add_flow)


def _averages(given_lines: int, sources: tuple[int, ...]) -> Any:
    """Return a function that writes lines that keep so much of themselves a bar: line = line x keep + step.

    The steps of line k are line `sources[k]`, those given where that is -1. It is called with the lines, `keeps` of
    shape (n_lines, 8) as `powers` writes them, `state`, the last value of each line, the rows to write, and the bars
    [at, until) to read; rows are written from their beginning.
    """
    make, make_in_python = MADE[given_lines]

    def run_in_python(*given: Any) -> None:
        keeps, state, rows, at, until = given[given_lines:]
        for t in range(at, until, LANES):
            made = {-1: make_in_python(given[:given_lines], t)}
            for k, source in enumerate(sources):
                line = made[source]
                for lanes in (1, 2, 4):
                    line = line + _later_in_python(line, lanes, 0.0) * keeps[k, lanes - 1]
                made[k] = line + state[k] * keeps[k]
                state[k] = made[k][-1]
                rows[k, t - at : t - at + LANES] = made[k]

    if config.DISABLE_JIT:
        return run_in_python

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = [data_of(target, builder, signature.args[k], given[k]) for k in range(given_lines + 3)]
        lines, (keeps, state, rows) = data[:given_lines], data[given_lines:]
        at, until = given[given_lines + 3 :]
        number = _word(at)
        array = numba_arrays.make_array(signature.args[given_lines + 2])(target, builder, given[given_lines + 2])
        apart = builder.sdiv(tools.unpack_tuple(builder, array.strides)[0], number(8))
        decays, shares, kept = [], [], []
        for k in range(len(sources)):
            decays.append(load(builder, keeps, number(LANES * k)))
            each = [builder.load(builder.gep(keeps, [number(LANES * k + lanes - 1)])) for lanes in (1, 2, 4)]
            shares.append([spread(builder, one) for one in each])
            kept.append(_kept(builder, state, number(k)))
        fill = filler(builder, builder.load(builder.gep(keeps, [number(0)])), 0.0)
        with tools.for_range_slice(builder, at, until, number(LANES), at.type) as (t, _):
            made = {-1: make(builder, lines, t)}
            for k, source in enumerate(sources):
                line = made[source]
                for lanes, share in zip((1, 2, 4), shares[k], strict=True):
                    line = builder.fadd(line, builder.fmul(later(builder, line, lanes, fill), share))
                line = builder.fadd(line, builder.fmul(builder.load(kept[k]), decays[k]))
                builder.store(last(builder, line), kept[k])
                store(builder, line, rows, builder.add(builder.mul(apart, number(k)), builder.sub(t, at)))
                made[k] = line
        for k, one in enumerate(kept):
            _put_back(builder, one, state, number(k))
        return target.get_dummy_value()

    if given_lines == 1:

        def run(_context: Any, steps: Any, keeps: Any, state: Any, rows: Any, _at: Any, _until: Any) -> Any:
            return types.void(steps, keeps, state, rows, types.int64, types.int64), generate

        return intrinsic(run)
    if given_lines == 2:

        def run_spans(
            _context: Any, high: Any, low: Any, keeps: Any, state: Any, rows: Any, _at: Any, _until: Any
        ) -> Any:
            return types.void(high, low, keeps, state, rows, types.int64, types.int64), generate

        return intrinsic(run_spans)

    def run_flow(
        _context: Any,
        high: Any,
        low: Any,
        close: Any,
        volume: Any,
        keeps: Any,
        state: Any,
        rows: Any,
        _at: Any,
        _until: Any,
    ) -> Any:
        return types.void(high, low, close, volume, keeps, state, rows, types.int64, types.int64), generate

    return intrinsic(run_flow)


def _changing() -> Any:
    """Return a function that writes line = (line + step) x keep, where each bar keeps another share.

    It is called with steps, keeps, `state` of the last value, where to write, and how many bars.
    """

    def run_in_python(steps: Any, keeps: Any, state: Any, out: Any, count: int) -> None:
        for t in range(0, count, LANES):
            share = keeps[t : t + LANES]
            line = steps[t : t + LANES] * share
            for lanes in (1, 2, 4):
                line = line + _later_in_python(line, lanes, 0.0) * share
                share = share * _later_in_python(share, lanes, 1.0)
            line = line + state[0] * share
            state[0] = line[-1]
            out[t : t + LANES] = line

    if config.DISABLE_JIT:
        return run_in_python

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        steps, keeps, state, out = (data_of(target, builder, signature.args[k], given[k]) for k in range(4))
        number = _word(given[4])
        kept = _kept(builder, state, number(0))
        began = builder.load(builder.gep(state, [number(0)]))
        nothing, whole = filler(builder, began, 0.0), filler(builder, began, 1.0)
        with tools.for_range_slice(builder, number(0), given[4], number(LANES), given[4].type) as (t, _):
            share = load(builder, keeps, t)
            line = builder.fmul(load(builder, steps, t), share)
            for lanes in (1, 2, 4):
                line = builder.fadd(line, builder.fmul(later(builder, line, lanes, nothing), share))
                share = builder.fmul(share, later(builder, share, lanes, whole))
            line = builder.fadd(line, builder.fmul(builder.load(kept), share))
            builder.store(last(builder, line), kept)
            store(builder, line, out, t)
        _put_back(builder, kept, state, number(0))
        return target.get_dummy_value()

    def run(_context: Any, steps: Any, keeps: Any, state: Any, out: Any, _count: Any) -> Any:
        return types.void(steps, keeps, state, out, types.int64), generate

    return intrinsic(run)


add_steps, add_flows = _sums(1), _sums(4)
run_one, run_spans, run_apart = _averages(1, (-1,)), _averages(2, (-1, 0)), _averages(4, (-1, -1))
run_changing = _changing()
