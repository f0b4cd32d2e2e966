"""Average true range."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import average_ranges_of
from tapehead.indicators.values import check_lines, check_period

F64 = NDArray[np.float64]


def atr(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> F64:
    """Wilder's average of true ranges, in the unit of the price.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    period : int, at least 1
        Wilder's smoothing: an average keeps (period-1)/period of itself a bar.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN; then the mean of the first `period` true ranges, which begin on bar 1.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    A NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the GIL. Agrees with TA-Lib ATR
    to 1e-12. Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section III.

    Examples
    --------
    >>> atr([2.0, 6.0, 6.0], [1.0, 5.0, 5.0], [1.5, 5.5, 5.5], period=1)
    array([nan, 4.5, 1. ])
    """
    lines, window = check_lines("atr", high=high, low=low, close=close), check_period(period, "atr")
    return remember(("atr", window), lines, lambda: average_ranges_of(lines[0], lines[1], lines[2], window))
