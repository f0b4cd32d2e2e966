"""Exponential averages of exponential averages, all of them in one pass.

What is kept is the gap of each average below the one that it smooths, as in `smoothing.run_on`: gap = (gap + step) x
keep, and the average goes (gap + step) x (1 - keep), which is the step of the next one. A chain of one sum and one
product a bar is all that waits, however many averages there are.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part, readonly
from tapehead.kernels.scans import CHUNK_BARS, powers, run_spans
from tapehead.kernels.shares import row_bars, spaced_sums
from tapehead.kernels.smoothing import BLOCK_BARS, TINY, first_known, run_on
from tapehead.kernels.vectors import LANES

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@part
def last_seed(values: F64, periods: I64) -> int:
    """Return the bar on which the last of the averages is first known, or the length."""
    bar = first_known(values)
    for period in periods:
        bar += period - 1
    return int(min(bar, values.shape[0]))


@part
def begun(values: F64, periods: I64, room: F64, gaps: F64) -> None:
    """Write the gap of each average at the last of `values`; `room` is two rows as long."""
    n = values.shape[0]
    for t in range(n):
        room[0, t] = values[t]
    for k in range(periods.shape[0]):
        below = room[k % 2, :n]
        made = room[1 - k % 2, :n]
        run_on(below, periods[k], 1.0 - 2.0 / (periods[k] + 1), made)
        gaps[k] = below[n - 1] - made[n - 1]


@kernel
def cascade(values: F64, periods: I64, weights: F64, out: F64) -> None:
    """Write value - weights[0] x gap - weights[1] x gap ...; two or three averages, each of the one before.

    With weights of 1 it is the last average.
    """
    n = values.shape[0]
    seed_bar = last_seed(values, periods)
    out[:seed_bar] = np.nan
    if seed_bar >= n:
        return
    gaps = np.zeros(3)
    begun(values[: seed_bar + 1], periods, np.empty((2, seed_bar + 1)), gaps)
    keeps = np.zeros(3)
    for k in range(periods.shape[0]):
        keeps[k] = 1.0 - 2.0 / (periods[k] + 1)
    keep1, keep2, keep3 = keeps[0], keeps[1], keeps[2]
    share1, share2 = 1.0 - keep1, 1.0 - keep2
    one, two, three = gaps[0], gaps[1], gaps[2]
    first, second = weights[0], weights[1]
    third = weights[2] if periods.shape[0] > 2 else 0.0
    out[seed_bar] = values[seed_bar] - (first * one + second * two + third * three)
    before = values[seed_bar]
    for block in range(seed_bar + 1, n, BLOCK_BARS):
        one = 0.0 if abs(one) < TINY else one
        two = 0.0 if abs(two) < TINY else two
        three = 0.0 if abs(three) < TINY else three
        fresh = values[block : block + BLOCK_BARS]
        made = out[block : block + BLOCK_BARS]
        for t in range(fresh.shape[0]):
            far = one + (fresh[t] - before)
            before = fresh[t]
            one = far * keep1
            far = two + far * share1
            two = far * keep2
            three = (three + far * share2) * keep3
            made[t] = before - (first * one + second * two + third * three)


@kernel
def cascade_of_six(values: F64, periods: I64, weights: F64, out: F64) -> None:
    """Write the same of six averages of one period.

    Each gap is kept over what it takes of the one before: one sum and one product an average a bar, and the shares lie
    in the weights.
    """
    n = values.shape[0]
    seed_bar = last_seed(values, periods)
    out[:seed_bar] = np.nan
    if seed_bar >= n:
        return
    gaps, scaled = np.zeros(6), np.empty(6)
    begun(values[: seed_bar + 1], periods, np.empty((2, seed_bar + 1)), gaps)
    share = 2.0 / (periods[0] + 1)
    keep = 1.0 - share
    scale = keep
    for k in range(6):
        gaps[k] = gaps[k] / scale if scale > 0.0 else 0.0
        scaled[k] = weights[k] * scale
        scale *= share
    one, two, three, four, five, six = gaps[0], gaps[1], gaps[2], gaps[3], gaps[4], gaps[5]
    w1, w2, w3, w4, w5, w6 = scaled[0], scaled[1], scaled[2], scaled[3], scaled[4], scaled[5]
    out[seed_bar] = values[seed_bar] - ((w1 * one + w2 * two + w3 * three) + (w4 * four + w5 * five + w6 * six))
    before = values[seed_bar]
    for block in range(seed_bar + 1, n, BLOCK_BARS):
        one = 0.0 if abs(one) < TINY else one
        two = 0.0 if abs(two) < TINY else two
        three = 0.0 if abs(three) < TINY else three
        four = 0.0 if abs(four) < TINY else four
        five = 0.0 if abs(five) < TINY else five
        six = 0.0 if abs(six) < TINY else six
        fresh = values[block : block + BLOCK_BARS]
        made = out[block : block + BLOCK_BARS]
        for t in range(fresh.shape[0]):
            one = one * keep + (fresh[t] - before)
            before = fresh[t]
            two = two * keep + one
            three = three * keep + two
            four = four * keep + three
            five = five * keep + four
            six = six * keep + five
            made[t] = before - ((w1 * one + w2 * two + w3 * three) + (w4 * four + w5 * five + w6 * six))


@kernel
def true_strength(values: F64, slow: int, fast: int, out: F64) -> None:
    """Write 100 x twice smoothed change over twice smoothed size of change; 0 while nothing has moved."""
    n = values.shape[0]
    start = first_known(values) + 1
    seed_bar = min(start + slow + fast - 2, n)
    out[:seed_bar] = np.nan
    if seed_bar >= n:
        return
    steps, sizes = np.empty(seed_bar + 1 - start), np.empty(seed_bar + 1 - start)
    for t in range(start, seed_bar + 1):
        steps[t - start] = values[t] - values[t - 1]
        sizes[t - start] = abs(values[t] - values[t - 1])
    periods = np.array([slow, fast])
    room, gaps, others = np.empty((2, steps.shape[0])), np.empty(2), np.empty(2)
    begun(steps, periods, room, gaps)
    begun(sizes, periods, room, others)
    keep1, keep2 = 1.0 - 2.0 / (slow + 1), 1.0 - 2.0 / (fast + 1)
    share1, share2 = 1.0 - keep1, 1.0 - keep2
    # Each average itself: its level is what counts here, and a price that stands still lets both go to 0 alike.
    last = steps.shape[0] - 1
    calm, calm_size = steps[last] - gaps[0], sizes[last] - others[0]
    line, size = calm - gaps[1], calm_size - others[1]
    out[seed_bar] = 100.0 * line / size if size != 0.0 else 0.0
    for block in range(seed_bar + 1, n, BLOCK_BARS):
        if calm_size < TINY:
            calm, calm_size = 0.0 * calm, 0.0 * calm_size
        if size < TINY:
            line, size = 0.0 * line, 0.0 * size
        for t in range(block, min(block + BLOCK_BARS, n)):
            step = values[t] - values[t - 1]
            calm = calm * keep1 + step * share1
            calm_size = calm_size * keep1 + abs(step) * share1
            line = line * keep2 + calm * share2
            size = size * keep2 + calm_size * share2
            out[t] = 100.0 * line / size if size != 0.0 else 0.0 + 0.0 * line


@kernel
def mass(high: F64, low: F64, period: int, average: int, out: F64) -> None:
    """Write sums of `period` ratios: an average of the range over the average of that average, 1 where there is none.

    Ratios are made a chunk at a time behind the last `period - 1` of the chunk before, and summed as in `shares.py`.
    """
    n = high.shape[0]
    start = 0
    while start < n and not (high[start] - low[start] == high[start] - low[start]):
        start += 1
    seed_bar = min(start + 2 * (average - 1), n)
    out[: min(seed_bar + period - 1, n)] = np.nan
    if seed_bar + period - 1 >= n:
        return
    share = 2.0 / (average + 1)
    keep = 1.0 - share
    first, second = keep, keep * share
    keeps, state = np.empty((2, LANES)), np.zeros(2)
    powers(keep, keeps[0])
    powers(keep, keeps[1])
    ahead = period - 1
    chunk = max(CHUNK_BARS, (4 * period + LANES - 1) // LANES * LANES)
    far, sums, room = np.empty((2, row_bars(chunk))), np.empty((4, row_bars(chunk + ahead))), np.zeros((2, LANES + 1))
    ranged = np.empty(seed_bar + 1)
    for t in range(seed_bar + 1):
        ranged[t] = high[t] - low[t]
    begun(ranged, np.array([average, average]), np.empty((2, seed_bar + 1)), state)
    before = ranged[seed_bar]
    whole = before - state[0] - state[1]
    # Of the windows of the first chunk those that begin earlier are not known: what they sum is written over.
    sums[0, :ahead] = 1.0
    ratio = (before - state[0]) / whole if whole != 0.0 else 1.0
    if ahead > 0:
        sums[0, ahead - 1] = ratio
    else:
        out[seed_bar] = ratio
    state[0] = state[0] / first if first > 0.0 else 0.0
    state[1] = state[1] / second if first > 0.0 else 0.0
    for begin in range(seed_bar + 1, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        tops, bottoms = high[begin:stop], low[begin:stop]
        rest = bars % LANES
        run_spans(high, low, keeps, state, far, begin, stop - rest)
        if rest > 0:
            for i in range(rest + 1):
                room[0, i] = high[stop - rest - 1 + i]
                room[1, i] = low[stop - rest - 1 + i]
            run_spans(room[0], room[1], keeps, state, far[:, bars - rest :], 1, LANES + 1)
        quick, calm, made = far[0, :bars], far[1, :bars], sums[0, ahead : ahead + bars]
        for i in range(bars):
            smooth = (tops[i] - bottoms[i]) - quick[i] * first
            smoother = smooth - calm[i] * second
            made[i] = smooth / smoother if smoother != 0.0 else 1.0 + 0.0 * smooth
        spaced_sums(sums, 0, 1, 1, period, ahead + bars)
        out[begin:stop] = sums[1, ahead : ahead + bars]
        for i in range(ahead):
            sums[0, i] = sums[0, bars + i]
        state[0] = 0.0 if abs(state[0]) < TINY else state[0]
        state[1] = 0.0 if abs(state[1]) < TINY else state[1]
    out[: seed_bar + period - 1] = np.nan


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    cascade(values, readonly(np.full(2, 2)), readonly(np.ones(2)), out)
    cascade_of_six(values, readonly(np.full(6, 2)), readonly(np.ones(6)), out)
    true_strength(values, 2, 3, out)
    mass(values, values, 3, 2, out)
