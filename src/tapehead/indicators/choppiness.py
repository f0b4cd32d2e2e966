"""Choppiness index."""

from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import channel_of, later, mean_of, mixed_of, ranges_of, ratio_of
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def choppiness(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> F64:
    """How much longer the way of the last `period` bars was than the ground it covered, 0 to 100.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN. 100 where nothing moved.

    Raises
    ------
    ParameterError
        `period` is below 2, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    100 · log(Σ true range/(highest true high − lowest true low))/log(period): 0 is straight, 100 leads nowhere. Other
    tools take the highs and lows themselves. Three passes, O(n). Releases the GIL. As Stock.Indicators. Source: E. W.
    Dreiss, about 1991; true highs and lows as he takes them.

    Examples
    --------
    >>> choppiness([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], [2.0, 3.0, 2.0], period=2)
    array([        nan,         nan, 58.49625007])
    """
    lines = check_lines("choppiness", high=high, low=low, close=close)
    period = check_period(period, "choppiness", 2)

    def make() -> F64:
        high, low, close = lines
        before = later(close, 1)
        upper, lower, _ = channel_of(locked(np.maximum(high, before)), locked(np.minimum(low, before)), period)
        way = ratio_of(
            mean_of(ranges_of(high, low, close), period),
            mixed_of(1.0, upper, -1.0, lower),
            float(period),
            float(period),
        )
        return locked(100.0 * np.log(way) / log(period))

    return remember(("choppiness", period), lines, make)
