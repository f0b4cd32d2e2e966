"""Relative strength index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import strength_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def rsi(values: ArrayLike, period: int = 14) -> F64:
    """Wilder's relative strength index, 0 to 100.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    period : int, at least 2
        Wilder's smoothing: an average keeps (period-1)/period of itself a bar.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN. 50 while nothing has moved.

    Raises
    ------
    ParameterError
        `period` is below 2, or `values` is not one line of numbers.

    Notes
    -----
    100·G/(G+L) with G and L the smoothed gains and losses, seeded with the sums of the first `period` changes. A NaN
    after the first known value makes all later ones NaN. One pass, O(n). Releases the GIL. Agrees with TA-Lib RSI to
    1e-10. Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section VI.

    Examples
    --------
    >>> rsi([1.0, 2.0, 3.0, 2.0], period=2)
    array([ nan,  nan, 100.,  50.])
    """
    line, window = check_values(values, "rsi"), check_period(period, "rsi", least=2)
    return remember(("rsi", window), (line,), lambda: strength_of(line, window))
