"""Averages whose share changes from bar to bar, and how far a window lies from its middle."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel
from tapehead.kernels.scans import run_changing
from tapehead.kernels.shares import chunk_bars, efficiencies, row_bars
from tapehead.kernels.smoothing import TINY, first_known
from tapehead.kernels.vectors import LANES

F64 = NDArray[np.float64]

CHUNK_BARS = 1024
"""Bars made at a time, so that sums and what they are made of stay in the nearest caches."""


@kernel
def adapted(values: F64, period: int, quick: float, calm: float, out: F64) -> None:
    """Write the average that goes (efficiency x (quick - calm) + calm)^2 of the way a bar, as `shares.efficiency` says.

    It begins at the value before. Kept as its gap to the value, as `smoothing.run_on`, so that a value that stands
    still is reached exactly.
    """
    n = values.shape[0]
    first = min(first_known(values) + period, n)
    out[:first] = np.nan
    ahead = period - 1
    chunk = chunk_bars(period) // LANES * LANES
    rows = np.empty((5, row_bars(chunk + ahead)))
    steps, keeps, gaps, state = np.zeros(chunk + LANES), np.zeros(chunk + LANES), np.empty(chunk + LANES), np.zeros(1)
    for begin in range(first, n, chunk):
        stop = min(begin + chunk, n)
        bars = stop - begin
        fresh, before, made = values[begin:stop], values[begin - 1 : stop - 1], out[begin:stop]
        efficiencies(values[begin - period : stop], period, rows, made)
        for i in range(bars):
            share = made[i] * (quick - calm) + calm
            keeps[i] = 1.0 - share * share
            steps[i] = fresh[i] - before[i]
        run_changing(steps, keeps, state, gaps, (bars + LANES - 1) // LANES * LANES)
        for i in range(bars):
            made[i] = fresh[i] - gaps[i]
        state[0] = 0.0 if abs(state[0]) < TINY else state[0]


@kernel
def distance(values: F64, middle: F64, period: int, out: F64) -> None:
    """Write how far the values of each window lie from its `middle` on average: `period` looks a bar."""
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
    adapted(values, 3, 0.6, 0.1, out)
    distance(values, values, 3, out)
