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
def adapted(values: F64, quick: float, calm: float, out: F64) -> None:
    """Make of the efficiency of each bar, 0 to 1, the average that goes (efficiency x (quick - calm) + calm)^2 a bar.

    It begins at the value before. Kept as its gap to the value, as `smoothing.run_on`, so that a value that stands
    still is reached exactly.
    """
    start = max(first_known(out), 1)
    gap = 0.0
    for t in range(start, out.shape[0]):
        share = out[t] * (quick - calm) + calm
        gap = (gap + (values[t] - values[t - 1])) * (1.0 - share * share)
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
    adapted(values, 0.6, 0.1, out)
    weighed_by(values, readonly(np.full(3, 1 / 3)), out)
    distance(values, values, 3, out)
