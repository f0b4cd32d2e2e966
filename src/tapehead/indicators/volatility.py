"""Volatility of returns."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_ddof, check_factor, check_period, check_values, locked

F64 = NDArray[np.float64]


def volatility(values: ArrayLike, period: int = 20, ddof: int = 1, periods_a_year: float = 1.0) -> F64:
    """Standard deviation of the last `period` returns; a year's where it is told how many bars a year has.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Prices, oldest first; not modified.
    period : int, at least 1
        Returns that count; at least 2 where `ddof` is 1.
    ddof : int, 0 or 1
        1 divides by `period - 1`, 0 by `period`.
    periods_a_year : float, at least 0
        Bars a year, such as 8766 for hourly bars round the clock or 252 for trading days; 1 gives volatility a bar.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        A fraction: 0.2 is 20 %. The first `period` values are NaN, and where a return is not known. A flat window is
        exactly 0.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Returns are x[t]/x[t−1] − 1, times √`periods_a_year`. Moments about a return that the window holds; nothing that has
    left the window bends it. One pass, O(n). Releases the GIL.

    Examples
    --------
    >>> volatility([4.0, 5.0, 5.0, 5.0], period=2, ddof=0)
    array([  nan,   nan, 0.125, 0.   ])
    """
    line, window = check_values(values, "volatility"), check_period(period, "volatility")
    freedom = check_ddof(ddof, window, "volatility")
    year = check_factor(periods_a_year, "volatility", "periods_a_year")

    def make() -> F64:
        from tapehead.kernels.changes import change
        from tapehead.kernels.deviations import deviation

        returns, out = np.empty(line.shape[0]), np.empty(line.shape[0])
        change(line, 1, 1.0, returns)
        deviation(locked(returns), window, year / (window - freedom), out)
        return locked(out)

    return remember(("volatility", window, freedom, year), (line,), make)
