"""Rate of change."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import change_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def roc(values: ArrayLike, period: int = 10) -> F64:
    """Change against the value `period` bars ago, in percent.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars between the two values.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and where either value is NaN or the earlier one is 0.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    100·(x/x[−period] − 1). One pass, O(n). Releases the GIL. Agrees with TA-Lib ROC to 1e-10.

    Examples
    --------
    >>> roc([2.0, 3.0, 3.0], period=1)
    array([nan, 50.,  0.])
    """
    line, window = check_values(values, "roc"), check_period(period, "roc")
    return remember(("roc", window), (line,), lambda: change_of(line, window, 100.0))
