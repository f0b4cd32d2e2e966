"""Momentum."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import moves_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def mom(values: ArrayLike, period: int = 10) -> F64:
    """Change against the value `period` bars ago, in the unit of the values.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and where one of the two is.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    One pass, O(n). Releases the GIL. Equals TA-Lib MOM.

    Examples
    --------
    >>> mom([1.0, 2.0, 4.0], period=1)
    array([nan,  1.,  2.])
    """
    line = check_values(values, "mom")
    period = check_period(period, "mom")
    return remember(("mom", period), (line,), lambda: moves_of(line, period))
