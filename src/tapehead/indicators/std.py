"""Standard deviation over a sliding window."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import deviation_of
from tapehead.indicators.values import check_ddof, check_period, check_values

F64 = NDArray[np.float64]


def std(values: ArrayLike, period: int = 20, ddof: int = 0) -> F64:
    """Standard deviation of the last `period` values, in the unit of the values.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time; at least 2 where `ddof` is 1.
    ddof : int, 0 or 1
        0 divides by `period`, 1 by `period - 1`.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN. A flat window is exactly 0.

    Raises
    ------
    ParameterError
        `period` or `ddof` is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Squares are summed in blocks of `period` about a bar that the window holds: what two sums lose to each other is
    bounded by the window itself, and nothing that has left it bends it. One pass, O(n). Releases the GIL. Agrees with
    TA-Lib STDDEV (ddof 0) to what that keeps: it subtracts two large sums.

    Examples
    --------
    >>> std([1.0, 3.0, 3.0, 3.0], period=2)
    array([nan,  1.,  0.,  0.])
    """
    line, window = check_values(values, "std"), check_period(period, "std")
    freedom = check_ddof(ddof, window, "std")
    return remember(("std", window, freedom), (line,), lambda: deviation_of(line, window, freedom))
