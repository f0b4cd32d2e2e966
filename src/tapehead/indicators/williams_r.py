"""Williams' %R."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def williams_r(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> F64:
    """Where the close lies in the range of the last `period` bars, from 0 at its top to -100 at its bottom.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars of the range, this one included.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN. -50 where the range is one price.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The fast line of `stochastic` less 100. One pass, O(n). Releases the GIL. As TA-Lib WILLR. Source: Larry Williams,
    How I Made One Million Dollars Last Year Trading Commodities, 1973.

    Examples
    --------
    >>> williams_r([2.0, 4.0, 5.0], [1.0, 2.0, 3.0], [1.0, 4.0, 3.5], period=2)
    array([ nan,   0., -50.])
    """
    lines = check_lines("williams_r", high=high, low=low, close=close)
    period = check_period(period, "williams_r")

    def make() -> F64:
        from tapehead.kernels.extremes import below_top

        out = np.empty(lines[2].shape[0])
        below_top(lines[0], lines[1], lines[2], period, out)
        return locked(out)

    return remember(("williams_r", period), lines, make)
