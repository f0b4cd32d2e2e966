"""Double exponential moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import cascade_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def dema(values: ArrayLike, period: int = 20) -> F64:
    """Twice the exponential average less its own exponential average, which lags less.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `2 * period - 2` values are NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the
    GIL. As TA-Lib DEMA. Source: Patrick Mulloy, Smoothing Data with Faster Moving Averages, Technical Analysis of
    Stocks & Commodities 12, 1994.

    Examples
    --------
    >>> dema([1.0, 2.0, 3.0, 4.0], period=2)
    array([nan, nan,  3.,  4.])
    """
    line = check_values(values, "dema")
    period = check_period(period, "dema")

    def make() -> F64:
        # Twice the first average less the second: the line, less the first gap, more the second.
        return cascade_of(line, (period, period), (1.0, -1.0))

    return remember(("dema", period), (line,), make)
