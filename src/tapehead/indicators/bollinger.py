"""Bollinger bands."""

import numpy as np
from numpy.typing import ArrayLike

from tapehead.indicators.bands import Bands
from tapehead.indicators.memo import remember
from tapehead.indicators.sma import mean_into
from tapehead.indicators.values import check_ddof, check_factor, check_period, check_values, locked


def bollinger(values: ArrayLike, period: int = 20, width: float = 2.0, ddof: int = 0) -> Bands:
    """Mean of the last `period` values, and `width` standard deviations above and below it.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time; at least 2 where `ddof` is 1.
    width : float, at least 0
        Distance of a band from the mean, in standard deviations.
    ddof : int, 0 or 1
        0 divides by `period`, as Bollinger does; 1 by `period - 1`, as data frames do.

    Returns
    -------
    Bands
        `upper`, `middle`, `lower`, read-only. The first `period - 1` values are NaN, and every window that holds a NaN.
        All three are one price while nothing moves.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    The mean is that of `sma`, the deviation that of `std`. One pass, O(n). Releases the GIL. Agrees with TA-Lib BBANDS
    (ddof 0) to 1e-10. Source: John Bollinger, Bollinger on Bollinger Bands, 2001, chapter 7.

    Examples
    --------
    >>> bollinger([1.0, 3.0, 3.0], period=2).upper
    array([nan,  4.,  3.])
    """
    line, window = check_values(values, "bollinger"), check_period(period, "bollinger")
    factor, freedom = check_factor(width, "bollinger", "width"), check_ddof(ddof, window, "bollinger")

    def make() -> Bands:
        from tapehead.kernels.deviations import bands

        upper, middle, lower = np.empty(line.shape[0]), np.empty(line.shape[0]), np.empty(line.shape[0])
        mean_into(line, window, middle)
        bands(line, middle, window, factor, 1.0 / (window - freedom), upper, lower)
        return Bands(locked(upper), locked(middle), locked(lower))

    return remember(("bollinger", window, factor, freedom), (line,), make)
