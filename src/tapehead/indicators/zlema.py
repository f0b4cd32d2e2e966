"""Zero-lag exponential moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import exponential_of, mixed_of, moves_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def zlema(values: ArrayLike, period: int = 20) -> F64:
    """Exponential average of a price to which its last change over half the window is added.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1 + (period - 1) // 2` values are NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    ema of 2x[t] − x[t − (period − 1)//2], which begins on the first bar that has both. Leading NaN are skipped; a NaN
    after the first known bar makes all later values NaN. Two passes, O(n). Releases the GIL. As TA-Lib ZLEMA. Source:
    John Ehlers and Ric Way, Zero Lag (Well, Almost), Technical Analysis of Stocks & Commodities 28, 2010.

    Examples
    --------
    >>> zlema([1.0, 2.0, 3.0, 4.0, 5.0], period=3)
    array([nan, nan, nan,  4.,  5.])
    """
    line = check_values(values, "zlema")
    period = check_period(period, "zlema")

    def make() -> F64:
        lag = (period - 1) // 2
        return exponential_of(mixed_of(1.0, line, 1.0, moves_of(line, lag)) if lag else line, period)

    return remember(("zlema", period), (line,), make)
