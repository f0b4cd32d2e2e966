"""Averages whose share changes from bar to bar, and those whose shares are any numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.smoothing import first_known

F64 = NDArray[np.float64]

CHUNK_BARS = 1024
"""Bars made at a time, so that sums and what they are made of stay in the nearest caches."""


@kernel
def adapted(values: F64, shares: F64, out: F64) -> None:
    """Write an average that goes shares[t] of the way to each value, from the value before the first known share.

    Kept as its gap to the value, as `smoothing.run_on`, so that a value that stands still is reached exactly.
    """
    n = values.shape[0]
    start = max(first_known(shares), 1)
    out[: min(start, n)] = np.nan
    gap = 0.0
    for t in range(start, n):
        gap = (gap + (values[t] - values[t - 1])) * (1.0 - shares[t])
        out[t] = values[t] - gap


@kernel
def weighed_by(values: F64, weights: F64, out: F64) -> None:
    """Write the average of each window by weights that sum to 1, the first for its newest value.

    Summed about the newest value: a flat line has its own value. A product for each weight a bar, four bars an
    instruction, since the weights may be anything.
    """
    n = values.shape[0]
    period = weights.shape[0]
    out[: min(period - 1, n)] = np.nan
    for begin in range(period - 1, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        made = out[begin:stop]
        newest = values[begin:stop]
        made[:] = 0.0
        for j in range(1, period):
            weight = weights[j]
            older = values[begin - j : stop - j]
            for i in range(stop - begin):
                made[i] += weight * (older[i] - newest[i])
        for i in range(stop - begin):
            made[i] += newest[i]


@kernel
def distance(values: F64, middle: F64, period: int, out: F64) -> None:
    """Write how far the values of each window lie from its `middle` on average: `period` looks a bar, as above."""
    n = values.shape[0]
    out[: min(period - 1, n)] = np.nan
    for begin in range(period - 1, n, CHUNK_BARS):
        stop = min(begin + CHUNK_BARS, n)
        made = out[begin:stop]
        centre = middle[begin:stop]
        made[:] = 0.0
        for j in range(period):
            older = values[begin - j : stop - j]
            for i in range(stop - begin):
                made[i] += abs(older[i] - centre[i])
        for i in range(stop - begin):
            made[i] /= period


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    adapted(values, values, out)
    weighed_by(values, readonly(np.full(3, 1 / 3)), out)
    distance(values, values, 3, out)
