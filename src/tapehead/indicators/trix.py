"""TRIX."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import cascade_of, change_of, exponential_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


class Trix(NamedTuple):
    """Change of the triple average in percent, and its exponential average; arrays of shape (n_bars,)."""

    line: F64
    signal: F64


def trix(values: ArrayLike, period: int = 15, signal: int = 9) -> Trix:
    """Change in percent of three exponential averages of each other, and the exponential average of that.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.
    signal : int, at least 1
        Bars of the average of the change.

    Returns
    -------
    Trix
        `line` and `signal`, read-only. The first `3 * period - 2` values of `line` are NaN, and `signal - 1` more of
        `signal`.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Three passes, O(n). Releases
    the GIL. As TA-Lib TRIX. Source: Jack Hutson, Good TRIX, Technical Analysis of Stocks & Commodities 1, 1983.

    Examples
    --------
    >>> trix([1.0, 2.0, 4.0, 8.0], period=1, signal=2).line
    array([ nan, 100., 100., 100.])
    """
    line = check_values(values, "trix")
    period = check_period(period, "trix")
    signal = check_period(signal, "trix", name="signal")

    def make() -> Trix:
        smooth = cascade_of(line, (period,) * 3, (1.0,) * 3)
        change = change_of(smooth, 1, 100.0)
        return Trix(change, exponential_of(change, signal))

    return remember(("trix", period, signal), (line,), make)
