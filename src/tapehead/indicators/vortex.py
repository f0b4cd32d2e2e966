"""Vortex indicator."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked, window_in

F64 = NDArray[np.float64]


class Vortex(NamedTuple):
    """The movement up and the movement down; float64 arrays of shape (n_bars,)."""

    plus: F64
    minus: F64


def vortex(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Vortex:
    """How far bars reach up from the low before and down from the high before, over their true ranges.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Changes that count.

    Returns
    -------
    Vortex
        `plus` and `minus`, read-only. The first `period` values are NaN, and every window that holds a NaN. 1 where
        nothing moved.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Σ|high − low before|/Σ true range, and Σ|low − high before|/Σ true range. One pass, O(n). Releases the GIL. As
    TA-Lib VORTEX. Source: Etienne Botes and Douglas Siepman, The Vortex Indicator, Technical Analysis of Stocks &
    Commodities 28, 2010.

    Examples
    --------
    >>> vortex([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], [2.0, 3.0, 2.0], period=1).plus
    array([nan, 1.5, 1. ])
    """
    lines = check_lines("vortex", high=high, low=low, close=close)
    period = check_period(period, "vortex")

    def make() -> Vortex:
        from tapehead.kernels.shares import vortex as ratios

        plus, minus = np.empty(lines[0].shape[0]), np.empty(lines[0].shape[0])
        ratios(lines[0], lines[1], lines[2], window_in(period, plus.shape[0]), plus, minus)
        return Vortex(locked(plus), locked(minus))

    return remember(("vortex", period), lines, make)
