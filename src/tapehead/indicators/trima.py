"""Triangular moving average."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import FEW, even, mean_of, mean_of_prices, weighed_by
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def trima(values: ArrayLike, period: int = 20) -> F64:
    """Mean of means, so that the middle of the last `period` values weighs most.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    The mean of (period + 1)//2 values, then that one's of period//2 + 1: up to a period of 48 in one pass, a product
    for each weight that this comes to, two passes beyond. Releases the GIL. As TA-Lib TRIMA.

    Examples
    --------
    >>> trima([1.0, 2.0, 3.0, 8.0], period=3)
    array([nan, nan,  2.,  4.])
    """
    line = check_values(values, "trima")
    period = check_period(period, "trima")

    def make() -> F64:
        if period <= FEW:
            return weighed_by(line, _weights(period))
        return mean_of(mean_of_prices(line, (period + 1) // 2), period // 2 + 1)

    return remember(("trima", period), (line,), make)


@lru_cache(64)
def _weights(period: int) -> F64:
    """Return the weights that the two means come to, from the newest value on."""
    first, second = (period + 1) // 2, period // 2 + 1
    return locked(np.convolve(even(first, first), even(second, second)))
