"""Means over a sliding window: exact for scaled integers, in blocks for everything else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import inlined, kernel, readonly

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

EXACT_LIMIT = 9007199254740992.0
"""2^53: integers up to here are exact as float64, and dividing them by a power of ten is correctly rounded."""
SUM_LIMIT = 2.0**62
"""Sums of integers stay below int64's end, with room for the bar that is about to leave the window."""
MOST_DECIMALS = 10
BLOCK_BARS = 128
"""Bars made at a time: few, so that the next are under way from memory while sums of these wait for each other."""
FIRST_BARS = 512
"""Bars by which the decimals of a line are guessed."""


@kernel
def summable(values: F64, sum_of: float, limit: float, share: float) -> tuple[int, int]:
    """Return how many leading values can be summed exactly, and the fewest decimals k in 0..10 that all of them have.

    A value counts while it is an integer over 10^k for the k of all values up to it, that integer and share x 10^k are
    at most 2^53, and `sum_of` such integers stay within `limit`. An integer of k decimals is also one of k+1, so one
    pass with a growing k is enough; and no later value is asked, so that none can change what was found before it.
    Blocks are looked at as a whole, four values an instruction; one that is not of k decimals, value by value.
    """
    n = values.shape[0]
    k = 0
    power = 1.0
    cap = min(EXACT_LIMIT, limit / sum_of)
    t = 0
    while t < n:
        block = values[t : t + BLOCK_BARS]
        calm = True
        for i in range(block.shape[0]):
            up = np.rint(block[i] * power)
            calm &= (up / power == block[i]) & (abs(up) <= cap)
        if calm:
            t += block.shape[0]
            continue
        for i in range(block.shape[0]):
            x = block[i]
            before = k
            while not (np.rint(x * power) / power == x):
                k += 1
                power *= 10.0
                if k > MOST_DECIMALS or x != x:
                    return t, before
            if k > before:
                for s in range(t):
                    if abs(np.rint(values[s] * power)) > cap:
                        return t, before
            if abs(np.rint(x * power)) > cap or share * power > EXACT_LIMIT:
                return t, before
            t += 1
    return n, k


@kernel
def decimals(values: F64) -> int:
    """Return the fewest decimals k in 0..10 for which every value is an integer over 10^k, or -1."""
    bars, k = summable(values, 1.0, EXACT_LIMIT, 1.0)
    return k if bars == values.shape[0] else -1


@kernel
def scaled(values: F64, k: int, out: I64) -> float:
    """Write `values` x 10^k as integers and return the largest magnitude."""
    power = 1.0
    for _ in range(k):
        power *= 10.0
    largest = np.int64(0)
    for t in range(values.shape[0]):
        x = np.int64(np.rint(values[t] * power))
        out[t] = x
        largest = max(largest, abs(x))
    return float(largest)


@kernel
def mean_of_integers(integers: I64, period: int, divisor: float, out: F64) -> None:
    """Write sum(window)/divisor; correctly rounded while the sums stay within 2^53."""
    n = integers.shape[0]
    first = min(period - 1, n)
    total = np.int64(0)
    for t in range(first):
        total += integers[t]
        out[t] = np.nan
    for b in range(first, n, BLOCK_BARS):
        coming = integers[b : b + BLOCK_BARS]
        going = integers[b - first : b - first + BLOCK_BARS]
        made = out[b : b + BLOCK_BARS]
        for t in range(coming.shape[0]):
            total += coming[t]
            made[t] = total
            total -= going[t]
        for t in range(coming.shape[0]):
            made[t] /= divisor


@kernel
def mean_at_once(values: F64, period: int, out: F64) -> bool:
    """Write the mean of each window in one pass where all values are of the decimals of the first ones.

    Returns whether they are, and no sum leaves 2^53; otherwise what was written is to be thrown away. A sum of so few
    digits is exact as a float, so the quotient is that of `mean_of_integers`.
    """
    n = values.shape[0]
    first = min(period - 1, n)
    bars, k = summable(values[: max(period, FIRST_BARS)], 1.0, EXACT_LIMIT, 1.0)
    power = 1.0
    for _ in range(k):
        power *= 10.0
    cap = EXACT_LIMIT / period
    if bars < min(n, max(period, FIRST_BARS)) or period * power > EXACT_LIMIT:
        return False
    total = 0.0
    for t in range(first):
        up = np.rint(values[t] * power)
        if abs(up) > cap:
            return False
        total += up
        out[t] = np.nan
    divisor = period * power
    steps = np.empty(BLOCK_BARS)
    leaving = 0.0
    for b in range(first, n, BLOCK_BARS):
        coming = values[b : b + BLOCK_BARS]
        going = values[b - first : b - first + BLOCK_BARS]
        made = out[b : b + BLOCK_BARS]
        good = True
        for i in range(coming.shape[0]):
            up = np.rint(coming[i] * power)
            good &= (up / power == coming[i]) & (abs(up) <= cap)
            made[i] = up
            steps[i] = np.rint(going[i] * power)
        if not good:
            return False
        for i in range(coming.shape[0]):
            total += made[i] - leaving
            leaving = steps[i]
            made[i] = total
        for i in range(coming.shape[0]):
            made[i] /= divisor
    return True


@kernel
def mean_in_blocks(values: F64, period: int, out: F64) -> None:
    """Write the mean of each window of any numbers.

    No sum ever gives a bar back: the bars lie in blocks of `period`, a window is the end of one block and the beginning
    of the next, and both are added up about the first bar b of the later one, which every such window holds. So what
    has left a window bends nothing, a flat line gives exactly its value, and a window that holds a NaN gives NaN. The
    sums from the end of a block, about the first bar of the next one, run beside those from its beginning.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    if n < period:
        return
    room = np.zeros(2 * (period + 1))
    older = room[: period + 1]
    coming = room[period + 1 :]
    total = 0.0
    for j in range(1, period):
        total += values[period - 1 - j] - values[period - 1]
        older[j] = total
    share = 1.0 / period
    for b in range(period - 1, n, period):
        block = values[b : b + period]
        made = out[b : b + period]
        later = values[b + period] if b + period < n else 0.0
        mean_of_block(block, later, older, coming, share, made)
        older, coming = coming, older


@inlined
def mean_of_block(block: F64, later: float, older: F64, coming: F64, share: float, out: F64) -> None:
    """Write the means that end in a block; `older` holds sums from the end of the block before on, `coming` its own."""
    bars = block.shape[0]
    period = older.shape[0] - 1
    centre = block[0]
    total = 0.0
    back = 0.0
    for i in range(bars):
        total += block[i] - centre
        out[i] = centre + (total + older[period - 1 - i]) * share
        back += block[bars - 1 - i] - later
        coming[i + 1] = back


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    integers = np.empty(values.shape[0], np.int64)
    summable(values, 1.0, EXACT_LIMIT, 1.0)
    scaled(values, max(decimals(values), 0), integers)
    mean_of_integers(readonly(integers), 3, 3.0, out)
    mean_in_blocks(values, 3, out)
    mean_at_once(values, 3, out)
