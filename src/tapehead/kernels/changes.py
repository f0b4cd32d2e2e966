"""Changes over some bars, and the sums of gains and losses over a sliding window."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@kernel
def change(values: F64, period: int, scale: float, out: F64) -> None:
    """Write scale x (values[t]/values[t-period] - 1); NaN where the earlier value is 0."""
    n = values.shape[0]
    first = min(period, n)
    out[:first] = np.nan
    later = values[first:]
    made = out[first:]
    for t in range(n - first):
        before = values[t] if values[t] != 0.0 else np.nan
        made[t] = scale * (later[t] / before - 1.0)


@kernel
def simple_strength_of_integers(integers: I64, period: int, out: F64) -> None:
    """Write 100 x gains/(gains + losses) over the last `period` changes of scaled integers; 50 while nothing moved."""
    n = integers.shape[0]
    out[: min(period, n)] = np.nan
    net = np.int64(0)
    moved = np.int64(0)
    for t in range(1, n):
        step = integers[t] - integers[t - 1]
        net += step
        moved += abs(step)
        if t < period:
            continue
        out[t] = 100.0 * (moved + net) / (2 * moved) if moved != 0 else 50.0
        gone = integers[t + 1 - period] - integers[t - period]
        net -= gone
        moved -= abs(gone)


@kernel
def simple_strength_in_blocks(values: F64, period: int, out: F64) -> None:
    """Write the same of any numbers. In blocks as `windows.mean_in_blocks`."""
    n = values.shape[0]
    out[: min(period, n)] = np.nan
    if n <= period:
        return
    room = np.zeros(2 * (period + 1))
    gained = room[: period + 1]
    lost = room[period + 1 :]
    for b in range(period, n, period):
        gains = 0.0
        losses = 0.0
        before = values[b - period : b]
        for j in range(1, period):
            step = before[period - j] - before[period - j - 1]
            gains += abs(step) + step
            losses += abs(step) - step
            gained[j] = gains
            lost[j] = losses
        gains = 0.0
        losses = 0.0
        block = values[b - 1 : b + period]
        made = out[b : b + period]
        for i in range(made.shape[0]):
            step = block[i + 1] - block[i]
            gains += abs(step) + step
            losses += abs(step) - step
            up = gains + gained[period - 1 - i]
            moved = up + (losses + lost[period - 1 - i])
            made[i] = 100.0 * up / moved if moved != 0.0 else 50.0


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    change(values, 1, 1.0, out)
    simple_strength_of_integers(readonly(np.arange(values.shape[0])), 3, out)
    simple_strength_in_blocks(values, 3, out)
