"""Averages over a sliding window whose newest bar weighs most: exact for scaled integers, in blocks otherwise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.windows import BLOCK_BARS, EXACT_LIMIT, FIRST_BARS, summable

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@kernel
def weighted_of_integers(integers: I64, period: int, divisor: float, out: F64) -> None:
    """Write sum(i x integers)/divisor, i from 1 for the oldest bar of the window to `period` for the newest."""
    n = integers.shape[0]
    first = min(period - 1, n)
    total = np.int64(0)
    weighted = np.int64(0)
    for t in range(first):
        total += integers[t]
        weighted += (t + 1) * integers[t]
        out[t] = np.nan
    for b in range(first, n, BLOCK_BARS):
        coming = integers[b : b + BLOCK_BARS]
        going = integers[b - first : b - first + BLOCK_BARS]
        made = out[b : b + BLOCK_BARS]
        for t in range(coming.shape[0]):
            weighted += period * coming[t]
            total += coming[t]
            made[t] = weighted
            weighted -= total
            total -= going[t]
        for t in range(coming.shape[0]):
            made[t] /= divisor


@kernel
def weighted_at_once(values: F64, period: int, out: F64) -> bool:
    """Write the weighted average in one pass where all values are of the decimals of the first ones.

    As `windows.mean_at_once`: returns whether they are, and no sum leaves 2^53; the quotient is that of integers.
    """
    n = values.shape[0]
    first = min(period - 1, n)
    weight = period * (period + 1) / 2.0
    bars, k = summable(values[: max(period, FIRST_BARS)], 1.0, EXACT_LIMIT, 1.0)
    power = 1.0
    for _ in range(k):
        power *= 10.0
    cap = EXACT_LIMIT / (weight + 2.0 * period)
    if bars < min(n, max(period, FIRST_BARS)) or weight * power > EXACT_LIMIT:
        return False
    total, weighted = 0.0, 0.0
    for t in range(first):
        up = np.rint(values[t] * power)
        if abs(up) > cap:
            return False
        total += up
        weighted += (t + 1) * up
        out[t] = np.nan
    divisor = weight * power
    lifts, steps = np.empty(BLOCK_BARS), np.empty(BLOCK_BARS)
    for b in range(first, n, BLOCK_BARS):
        coming = values[b : b + BLOCK_BARS]
        going = values[b - first : b - first + BLOCK_BARS]
        made = out[b : b + BLOCK_BARS]
        good = True
        for i in range(coming.shape[0]):
            up = np.rint(coming[i] * power)
            good &= (up / power == coming[i]) & (abs(up) <= cap)
            made[i] = up
            lifts[i] = period * up
            steps[i] = up - np.rint(going[i] * power)
        if not good:
            return False
        for i in range(coming.shape[0]):
            whole = total + made[i]
            made[i] = weighted + lifts[i]
            weighted += lifts[i] - whole
            total += steps[i]
        for i in range(coming.shape[0]):
            made[i] /= divisor
    return True


@kernel
def weighted_in_blocks(values: F64, period: int, out: F64) -> None:
    """Write the weighted average of each window of any numbers.

    In blocks as `windows.mean_in_blocks`: each bar further back makes every later one weigh one more.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    room = np.zeros(2 * (period + 1))
    older = room[: period + 1]
    coming = room[period + 1 :]
    total = 0.0
    weighted = 0.0
    for j in range(1, period):
        total += values[period - 1 - j] - values[period - 1]
        weighted += total
        older[j] = weighted
    share = 2.0 / (period * (period + 1.0))
    for b in range(period - 1, n, period):
        block = values[b : b + period]
        made = out[b : b + period]
        bars = block.shape[0]
        centre = block[0]
        later = values[b + period] if b + period < n else 0.0
        total = 0.0
        weighted = 0.0
        back = 0.0
        back_weighted = 0.0
        for i in range(bars):
            x = block[i] - centre
            total += x
            weighted += x * (i + 1)
            made[i] = centre + (weighted + (period - 1 - i) * total + older[period - 1 - i]) * share
            back += block[bars - 1 - i] - later
            back_weighted += back
            coming[i + 1] = back_weighted
        older, coming = coming, older


@kernel
def around(middle: F64, reach: F64, width: float, upper: F64, lower: F64) -> None:
    """Write middle + width x reach and middle - width x reach."""
    for t in range(middle.shape[0]):
        far = width * reach[t]
        upper[t] = middle[t] + far
        lower[t] = middle[t] - far


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    weighted_of_integers(readonly(np.arange(values.shape[0])), 3, 6.0, out)
    weighted_at_once(values, 3, out)
    weighted_in_blocks(values, 3, out)
    around(out, out, 2.0, out, out)
