"""Aroon."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


class Aroon(NamedTuple):
    """How recent the highs and lows are, and up less down; float64 arrays of shape (n_bars,)."""

    up: F64
    down: F64
    oscillator: F64


def aroon(high: ArrayLike, low: ArrayLike, period: int = 14) -> Aroon:
    """How recent the highest high and lowest low of the last `period` changes are, 0 to 100, and their distance.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars that an extreme may lie back; the window is one bar longer.

    Returns
    -------
    Aroon
        All read-only. The first `period` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    100 · (period − bars since the extreme)/period; of equal ones the newest counts. Of windows up to 128 bars each is
    looked at, O(n · period), as many as an instruction takes; of longer ones each comes and goes once, O(n). Releases
    the GIL. As TA-Lib AROON and AROONOSC. Source: Tushar Chande, Time Price Oscillator, Technical Analysis of Stocks &
    Commodities 13, 1995.

    Examples
    --------
    >>> aroon([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], period=2).up
    array([nan, nan, 50.])
    """
    lines = check_lines("aroon", high=high, low=low)
    period = check_period(period, "aroon")

    def make() -> Aroon:
        from tapehead.kernels.places import since_extreme

        n = lines[0].shape[0]
        highest, lowest = np.empty(n), np.empty(n)
        since_extreme(lines[0], period + 1, True, highest)  # noqa: FBT003 - by place, for a kernel
        since_extreme(lines[1], period + 1, False, lowest)  # noqa: FBT003 - the same
        up, down = (locked(100.0 * (period - since) / period) for since in (highest, lowest))
        return Aroon(up, down, locked(up - down))

    return remember(("aroon", period), lines, make)
