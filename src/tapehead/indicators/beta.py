"""Beta."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def beta(values: ArrayLike, benchmark: ArrayLike, period: int = 20) -> F64:
    """How much of a benchmark's return moves a line on average: covariance of returns over the benchmark's variance.

    Parameters
    ----------
    values, benchmark : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Returns that count.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, every window that holds a NaN, and where the benchmark stands still.

    Raises
    ------
    ParameterError
        `period` is below 2, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Of returns x[t]/x[t−1] − 1. Moments about a return that the window holds. One pass, O(n). Releases the GIL. As
    Stock.Indicators; TA-Lib BETA takes the lines the other way round. Source: William Sharpe, Capital Asset Prices,
    Journal of Finance 19, 1964.

    Examples
    --------
    >>> beta([1.0, 2.0, 2.0], [1.0, 1.5, 1.5], period=2)
    array([nan, nan,  2.])
    """
    lines = check_lines("beta", values=values, benchmark=benchmark)
    period = check_period(period, "beta", 2)

    def make() -> F64:
        from tapehead.kernels.covariances import sloped

        out = np.empty(lines[0].shape[0])
        sloped(lines[0], lines[1], period, out)
        return locked(out)

    return remember(("beta", period), lines, make)
