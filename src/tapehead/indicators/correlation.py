"""Correlation of two lines."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def correlation(values: ArrayLike, benchmark: ArrayLike, period: int = 20) -> F64:
    """Pearson's correlation of the last `period` values of two lines, -1 to 1.

    Parameters
    ----------
    values, benchmark : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, every window that holds a NaN, and where a line stands still.

    Raises
    ------
    ParameterError
        `period` is below 2, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Of values as they are given: for the correlation of returns hand over `roc` of both. Moments about a bar that the
    window holds; nothing that has left the window bends it. One pass, O(n). Releases the GIL. As TA-Lib CORREL. Source:
    Karl Pearson, 1895.

    Examples
    --------
    >>> correlation([1.0, 2.0, 4.0], [1.0, 3.0, 2.0], period=2)
    array([nan,  1., -1.])
    """
    lines = check_lines("correlation", values=values, benchmark=benchmark)
    period = check_period(period, "correlation", 2)

    def make() -> F64:
        from tapehead.kernels.covariances import correlated

        out = np.empty(lines[0].shape[0])
        correlated(lines[0], lines[1], period, out)
        return locked(out)

    return remember(("correlation", period), lines, make)
