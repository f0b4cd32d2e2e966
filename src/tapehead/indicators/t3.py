"""Tillson's T3."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import cascade_of
from tapehead.indicators.values import check_between, check_period, check_values

F64 = NDArray[np.float64]


def t3(values: ArrayLike, period: int = 5, factor: float = 0.7) -> F64:
    """Six exponential averages of each other, put together so that it is smooth and lags little.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.
    factor : float, 0 to 1
        How much of the lag is taken back; 0 leaves three averages of each other.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `6 * period - 6` values are NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    With v the factor: −v³ · e6 + (3v² + 3v³) · e5 − (6v² + 3v + 3v³) · e4 + (1 + 3v + v³ + 3v²) · e3. Leading NaN are
    skipped; a NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the GIL. As TA-Lib
    T3. Source: Tim Tillson, Smoothing Techniques for More Accurate Signals, Technical Analysis of Stocks & Commodities
    16, 1998.

    Examples
    --------
    >>> t3([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], period=2)
    array([ nan,  nan,  nan,  nan,  nan,  nan, 6.55])
    """
    line = check_values(values, "t3")
    period = check_period(period, "t3")
    factor = check_between(factor, "t3", "factor", 0, 1)

    def make() -> F64:
        v = factor
        square, cube = v * v, v * v * v
        fifth, fourth = 3.0 * square + 3.0 * cube, 6.0 * square + 3.0 * v + 3.0 * cube
        # Told in gaps, each average less the one below it: weights that sum to 1 leave a flat line what it is.
        last = (fifth - cube - fourth, fifth - cube, -cube)
        return cascade_of(line, (period,) * 6, (1.0, 1.0, 1.0, *last))

    return remember(("t3", period, factor), (line,), make)
