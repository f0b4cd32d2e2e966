"""Relative strength index by plain sums."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import simple_strength_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def rsi_simple(values: ArrayLike, period: int = 14) -> F64:
    """Relative strength index of the last `period` changes alone, 0 to 100; not Wilder's, which is `rsi`.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Changes that count, all alike; older ones count nothing.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and those whose changes hold a NaN. 50 where nothing has moved.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    100·G/(G+L) with G and L the sums of the last `period` gains and losses: the rolling mean in place of Wilder's
    average, known as Cutler's. Many spreadsheets and data frames compute this one and call it RSI. Prices of at most 10
    decimals are summed as integers, exactly. One pass, O(n). Releases the GIL.

    Examples
    --------
    >>> rsi_simple([1.0, 2.0, 3.0, 2.0], period=2)
    array([ nan,  nan, 100.,  50.])
    """
    line, window = check_values(values, "rsi_simple"), check_period(period, "rsi_simple")
    return remember(("rsi_simple", window), (line,), lambda: simple_strength_of(line, window))
