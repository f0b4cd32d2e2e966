"""Recursive smoothing: exponential average and Wilder's strength."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]

TINY = 1e-200
HUGE = 2.0**500
BLOCK_BARS = 64
"""Between two looks at TINY; the fastest decay, by 2 a bar, stays far above the smallest double."""


@kernel
def first_known(values: F64) -> int:
    """Return the index of the first value that is not NaN, or the length."""
    for t in range(values.shape[0]):
        if values[t] == values[t]:
            return t
    return int(values.shape[0])


@kernel
def exponential(values: F64, period: int, out: F64) -> None:
    """Write the exponential average with weight 2/(period+1), seeded with the mean of the first `period` values."""
    n = values.shape[0]
    seed_bar = first_known(values) + period - 1
    out[: min(seed_bar, n)] = np.nan
    if seed_bar >= n:
        return
    total = 0.0
    for t in range(seed_bar + 1 - period, seed_bar + 1):
        total += values[t]
    average = total / period
    out[seed_bar] = average
    weight = 2.0 / (period + 1)
    for t in range(seed_bar + 1, n):
        average = (values[t] - average) * weight + average
        out[t] = average


@kernel
def strength(values: F64, period: int, out: F64) -> None:
    """Write Wilder's relative strength index, 0 to 100; 50 while nothing has moved.

    Gains and losses are kept as 2 x `period` times Wilder's averages: the ratio is the same, a bar costs a product and
    a sum instead of a division, and |change| + change needs no branch on a sign that no processor can guess (a gain is
    half of it, exactly). Where a price stands still for thousands of bars both sums are scaled up together by a
    power of two before they lose bits, which changes no ratio.
    """
    n = values.shape[0]
    seed_bar = first_known(values) + period
    out[: min(seed_bar, n)] = np.nan
    if seed_bar >= n:
        return
    gains = 0.0
    losses = 0.0
    for t in range(seed_bar + 1 - period, seed_bar + 1):
        change = values[t] - values[t - 1]
        gains += abs(change) + change
        losses += abs(change) - change
    total = gains + losses
    out[seed_bar] = 100.0 * gains / total if total != 0.0 else 50.0
    keep = (period - 1) / period
    for block in range(seed_bar + 1, n, BLOCK_BARS):
        total = gains + losses
        if total < TINY and total > 0.0:
            gains *= HUGE
            losses *= HUGE
        for t in range(block, min(block + BLOCK_BARS, n)):
            change = values[t] - values[t - 1]
            size = abs(change)
            gains = gains * keep + (size + change)
            losses = losses * keep + (size - change)
            total = gains + losses
            out[t] = 100.0 * gains / total if total != 0.0 else 50.0


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    exponential(values, 3, out)
    strength(values, 3, out)
