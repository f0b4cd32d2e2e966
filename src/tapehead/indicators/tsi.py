"""True strength index."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import exponential_of
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


class Tsi(NamedTuple):
    """The index, and its exponential average; arrays of shape (n_bars,)."""

    line: F64
    signal: F64


def tsi(values: ArrayLike, slow: int = 25, fast: int = 13, signal: int = 7) -> Tsi:
    """Twice smoothed change over twice smoothed size of change, -100 to 100, and its exponential average.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    slow : int, at least 1
        Bars of the first average of changes.
    fast : int, at least 1
        Bars of the average of that average.
    signal : int, at least 1
        Bars of the average of the index.

    Returns
    -------
    Tsi
        `line` and `signal`, read-only. The first `slow + fast - 1` values of `line` are NaN, and `signal - 1` more of
        `signal`. 0 where nothing has moved.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Two passes, O(n). Releases the
    GIL. As TA-Lib TSI. Source: William Blau, True Strength Index, Technical Analysis of Stocks & Commodities 9, 1991.

    Examples
    --------
    >>> tsi([1.0, 2.0, 1.5, 3.0], slow=1, fast=2, signal=1).line
    array([        nan,         nan, 33.33333333, 86.66666667])
    """
    line = check_values(values, "tsi")
    slow = check_period(slow, "tsi", name="slow")
    fast = check_period(fast, "tsi", name="fast")
    signal = check_period(signal, "tsi", name="signal")

    def make() -> Tsi:
        from tapehead.kernels.cascades import true_strength

        index = np.empty(line.shape[0])
        true_strength(line, slow, fast, index)
        return Tsi(locked(index), exponential_of(index, signal))

    return remember(("tsi", slow, fast, signal), (line,), make)
