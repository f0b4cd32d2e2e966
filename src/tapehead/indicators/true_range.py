"""True range."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import ranges_of
from tapehead.indicators.values import check_lines

F64 = NDArray[np.float64]


def true_range(high: ArrayLike, low: ArrayLike, close: ArrayLike) -> F64:
    """Distance from the highest to the lowest price of a bar, the close of the bar before taken in.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first value is NaN: no close comes before it. So is one whose prices hold a NaN.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The largest of high − low, |high − close before|, |low − close before|. One pass, O(n). Releases the GIL. Agrees
    with TA-Lib TRANGE to 1e-12. Source: J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section III.

    Examples
    --------
    >>> true_range([2.0, 6.0], [1.0, 5.0], [1.5, 5.5])
    array([nan, 4.5])
    """
    lines = check_lines("true_range", high=high, low=low, close=close)
    return remember("true_range", lines, lambda: ranges_of(lines[0], lines[1], lines[2]))
