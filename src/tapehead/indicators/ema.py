"""Exponential moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import exponential_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def ema(values: ArrayLike, period: int = 20) -> F64:
    """Exponential moving average, seeded with the mean of the first `period` values.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    period : int, at least 1
        The weight of the newest value is 2/(period+1).

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    One pass, O(n). A NaN after the first known value makes all later ones NaN. Releases the GIL. Agrees with TA-Lib
    EMA to 1e-12.

    Examples
    --------
    >>> ema([1.0, 2.0, 3.0, 4.0], period=3)
    array([nan, nan,  2.,  3.])
    """
    line, window = check_values(values, "ema"), check_period(period, "ema")
    return remember(("ema", window), (line,), lambda: exponential_of(line, window))
