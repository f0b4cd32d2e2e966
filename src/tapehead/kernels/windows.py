"""Sums over a sliding window: exact for scaled integers, restarted for everything else (engine.md, section 7)."""

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
RESTART_BARS = 4096


@kernel
def decimals(values: F64) -> int:
    """Return the fewest decimals k in 0..10 for which every value is an integer over 10^k, or -1.

    An integer of k decimals is also one of k+1, so one pass with a growing k is enough.
    """
    k = 0
    power = 1.0
    largest = 0.0
    for t in range(values.shape[0]):
        x = values[t]
        if not (np.rint(x * power) / power == x):
            while not (np.rint(x * power) / power == x):
                k += 1
                if k > MOST_DECIMALS or x != x:
                    return -1
                power *= 10.0
        if abs(x) > largest:
            largest = abs(x)
    return k if largest * power <= EXACT_LIMIT else -1


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
def mean_restarted(values: F64, period: int, out: F64) -> None:
    """Write the mean of each window; its running sum starts anew every 4,096 bars, so that errors do not pile up.

    A window that holds a NaN gives NaN.
    """
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    total = 0.0
    absent = 0
    for t in range(period - 1, n):
        if (t - (period - 1)) % RESTART_BARS == 0:
            total = 0.0
            absent = 0
            for s in range(t + 1 - period, t):
                if values[s] == values[s]:
                    total += values[s]
                else:
                    absent += 1
        if values[t] == values[t]:
            total += values[t]
        else:
            absent += 1
        out[t] = total / period if absent == 0 else np.nan
        gone = values[t + 1 - period]
        if gone == gone:
            total -= gone
        else:
            absent -= 1


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    integers = np.empty(values.shape[0], np.int64)
    scaled(values, max(decimals(values), 0), integers)
    mean_of_integers(readonly(integers), 3, 3.0, out)
    mean_restarted(values, 3, out)
