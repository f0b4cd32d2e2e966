"""Chaikin oscillator."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def adosc(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, fast: int = 3, slow: int = 10) -> F64:
    """Distance of a fast from a slow exponential average of accumulation and distribution.

    Parameters
    ----------
    high, low, close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    fast : int, at least 1
        Bars of the fast average.
    slow : int, at least 1
        Bars of the slow one.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `max(fast, slow) - 1` values are NaN. In the unit of the volume.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Both averages begin at the first value of `ad`. Each is kept as its distance to the sum, so that the level of the
    sum takes no digit away. Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One
    pass, O(n). Releases the GIL. As TA-Lib ADOSC. Source: Marc Chaikin; started as TA-Lib does.

    Examples
    --------
    >>> adosc([2.0, 3.0, 3.0], [1.0, 1.0, 2.0], [2.0, 1.5, 2.5], [5.0, 4.0, 9.0], fast=1, slow=2)
    array([        nan, -0.66666667, -0.22222222])
    """
    lines = check_lines("adosc", high=high, low=low, close=close, volume=volume)
    fast = check_period(fast, "adosc", name="fast")
    slow = check_period(slow, "adosc", name="slow")

    def make() -> F64:
        from tapehead.kernels.flows import apart

        out = np.empty(lines[0].shape[0])
        apart(lines[0], lines[1], lines[2], lines[3], fast, slow, out)
        return locked(out)

    return remember(("adosc", fast, slow), lines, make)
