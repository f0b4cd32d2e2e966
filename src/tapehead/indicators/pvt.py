"""Price volume trend."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, locked

F64 = NDArray[np.float64]


def pvt(close: ArrayLike, volume: ArrayLike) -> F64:
    """Volume of each bar times its return, summed up from the first bar.

    Parameters
    ----------
    close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        In the unit of the volume. The first known value is 0.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or their lengths differ.

    Notes
    -----
    A sum from the first bar given, as `obv`: what rounding loses is carried along. Leading NaN are skipped; a NaN after
    the first known bar makes all later values NaN. One pass, O(n). Releases the GIL. As TA-Lib PVT.

    Examples
    --------
    >>> pvt([1.0, 2.0, 1.0], [5.0, 3.0, 4.0])
    array([0., 3., 1.])
    """
    lines = check_lines("pvt", close=close, volume=volume)

    def make() -> F64:
        from tapehead.kernels.flows import trended

        out = np.empty(lines[0].shape[0])
        trended(lines[0], lines[1], out)
        return locked(out)

    return remember("pvt", lines, make)
