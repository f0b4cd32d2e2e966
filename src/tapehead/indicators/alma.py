"""Arnaud Legoux moving average."""

from math import floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import weighed_by
from tapehead.indicators.values import check_between, check_period, check_values, locked

F64 = NDArray[np.float64]


def alma(values: ArrayLike, period: int = 9, offset: float = 0.85, sigma: float = 6.0) -> F64:
    """Average of the last `period` values by a bell that leans towards the newest.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.
    offset : float, 0 to 1
        Where the bell is highest: 0 at the oldest value, 1 at the newest.
    sigma : float, 0.1 to 100
        How narrow it is; larger is narrower.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Weights exp(−(i − m)²/(2s²)) for i from 0, the oldest, with m = ⌊offset · (period − 1)⌋ and s = period/sigma; charts
    that do not round m down draw another line. A product for each weight a bar, O(n · period), as many bars as
    an instruction takes. Releases the GIL. Source: Arnaud Legoux and Dimitris Kouzis-Loukas, 2009.

    Examples
    --------
    >>> alma([1.0, 2.0, 4.0, 8.0], period=3)
    array([       nan,        nan, 2.10650698, 4.21301396])
    """
    line = check_values(values, "alma")
    period = check_period(period, "alma")
    offset = check_between(offset, "alma", "offset", 0, 1)
    sigma = check_between(sigma, "alma", "sigma", 0.1, 100)

    def make() -> F64:
        if period > line.shape[0]:
            return locked(np.full(line.shape[0], np.nan))
        place = np.arange(period)[::-1] - floor(offset * (period - 1))
        weights = np.exp(-(place**2) / (2.0 * (period / sigma) ** 2))
        return weighed_by(line, locked(weights / weights.sum()))

    return remember(("alma", period, offset, sigma), (line,), make)
