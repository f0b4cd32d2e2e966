"""Accumulation and distribution."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, locked

F64 = NDArray[np.float64]


def ad(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike) -> F64:
    """Volume of each bar times where it closes in its range, -1 to 1, summed up from the first bar.

    Parameters
    ----------
    high, low, close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        In the unit of the volume. A bar without a range adds nothing.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or their lengths differ.

    Notes
    -----
    A sum from the first bar given, as `obv`: what rounding loses is carried along. Leading NaN are skipped; a NaN after
    the first known bar makes all later values NaN. One pass, O(n). Releases the GIL. As TA-Lib AD. Source: Marc
    Chaikin; Larry Williams before him.

    Examples
    --------
    >>> ad([2.0, 3.0, 3.0], [1.0, 1.0, 2.0], [2.0, 1.5, 2.5], [5.0, 4.0, 9.0])
    array([5., 3., 3.])
    """
    lines = check_lines("ad", high=high, low=low, close=close, volume=volume)

    def make() -> F64:
        from tapehead.kernels.flows import accumulated

        out = np.empty(lines[0].shape[0])
        accumulated(lines[0], lines[1], lines[2], lines[3], out)
        return locked(out)

    return remember("ad", lines, make)
