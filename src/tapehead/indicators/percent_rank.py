"""Percent rank."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def percent_rank(values: ArrayLike, period: int = 100) -> F64:
    """Share of the last `period` values before this one that lie below it, in percent.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Values before this one that it is ranked among.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    A look at each value of the window, O(n · period), as many bars as an instruction takes. Releases the GIL.

    Examples
    --------
    >>> percent_rank([1.0, 2.0, 1.5, 4.0], period=2)
    array([ nan,  nan,  50., 100.])
    """
    line = check_values(values, "percent_rank")
    period = check_period(period, "percent_rank")

    def make() -> F64:
        from tapehead.kernels.places import rank

        out = np.empty(line.shape[0])
        rank(line, period, out)
        return locked(out)

    return remember(("percent_rank", period), (line,), make)
