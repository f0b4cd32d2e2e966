"""Commodity channel index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def cci(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 20) -> F64:
    """How far the typical price lies from its mean, in 0.015 times their mean distance.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN. 0 where nothing moves.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    (typical − mean)/(0.015 · mean of |typical − mean| of the window). The distance takes a look at each bar of the
    window, O(n · period), as many bars as an instruction takes. Releases the GIL. As TA-Lib CCI. Source: Donald
    Lambert, Commodity Channel Index, Commodities, October 1980.

    Examples
    --------
    >>> cci([2.0, 3.0, 5.0], [2.0, 3.0, 5.0], [2.0, 3.0, 5.0], period=3)
    array([ nan,  nan, 100.])
    """
    lines = check_lines("cci", high=high, low=low, close=close)
    period = check_period(period, "cci")

    def make() -> F64:
        from tapehead.kernels.distances import channel_index

        out = np.empty(lines[0].shape[0])
        channel_index(lines[0], lines[1], lines[2], period, 1.0 / 0.015, out)
        return locked(out)

    return remember(("cci", period), lines, make)
