"""Kaufman's adaptive moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_period, check_values, locked, window_in

F64 = NDArray[np.float64]


def kama(values: ArrayLike, period: int = 10, fast: int = 2, slow: int = 30) -> F64:
    """Average that follows a price which goes straight, and stands where it only trembles.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars over which the way is measured.
    fast : int, at least 1
        Bars of an exponential average, for a straight way.
    slow : int, at least 1
        The same, for a way that leads nowhere.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Goes (e · (f − s) + s)² of the way to a price, e the `efficiency_ratio`, f and s the weights 2/(fast + 1), 2/(slow +
    1); it begins at the price before the first one known. Kept as its gap to the price, which is reached exactly where
    nothing moves. Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One pass,
    O(n). Releases the GIL. As TA-Lib KAMA. Source: Perry Kaufman, Trading Systems and Methods, 1995; begun as TA-Lib
    does.

    Examples
    --------
    >>> kama([1.0, 2.0, 3.0, 3.0], period=2)
    array([       nan,        nan, 2.44444444, 2.69135802])
    """
    line = check_values(values, "kama")
    period = check_period(period, "kama")
    fast = check_period(fast, "kama", name="fast")
    slow = check_period(slow, "kama", name="slow")

    def make() -> F64:
        from tapehead.kernels.adaptive import adapted

        out = np.empty(line.shape[0])
        adapted(line, window_in(period, out.shape[0]), 2.0 / (fast + 1), 2.0 / (slow + 1), out)
        return locked(out)

    return remember(("kama", period, fast, slow), (line,), make)
