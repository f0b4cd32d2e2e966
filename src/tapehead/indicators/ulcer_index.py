"""Ulcer index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import channel_of, mean_of, mixed_of, ratio_of
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def ulcer_index(values: ArrayLike, period: int = 14) -> F64:
    """Root of the mean square of how far values lie below the highest of the last `period`, in percent.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `2 * period - 2` values are NaN, and what looks at a NaN. 0 where each was the highest.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Each fall is from the highest of the `period` values that end with its own bar. Two passes, O(n). Releases the GIL.
    As StockCharts. Source: Peter Martin and Byron McCann, The Investor's Guide to Fidelity Funds, 1989.

    Examples
    --------
    >>> ulcer_index([1.0, 2.0, 1.0, 1.5], period=2)
    array([        nan,         nan, 35.35533906, 35.35533906])
    """
    line = check_values(values, "ulcer_index")
    period = check_period(period, "ulcer_index")

    def make() -> F64:
        upper, _, _ = channel_of(line, line, period)
        fall = ratio_of(mixed_of(1.0, line, -1.0, upper), upper, np.nan, 100.0)
        return locked(np.sqrt(mean_of(locked(fall * fall), period)))

    return remember(("ulcer_index", period), (line,), make)
