"""Mass index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def mass_index(high: ArrayLike, low: ArrayLike, period: int = 25, average: int = 9) -> F64:
    """Sum of the last `period` ratios of an average range of bars to the average of that average.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Ratios that are summed.
    average : int, at least 1
        Bars of both exponential averages.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `2 * average + period - 3` values are NaN. `period` where no bar has a range.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Two passes, O(n). Releases
    the GIL. As TA-Lib MASSI. Source: Donald Dorsey, The Mass Index, Technical Analysis of Stocks & Commodities 10,
    1992.

    Examples
    --------
    >>> mass_index([2.0, 4.0, 3.0], [1.0, 2.0, 1.0], period=2, average=1)
    array([nan,  2.,  2.])
    """
    lines = check_lines("mass_index", high=high, low=low)
    period = check_period(period, "mass_index")
    average = check_period(average, "mass_index", name="average")

    def make() -> F64:
        from tapehead.kernels.cascades import mass

        out = np.empty(lines[0].shape[0])
        mass(lines[0], lines[1], period, average, out)
        return locked(out)

    return remember(("mass_index", period, average), lines, make)
