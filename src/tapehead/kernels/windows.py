"""Means over a sliding window: exact for scaled integers, in blocks for everything else."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

EXACT_LIMIT = 9007199254740992.0
"""2^53: integers up to here are exact as float64, and dividing them by a power of ten is correctly rounded."""
SUM_LIMIT = 2.0**62
"""Sums of integers stay below int64's end, with room for the bar that is about to leave the window."""
MOST_DECIMALS = 10


@kernel
def summable(values: F64, sum_of: float, limit: float, share: float) -> tuple[int, int]:
    """Return how many leading values can be summed exactly, and the fewest decimals k in 0..10 that all of them have.

    A value counts while it is an integer over 10^k for the k of all values up to it, that integer and share x 10^k are
    at most 2^53, and `sum_of` such integers stay within `limit`. An integer of k decimals is also one of k+1, so one
    pass with a growing k is enough; and no later value is asked, so that none can change what was found before it.
    """
    k = 0
    power = 1.0
    largest = 0.0
    for t in range(values.shape[0]):
        x = values[t]
        scaled_up = np.rint(x * power)
        before = k
        if not (scaled_up / power == x):
            at = power
            while not (np.rint(x * at) / at == x):
                k += 1
                if k > MOST_DECIMALS or x != x:
                    return t, before
                at *= 10.0
            largest *= at / power
            power = at
            scaled_up = np.rint(x * power)
        if abs(scaled_up) > largest or k > before:
            largest = max(largest, abs(scaled_up))
            if largest > EXACT_LIMIT or sum_of * largest > limit or share * power > EXACT_LIMIT:
                return t, before
    return values.shape[0], k


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
    largest = 0.0
    for t in range(values.shape[0]):
        x = np.rint(values[t] * power)
        out[t] = np.int64(x)
        largest = max(largest, abs(x))
    return largest


@kernel
def mean_of_integers(integers: I64, period: int, divisor: float, out: F64) -> None:
    """Write sum(window)/divisor; correctly rounded while the sums stay within 2^53."""
    total = np.int64(0)
    for t in range(min(period - 1, integers.shape[0])):
        total += integers[t]
        out[t] = np.nan
    for t in range(period - 1, integers.shape[0]):
        total += integers[t]
        out[t] = total / divisor
        total -= integers[t + 1 - period]


@kernel
def mean_in_blocks(values: F64, period: int, older: F64, out: F64) -> None:
    """Write the mean of each window of any numbers; `older` is room for `period` sums.

    No sum ever gives a bar back: the bars lie in blocks of `period`, a window is the end of one block and the beginning
    of the next, and both are added up about the first bar b of the later one, which every such window holds. So what
    has left a window bends nothing, a flat line gives exactly its value, and a window that holds a NaN gives NaN.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    older[0] = 0.0
    for b in range(period - 1, n, period):
        centre = values[b]
        total = 0.0
        for j in range(1, period):
            total += values[b - j] - centre
            older[j] = total
        total = 0.0
        for t in range(b, min(b + period, n)):
            total += values[t] - centre
            out[t] = centre + (total + older[period - 1 - (t - b)]) / period


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    integers = np.empty(values.shape[0], np.int64)
    scaled(values, max(decimals(values), 0), integers)
    mean_of_integers(readonly(integers), 3, 3.0, out)
    mean_in_blocks(values, 3, np.empty(3), out)
