"""Kaufman's efficiency ratio."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_period, check_values, locked, window_in

F64 = NDArray[np.float64]


def efficiency_ratio(values: ArrayLike, period: int = 10) -> F64:
    """How straight the way of the last `period` changes was: 1 is one direction, 0 leads back to where it began.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Changes that count.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN. 0 where nothing moved.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    |x[t] − x[t−period]| over the sum of all |changes|. One pass, O(n). Releases the GIL. As TA-Lib ER. Source: Perry
    Kaufman, Trading Systems and Methods, 1995.

    Examples
    --------
    >>> efficiency_ratio([1.0, 3.0, 2.0, 3.0], period=2)
    array([       nan,        nan, 0.33333333, 0.        ])
    """
    line = check_values(values, "efficiency_ratio")
    period = check_period(period, "efficiency_ratio")

    def make() -> F64:
        from tapehead.kernels.shares import efficiency

        out = np.empty(line.shape[0])
        efficiency(line, window_in(period, out.shape[0]), out)
        return locked(out)

    return remember(("efficiency_ratio", period), (line,), make)
