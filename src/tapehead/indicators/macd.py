"""Moving average convergence divergence."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


class Macd(NamedTuple):
    """The distance of two averages, its own average, and line less signal; float64 arrays of shape (n_bars,)."""

    line: F64
    signal: F64
    histogram: F64


def macd(values: ArrayLike, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Distance of a fast from a slow exponential average, its exponential average, and how far both lie apart.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    fast, slow : int, at least 1
        Periods of the two averages; the line is fast less slow.
    signal : int, at least 1
        Period of the line's own average.

    Returns
    -------
    Macd
        `line`, `signal`, `histogram`, read-only. The first `max(fast, slow) - 1` values of `line` are NaN, and
        `signal - 1` more of the other two.

    Raises
    ------
    ParameterError
        A period is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Both averages start on the bar on which the longer one is first known, each seeded with the mean of its own last
    values, as in TA-Lib; so early values differ a little from `ema(fast) - ema(slow)`. A NaN after the first known
    value makes all later ones NaN. One pass, O(n). Releases the GIL. Agrees with TA-Lib MACD to 1e-12 of the price.
    Source: Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005, chapter 8.

    Examples
    --------
    >>> macd([1.0, 2.0, 3.0, 5.0], fast=1, slow=2, signal=2).line
    array([       nan, 0.5       , 0.5       , 0.83333333])
    """
    line = check_values(values, "macd")
    quick, calm = check_period(fast, "macd", name="fast"), check_period(slow, "macd", name="slow")
    window = check_period(signal, "macd", name="signal")

    def make() -> Macd:
        from tapehead.kernels.smoothing import convergence

        lines = Macd(*(np.empty(line.shape[0]) for _ in Macd._fields))
        convergence(line, quick, calm, window, *lines)
        return Macd(*map(locked, lines))

    return remember(("macd", quick, calm, window), (line,), make)
