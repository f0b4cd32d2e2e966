"""Volume-weighted moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def vwma(values: ArrayLike, volume: ArrayLike, period: int = 20) -> F64:
    """Average of the last `period` values, each weighed by its volume.

    Parameters
    ----------
    values, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN or has no volume.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    One pass, O(n). Releases the GIL. As TA-Lib VWMA.

    Examples
    --------
    >>> vwma([1.0, 2.0, 4.0], [1.0, 3.0, 1.0], period=2)
    array([ nan, 1.75, 2.5 ])
    """
    lines = check_lines("vwma", values=values, volume=volume)
    period = check_period(period, "vwma")

    def make() -> F64:
        from tapehead.kernels.volumes import weighed_in_blocks

        out = np.empty(lines[0].shape[0])
        weighed_in_blocks(lines[0], lines[1], period, out)
        return locked(out)

    return remember(("vwma", period), lines, make)
