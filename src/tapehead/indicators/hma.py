"""Hull moving average."""

from functools import lru_cache
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import FEW, mixed_of, rising, weighed_by, weighted_of, weighted_of_prices
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def hma(values: ArrayLike, period: int = 20) -> F64:
    """Weighted average of twice the weighted average of half the window less that of all of it.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 2 + int(period ** 0.5)` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 2, or `values` is not one line of numbers.

    Notes
    -----
    wma(2 · wma(x, period//2) − wma(x, period), ⌊√period⌋). Up to a period of 48 in one pass, a product for each weight
    that this comes to, three passes beyond. Releases the GIL. As TA-Lib HMA. Source: Alan Hull, 2005.

    Examples
    --------
    >>> hma([1.0, 2.0, 4.0, 8.0, 9.0], period=4)
    array([nan, nan, nan, nan, 9.7])
    """
    line = check_values(values, "hma")
    period = check_period(period, "hma", 2)

    def make() -> F64:
        if period <= FEW:
            return weighed_by(line, _weights(period))
        half, whole = weighted_of_prices(line, period // 2), weighted_of_prices(line, period)
        return weighted_of(mixed_of(2.0, half, -1.0, whole), isqrt(period))

    return remember(("hma", period), (line,), make)


@lru_cache(64)
def _weights(period: int) -> F64:
    """Return the weights that the three averages come to, from the newest value on."""
    short = np.zeros(period)
    short[: period // 2] = rising(period // 2)
    return locked(np.convolve(2.0 * short - rising(period), rising(isqrt(period))))
