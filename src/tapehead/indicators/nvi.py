"""Negative volume index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_factor, check_lines, locked

F64 = NDArray[np.float64]


def nvi(close: ArrayLike, volume: ArrayLike, start: float = 1000.0) -> F64:
    """Index that takes the return of the bars whose volume fell, and of no other.

    Parameters
    ----------
    close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    start : float, at least 0
        Value of the first bar.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        `start` on the first known bar.

    Raises
    ------
    ParameterError
        `start` is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the
    GIL. As TA-Lib NVI. Source: Paul Dysart, 1936; Norman Fosback, Stock Market Logic, 1976.

    Examples
    --------
    >>> nvi([1.0, 2.0, 3.0, 6.0], [5.0, 3.0, 4.0, 2.0], start=100.0)
    array([100., 200., 200., 400.])
    """
    lines = check_lines("nvi", close=close, volume=volume)
    start = check_factor(start, "nvi", "start")

    def make() -> F64:
        from tapehead.kernels.flows import indexed

        out = np.empty(lines[0].shape[0])
        indexed(lines[0], lines[1], False, start, out)  # noqa: FBT003 - by place, for a kernel
        return locked(out)

    return remember(("nvi", start), lines, make)
