"""Money flow index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import mean_of
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def mfi(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, period: int = 14) -> F64:
    """Share of the last `period` bars' money that moved on rises of the typical price, 0 to 100.

    Parameters
    ----------
    high, low, close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Changes that count.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN. 50 where no money moved.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Money is typical price · volume; a bar whose typical price stands still counts for neither side. Typical prices are
    floats: two that are equal as decimals may differ in their last digit, and then count, as in TA-Lib. One pass, O(n).
    Releases the GIL. As TA-Lib MFI, which says 0 where less than 1 of money moved. Source: Gene Quong and Avrum
    Soudack, Volume-weighted RSI: Money Flow, Technical Analysis of Stocks & Commodities 7, 1989.

    Examples
    --------
    >>> mfi([2.0, 3.0, 2.0], [2.0, 3.0, 2.0], [2.0, 3.0, 2.0], [1.0, 2.0, 1.0], period=2)
    array([nan, nan, 75.])
    """
    lines = check_lines("mfi", high=high, low=low, close=close, volume=volume)
    period = check_period(period, "mfi")

    def make() -> F64:
        from tapehead.kernels.flows import money, share

        up, down, out = np.empty(lines[0].shape[0]), np.empty(lines[0].shape[0]), np.empty(lines[0].shape[0])
        money(lines[0], lines[1], lines[2], lines[3], up, down)
        share(mean_of(locked(up), period), mean_of(locked(down), period), out)
        return locked(out)

    return remember(("mfi", period), lines, make)
