"""Coppock curve."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import change_of, mixed_of, weighted_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def coppock(values: ArrayLike, long: int = 14, short: int = 11, period: int = 10) -> F64:
    """Weighted average of the sum of two changes in percent.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    long : int, at least 1
        Bars of the longer change.
    short : int, at least 1
        Bars of the shorter one.
    period : int, at least 1
        Bars of the weighted average.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `max(long, short) + period - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    wma(roc(x, long) + roc(x, short), period); meant for months. Three passes, O(n). Releases the GIL. As TA-Lib
    COPPOCK. Source: E. S. C. Coppock, Realistic Stock Market Trends, Barron's, October 1962.

    Examples
    --------
    >>> coppock([1.0, 2.0, 4.0, 8.0], long=2, short=1, period=2)
    array([ nan,  nan,  nan, 400.])
    """
    line = check_values(values, "coppock")
    long = check_period(long, "coppock", name="long")
    short = check_period(short, "coppock", name="short")
    period = check_period(period, "coppock")

    def make() -> F64:
        return weighted_of(mixed_of(1.0, change_of(line, long, 100.0), 1.0, change_of(line, short, 100.0)), period)

    return remember(("coppock", long, short, period), (line,), make)
