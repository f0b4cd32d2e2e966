"""Detrended price oscillator."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import FEW, even, weighed_by
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def dpo(values: ArrayLike, period: int = 20) -> F64:
    """Price of half a window ago less the mean of the window that ends now.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `max(period - 1, period // 2 + 1)` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    x[t − (period//2 + 1)] − sma[t]. Charts that draw it half a window earlier, under the price it speaks of, use a mean
    that was not known then; here each bar has what is known at its close. Up to a period of 48 one pass, a product for
    each weight, two passes beyond. Releases the GIL. As TA-Lib DPO. Source: StockCharts' ChartSchool;
    attributed to Walt Bressert.

    Examples
    --------
    >>> dpo([1.0, 2.0, 4.0, 8.0], period=2)
    array([nan, nan, -2., -4.])
    """
    line = check_values(values, "dpo")
    period = check_period(period, "dpo")

    def make() -> F64:
        from tapehead.indicators.sma import mean_into
        from tapehead.kernels.elements import less

        ago = period // 2 + 1
        if period <= FEW:
            weights = -even(period, max(period, ago + 1))
            weights[ago] += 1.0
            return weighed_by(line, locked(weights), 0.0)
        out = np.empty(line.shape[0])
        mean_into(line, period, out)
        less(line, ago, out)
        return locked(out)

    return remember(("dpo", period), (line,), make)
