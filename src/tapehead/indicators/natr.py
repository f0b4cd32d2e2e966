"""Normalised average true range."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def natr(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> F64:
    """Wilder's average of true ranges in percent of the close.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and where the close is 0.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the
    GIL. As TA-Lib NATR. Source: John Forman, Cross-Market Evaluations with Normalized Average True Range, Technical
    Analysis of Stocks & Commodities 24, 2006.

    Examples
    --------
    >>> natr([2.0, 6.0, 6.0], [1.0, 5.0, 5.0], [1.5, 5.0, 5.0], period=1)
    array([nan, 90., 20.])
    """
    lines = check_lines("natr", high=high, low=low, close=close)
    period = check_period(period, "natr")

    def make() -> F64:
        from tapehead.kernels.elements import over
        from tapehead.kernels.ranges import average_ranges

        out = np.empty(lines[2].shape[0])
        average_ranges(lines[0], lines[1], lines[2], period, out)
        over(lines[2], 100.0, float("nan"), out)
        return locked(out)

    return remember(("natr", period), lines, make)
