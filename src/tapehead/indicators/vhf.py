"""Vertical horizontal filter."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import channel_of, mean_of, mixed_of, moves_of, ratio_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def vhf(values: ArrayLike, period: int = 28) -> F64:
    """Range of the last closes over the sum of the sizes of their changes: high in a trend.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN. 0 where nothing moved.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Highest less lowest of the last `period` values, over Σ|changes| of the same bars. Two passes, O(n). Releases the
    GIL. As TA-Lib VHF. Source: Adam White, The Vertical Horizontal Filter, Futures, August 1991.

    Examples
    --------
    >>> vhf([1.0, 2.0, 1.0, 4.0], period=2)
    array([ nan,  nan, 0.5 , 0.75])
    """
    line = check_values(values, "vhf")
    period = check_period(period, "vhf")

    def make() -> F64:
        upper, lower, _ = channel_of(line, line, period)
        way = mean_of(moves_of(line, sized=True), period)
        return ratio_of(mixed_of(1.0, upper, -1.0, lower), way, 0.0, 1.0 / period)

    return remember(("vhf", period), (line,), make)
