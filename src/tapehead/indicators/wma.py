"""Weighted moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import weighted_of_prices
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def wma(values: ArrayLike, period: int = 20) -> F64:
    """Average of the last `period` values with weights 1, 2, ... `period`, the newest weighing most.

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
    Prices of at most 10 decimals are summed as integers, exactly; other values in blocks about a bar that the window
    holds, as `sma` does. One pass, O(n). Releases the GIL. Agrees with TA-Lib WMA to 1e-12.

    Examples
    --------
    >>> wma([1.0, 2.0, 3.0, 4.0], period=2)
    array([       nan, 1.66666667, 2.66666667, 3.66666667])
    """
    line, window = check_values(values, "wma"), check_period(period, "wma")
    return remember(("wma", window), (line,), lambda: weighted_of_prices(line, window))
