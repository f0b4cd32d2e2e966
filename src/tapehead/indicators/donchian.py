"""Donchian channel."""

import numpy as np
from numpy.typing import ArrayLike

from tapehead.indicators.bands import Bands
from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked


def donchian(high: ArrayLike, low: ArrayLike, period: int = 20) -> Bands:
    """Highest high and lowest low of the last `period` bars, this one included, and the price half way between.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    Bands
        `upper`, `middle`, `lower`, read-only. The first `period - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    No bar closes above a channel that includes it: for a breakout compare the close with the channel of the bar before,
    as the strategy Donchian does. A pass of three comparisons a bar, and one more each time the period is four times as
    long. Releases the GIL. Equals TA-Lib MAX and MIN. Source: Richard Donchian's four-week rule.

    Examples
    --------
    >>> donchian([2.0, 4.0, 3.0], [1.0, 3.0, 2.0], period=2).upper
    array([nan,  4.,  4.])
    """
    lines, window = check_lines("donchian", high=high, low=low), check_period(period, "donchian")

    def make() -> Bands:
        from tapehead.kernels.extremes import channel

        n = lines[0].shape[0]
        upper, middle, lower = np.empty(n), np.empty(n), np.empty(n)
        channel(lines[0], lines[1], window, upper, lower, middle)
        return Bands(locked(upper), locked(middle), locked(lower))

    return remember(("donchian", window), lines, make)
