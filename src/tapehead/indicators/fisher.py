"""Fisher transform."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import channel_of, later, place_of
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


class Fisher(NamedTuple):
    """The transform, and that of the bar before; float64 arrays of shape (n_bars,)."""

    line: F64
    signal: F64


def fisher(high: ArrayLike, low: ArrayLike, period: int = 10) -> Fisher:
    """Where the middle of a bar lies in its range, smoothed and stretched so that turns stand out.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    Fisher
        `line`, and `signal`, the line of the bar before, read-only. The first `period - 1` values of `line` are NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    value = 0.66 · (place − 1/2) + 0.67 · value of before, ±0.999 beyond ±0.99; line = ln((1 + value)/(1 − value))/2 +
    half the line of before; both begin at 0. Leading NaN are skipped; a NaN after the first known bar makes all later
    values NaN. Two passes, O(n). Releases the GIL. As LEAN but for that bound. Source: John Ehlers, Using the Fisher
    Transform, Technical Analysis of Stocks & Commodities 20, 2002.

    Examples
    --------
    >>> fisher([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], period=2).line
    array([       nan, 0.34282825, 0.06208055])
    """
    lines = check_lines("fisher", high=high, low=low)
    period = check_period(period, "fisher")

    def make() -> Fisher:
        from tapehead.kernels.turns import transformed

        middle = locked((lines[0] + lines[1]) / 2.0)
        upper, lower, _ = channel_of(middle, middle, period)
        out = np.empty(middle.shape[0])
        transformed(place_of(middle, upper, lower), out)
        return Fisher(locked(out), later(out, 1))

    return remember(("fisher", period), lines, make)
