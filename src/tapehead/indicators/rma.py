"""Wilder's moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import wilder_of
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


def rma(values: ArrayLike, period: int = 14) -> F64:
    """Wilder's average, an exponential one that keeps (period - 1)/period of itself a bar.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN; then the mean of the first `period` values.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    The same as an exponential average of 2 · period − 1 bars but for its seed. Leading NaN are skipped; a NaN after the
    first known bar makes all later values NaN. One pass, O(n). Releases the GIL. As TA-Lib RMA. Source: J. Welles
    Wilder, New Concepts in Technical Trading Systems, 1978.

    Examples
    --------
    >>> rma([1.0, 3.0, 4.0, 8.0], period=2)
    array([nan, 2. , 3. , 5.5])
    """
    line = check_values(values, "rma")
    period = check_period(period, "rma")
    return remember(("rma", period), (line,), lambda: wilder_of(line, period))
