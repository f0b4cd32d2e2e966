"""Averages whose share changes from bar to bar."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel
from tapehead.kernels.scans import run_changing
from tapehead.kernels.shares import chunk_bars, efficiencies, row_bars
from tapehead.kernels.smoothing import TINY, first_known
from tapehead.kernels.vectors import LANES

F64 = NDArray[np.float64]


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


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    adapted(values, 3, 0.6, 0.1, out)
