"""Middle of the range."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def midpoint(values: ArrayLike, period: int = 14) -> F64:
    """Price half way between the highest and lowest of the last `period` values.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Of highs and lows it is the middle of `donchian`. A pass of some comparisons a bar, O(n). Releases the GIL. Equals
    TA-Lib MIDPOINT.

    Examples
    --------
    >>> midpoint([1.0, 4.0, 2.0], period=2)
    array([nan, 2.5, 3. ])
    """
    line = check_values(values, "midpoint")
    period = check_period(period, "midpoint")

    def make() -> F64:
        from tapehead.kernels.extremes import halfway_of

        out = np.empty(line.shape[0])
        halfway_of(line, period, out)
        return locked(out)

    return remember(("midpoint", period), (line,), make)
