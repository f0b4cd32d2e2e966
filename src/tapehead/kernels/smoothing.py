"""Recursive smoothing: exponential averages, their convergence, and Wilder's strength."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, part

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
def seed(values: F64, last: int, period: int) -> float:
    """Return the mean of the `period` values up to `last`, summed about the oldest: a flat line has its own value."""
    oldest = values[last + 1 - period]
    total = 0.0
    for t in range(last + 1 - period, last + 1):
        total += values[t] - oldest
    return float(oldest + total / period)


@kernel
def exponential(values: F64, period: int, out: F64) -> None:
    """Write the exponential average with weight 2/(period+1), seeded with the mean of the first `period` values."""
    run_on(values, period, 1.0 - 2.0 / (period + 1), out)


@kernel
def wilder(values: F64, period: int, out: F64) -> None:
    """Write Wilder's average, weight 1/period, seeded with the mean of the first `period` values."""
    run_on(values, period, (period - 1) / period, out)


@part
def run_on(values: F64, period: int, keep: float, out: F64) -> None:
    """Write an average that keeps so much of itself a bar, seeded with the mean of the first `period` values.

    What is smoothed is the gap, price less average: gap = (gap + change) x keep. It is the same line, and a price that
    stands still is reached exactly. Bars go by twos: each gap stands on the one two bars before, which halves the chain
    of operations that nothing else can shorten; an odd last bar takes the step of a pair's first.
    """
    n = values.shape[0]
    seed_bar = first_known(values) + period - 1
    out[: min(seed_bar, n)] = np.nan
    if seed_bar >= n:
        return
    average = seed(values, seed_bar, period)
    out[seed_bar] = average
    twice = keep * keep
    gap = values[seed_bar] - average
    before = values[seed_bar]
    for block in range(seed_bar + 1, n, BLOCK_BARS):
        if abs(gap) < TINY:
            gap = 0.0
        fresh = values[block : block + BLOCK_BARS]
        made = out[block : block + BLOCK_BARS]
        bars = fresh.shape[0]
        for i in range(0, bars - 1, 2):
            first = fresh[i] - before
            second = fresh[i + 1] - fresh[i]
            before = fresh[i + 1]
            made[i] = fresh[i] - (gap + first) * keep
            gap = gap * twice + (first * twice + second * keep)
            made[i + 1] = before - gap
        if bars % 2 == 1:
            made[bars - 1] = fresh[bars - 1] - (gap + (fresh[bars - 1] - before)) * keep


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


@kernel
def convergence(values: F64, fast: int, slow: int, signal: int, line: F64, smooth: F64, gap: F64) -> None:
    """Write the distance of two exponential averages, its own average over `signal` bars, and how far both lie apart.

    Both averages start on the bar on which the longer one is first known, as TA-Lib's do, each seeded with the mean of
    its own last values. Each is kept as its gap to the price, as in `exponential`; their distance is that of the gaps.
    """
    n = values.shape[0]
    first = first_known(values) + max(fast, slow) - 1
    seed_bar = first + signal - 1
    line[: min(first, n)] = np.nan
    smooth[: min(seed_bar, n)] = np.nan
    gap[: min(seed_bar, n)] = np.nan
    if first >= n:
        return
    before = values[first]
    quick = before - seed(values, first, fast)
    calm = before - seed(values, first, slow)
    line[first] = calm - quick
    total = calm - quick
    quick_weight = 2.0 / (fast + 1)
    calm_weight = 2.0 / (slow + 1)
    quick_keep = 1.0 - quick_weight
    calm_keep = 1.0 - calm_weight
    for t in range(first + 1, min(seed_bar + 1, n)):
        change = values[t] - values[t - 1]
        quick = (quick + change) * quick_keep
        calm = (calm + change) * calm_keep
        line[t] = calm - quick
        total += calm - quick
    if seed_bar >= n:
        return
    lag = line[seed_bar] - total / signal
    smooth[seed_bar] = total / signal
    gap[seed_bar] = lag
    keep = 1.0 - 2.0 / (signal + 1)
    distance = line[seed_bar]
    before = values[seed_bar]
    for block in range(seed_bar + 1, n, BLOCK_BARS):
        quick = 0.0 if abs(quick) < TINY else quick
        calm = 0.0 if abs(calm) < TINY else calm
        lag = 0.0 if abs(lag) < TINY else lag
        for t in range(block, min(block + BLOCK_BARS, n)):
            change = values[t] - before
            before = values[t]
            quick = (quick + change) * quick_keep
            calm = (calm + change) * calm_keep
            lag = (lag + ((calm - quick) - distance)) * keep
            distance = calm - quick
            line[t] = distance
            smooth[t] = distance - lag
            gap[t] = lag


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    exponential(values, 3, out)
    wilder(values, 3, out)
    strength(values, 3, out)
    convergence(values, 2, 3, 2, out, out.copy(), out.copy())
