"""Chandelier exit."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import average_ranges_of, channel_of
from tapehead.indicators.values import check_factor, check_lines, check_period, locked

F64 = NDArray[np.float64]


class Stops(NamedTuple):
    """Stop below a long position, stop above a short one; float64 arrays of shape (n_bars,)."""

    long: F64
    short: F64


def chandelier(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 22, width: float = 3.0) -> Stops:
    """Stops that hang `width` average true ranges from the highest high and lowest low of the last `period` bars.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars of the range and of its average.
    width : float, at least 0
        Distance of a stop from the extreme, in average true ranges.

    Returns
    -------
    Stops
        `long`, the stop below a long position, and `short`, that above a short one, read-only. The first `period`
        values are NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    long: highest high − width · atr, short: lowest low + width · atr. Leading NaN are skipped; a NaN after the first
    known bar makes all later values NaN. Two passes, O(n). Releases the GIL. As Stock.Indicators. Source: Chuck LeBeau,
    in Alexander Elder, Come Into My Trading Room, 2002.

    Examples
    --------
    >>> chandelier([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], [2.0, 3.0, 2.0], period=1, width=1.0).long
    array([nan,  2.,  2.])
    """
    lines = check_lines("chandelier", high=high, low=low, close=close)
    period = check_period(period, "chandelier")
    width = check_factor(width, "chandelier", "width")

    def make() -> Stops:
        high, low, close = lines
        upper, lower, _ = channel_of(high, low, period)
        reach = width * average_ranges_of(high, low, close, period)
        return Stops(locked(upper - reach), locked(lower + reach))

    return remember(("chandelier", period, width), lines, make)
