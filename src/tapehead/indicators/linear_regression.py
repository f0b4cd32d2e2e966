"""Linear regression."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import deviation_of, mean_of_prices, weighted_of_prices
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


class LinearRegression(NamedTuple):
    """End and slope of the line, and the share of the variance that it explains; arrays of shape (n_bars,)."""

    value: F64
    slope: F64
    r2: F64


def linear_regression(values: ArrayLike, period: int = 14) -> LinearRegression:
    """Straight line through the last `period` values: its end, its slope a bar, and how much of them it explains.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Window in bars, not in time.

    Returns
    -------
    LinearRegression
        All read-only. The first `period - 1` values are NaN, and every window that holds a NaN. `r2` runs from 0 to 1,
        and is NaN where nothing moves.

    Raises
    ------
    ParameterError
        `period` is below 2, or `values` is not one line of numbers.

    Notes
    -----
    The slope is 6 · (wma − sma)/(period − 1), the end of the line sma + slope · (period − 1)/2. Three passes, O(n).
    Releases the GIL. As TA-Lib LINEARREG and LINEARREG_SLOPE.

    Examples
    --------
    >>> linear_regression([1.0, 2.0, 3.0, 5.0], period=3).value
    array([       nan,        nan, 3.        , 4.83333333])
    """
    line = check_values(values, "linear_regression")
    period = check_period(period, "linear_regression", 2)

    def make() -> LinearRegression:
        mean = mean_of_prices(line, period)
        slope = 6.0 * (weighted_of_prices(line, period) - mean) / (period - 1)
        spread = deviation_of(line, period)
        with np.errstate(divide="ignore", invalid="ignore"):
            r2 = np.minimum(slope * slope * ((period * period - 1) / 12.0) / (spread * spread), 1.0)
        return LinearRegression(locked(mean + slope * ((period - 1) / 2.0)), locked(slope), locked(r2))

    return remember(("linear_regression", period), (line,), make)
