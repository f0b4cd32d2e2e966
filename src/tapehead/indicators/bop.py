"""Balance of power."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, locked

F64 = NDArray[np.float64]


def bop(
    open: ArrayLike,  # noqa: A002 - the field's word
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
) -> F64:
    """Body of a bar over its range, -1 to 1.

    Parameters
    ----------
    open, high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        NaN where a price is; 0 where the bar has no range.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or their lengths differ.

    Notes
    -----
    (close − open)/(high − low). Each bar for itself, O(n). Releases the GIL. As TA-Lib BOP. Source: Igor Livshin,
    Balance of Market Power, Technical Analysis of Stocks & Commodities 19, 2001.

    Examples
    --------
    >>> bop([1.0, 2.0], [2.0, 4.0], [1.0, 2.0], [2.0, 3.0])
    array([1. , 0.5])
    """
    lines = check_lines("bop", open=open, high=high, low=low, close=close)

    def make() -> F64:
        from tapehead.kernels.elements import body

        out = np.empty(lines[0].shape[0])
        body(lines[0], lines[1], lines[2], lines[3], out)
        return locked(out)

    return remember("bop", lines, make)
