"""Chande momentum oscillator."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import simple_strength_of
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def cmo(values: ArrayLike, period: int = 14) -> F64:
    """Gains less losses of the last `period` changes over both, -100 to 100.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Changes that count.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN. 0 where nothing moved.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Sums of the window, as Chande wrote it: twice `rsi_simple` less 100. TA-Lib's CMO smooths them as Wilder does and is
    twice `rsi` less 100; its CMOU is this one. One pass, O(n). Releases the GIL. Source: Tushar Chande and Stanley
    Kroll, The New Technical Trader, 1994.

    Examples
    --------
    >>> cmo([1.0, 2.0, 1.5, 2.0], period=2)
    array([        nan,         nan, 33.33333333,  0.        ])
    """
    line = check_values(values, "cmo")
    period = check_period(period, "cmo")
    return remember(("cmo", period), (line,), lambda: locked(2.0 * simple_strength_of(line, period) - 100.0))
