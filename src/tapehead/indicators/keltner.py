"""Keltner channel."""

import numpy as np
from numpy.typing import ArrayLike

from tapehead.indicators.bands import Bands, bands_around
from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_factor, check_lines, check_period


def keltner(
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    period: int = 20,
    atr_period: int = 10,
    width: float = 2.0,
) -> Bands:
    """Exponential average of the close, and `width` average true ranges above and below it.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    period : int, at least 1
        Period of the average, as in `ema`.
    atr_period : int, at least 1
        Period of the average true range, as in `atr`.
    width : float, at least 0
        Distance of a band from the average, in average true ranges.

    Returns
    -------
    Bands
        `upper`, `middle`, `lower`, read-only. The first `period - 1` values of `middle` are NaN, and the first
        `max(period - 1, atr_period)` of the bands.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The form in use since the 1980s, by Linda Bradford Raschke; Chester Keltner's own (How to Make Money in Commodities,
    1960) was the mean of typical prices and of high less low over ten days. A NaN after the first known bar makes all
    later values NaN. One pass, O(n). Releases the GIL.

    Examples
    --------
    >>> keltner([2.0, 3.0], [1.0, 2.0], [1.0, 3.0], period=1, atr_period=1).upper
    array([nan,  7.])
    """
    lines = check_lines("keltner", high=high, low=low, close=close)
    window, ranged = check_period(period, "keltner"), check_period(atr_period, "keltner", name="atr_period")
    factor = check_factor(width, "keltner", "width")

    def make() -> Bands:
        from tapehead.kernels.ranges import average_ranges
        from tapehead.kernels.smoothing import exponential

        middle, reach = np.empty(lines[0].shape[0]), np.empty(lines[0].shape[0])
        exponential(lines[2], window, middle)
        average_ranges(lines[0], lines[1], lines[2], ranged, reach)
        return bands_around(middle, reach, factor)

    return remember(("keltner", window, ranged, factor), lines, make)
