"""Chaikin money flow."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked, window_in

F64 = NDArray[np.float64]


def cmf(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, period: int = 20) -> F64:
    """Volume of the last `period` bars, each times where it closes in its range, over all of it, -1 to 1.

    Parameters
    ----------
    high, low, close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN. 0 where there was no volume.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    One pass, O(n). Releases the GIL. As TA-Lib CMF. Source: Marc Chaikin.

    Examples
    --------
    >>> cmf([2.0, 3.0, 3.0], [1.0, 1.0, 2.0], [2.0, 1.5, 2.5], [5.0, 4.0, 9.0], period=2)
    array([        nan,  0.33333333, -0.15384615])
    """
    lines = check_lines("cmf", high=high, low=low, close=close, volume=volume)
    period = check_period(period, "cmf")

    def make() -> F64:
        from tapehead.kernels.shares import money_flow

        out = np.empty(lines[0].shape[0])
        money_flow(lines[0], lines[1], lines[2], lines[3], window_in(period, out.shape[0]), out)
        return locked(out)

    return remember(("cmf", period), lines, make)
