"""On-balance volume."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, locked

F64 = NDArray[np.float64]


def obv(close: ArrayLike, volume: ArrayLike) -> F64:
    """Volume of bars that rose less that of bars that fell, summed up from the first bar.

    Parameters
    ----------
    close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first known value is its bar's volume. In the unit of the volume.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or their lengths differ.

    Notes
    -----
    A sum from the first bar given: where the range starts decides its level, never its changes. What rounding loses is
    carried along, so that the sum is right to its last digits after millions of bars. A NaN after the first known bar
    makes all later values NaN. One pass, O(n). Releases the GIL. Agrees with TA-Lib OBV to 1e-12. Source: Joseph
    Granville, New Key to Stock Market Profits, 1963.

    Examples
    --------
    >>> obv([1.0, 2.0, 2.0, 1.0], [5.0, 3.0, 9.0, 4.0])
    array([5., 8., 8., 4.])
    """
    lines = check_lines("obv", close=close, volume=volume)

    def make() -> F64:
        from tapehead.kernels.volumes import on_balance

        out = np.empty(lines[0].shape[0])
        on_balance(lines[0], lines[1], out)
        return locked(out)

    return remember("obv", lines, make)
