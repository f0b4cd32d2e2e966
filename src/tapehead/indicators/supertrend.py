"""Supertrend."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_factor, check_lines, check_period, locked

F64 = NDArray[np.float64]


class Supertrend(NamedTuple):
    """The trailing line, float64, and whether the close is above it, bool; arrays of shape (n_bars,)."""

    line: F64
    rising: NDArray[np.bool_]


def supertrend(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 10, width: float = 3.0) -> Supertrend:
    """Trailing line `width` average true ranges from the middle of the bars, on one side until a close crosses it.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    period : int, at least 1
        Period of the average true range, as in `atr`.
    width : float, at least 0
        Distance of the line from (high + low)/2, in average true ranges.

    Returns
    -------
    Supertrend
        `line` and `rising`, read-only. The first `period` values of `line` are NaN, of `rising` false. While rising the
        line lies below and never falls, else above and never rises.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    A close at the line ends a rise and no fall: rising means above it. The first known bar rises where its close is at
    or above its middle. What the line is at bar t depends on where its last turn was, so give it some hundred
    bars to warm up. A NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the GIL.
    Agrees with Stock.Indicators to 1e-10. Source: Olivier Seban, who published it about 2008.

    Examples
    --------
    >>> supertrend([2.0, 3.0, 4.0], [1.0, 2.0, 3.0], [1.5, 2.5, 3.5], period=1, width=1.0).line
    array([nan,  1.,  2.])
    """
    lines, window = check_lines("supertrend", high=high, low=low, close=close), check_period(period, "supertrend")
    factor = check_factor(width, "supertrend", "width")

    def make() -> Supertrend:
        from tapehead.kernels.ranges import average_ranges, trend

        n = lines[0].shape[0]
        average, line, rising = np.empty(n), np.empty(n), np.empty(n, np.bool_)
        average_ranges(lines[0], lines[1], lines[2], window, average)
        trend(lines[0], lines[1], lines[2], locked(average), factor, line, rising)
        rising.flags.writeable = False
        return Supertrend(locked(line), rising)

    return remember(("supertrend", window, factor), lines, make)
