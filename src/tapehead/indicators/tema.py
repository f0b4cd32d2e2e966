"""Triple exponential moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import cascade_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def tema(values: ArrayLike, period: int = 20) -> F64:
    """Three exponential averages of each other, put together so that their lags cancel.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `3 * period - 3` values are NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One pass, O(n). Releases
    the GIL. As TA-Lib TEMA. Source: Patrick Mulloy, Smoothing Data with Faster Moving Averages, Technical Analysis of
    Stocks & Commodities 12, 1994.

    Examples
    --------
    >>> tema([1.0, 2.0, 3.0, 4.0, 5.0], period=2)
    array([nan, nan, nan,  4.,  5.])
    """
    line = check_values(values, "tema")
    period = check_period(period, "tema")

    def make() -> F64:
        # Thrice the first average less thrice the second and more the third, told in gaps.
        return cascade_of(line, (period,) * 3, (1.0, -2.0, 1.0))

    return remember(("tema", period), (line,), make)
