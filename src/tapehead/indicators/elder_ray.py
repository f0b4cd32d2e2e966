"""Elder ray."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import exponential_of, mixed_of
from tapehead.indicators.values import check_lines, check_period

F64 = NDArray[np.float64]


class ElderRay(NamedTuple):
    """Power of the bulls and power of the bears; float64 arrays of shape (n_bars,)."""

    bull: F64
    bear: F64


def elder_ray(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 13) -> ElderRay:
    """How far a bar reaches above and below the exponential average of the close.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    ElderRay
        `bull`, high less average, and `bear`, low less average, read-only. The first `period - 1` values are NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the
    GIL. As TA-Lib ERI. Source: Alexander Elder, Trading for a Living, 1993.

    Examples
    --------
    >>> elder_ray([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], [2.0, 3.0, 2.0], period=2).bull
    array([       nan, 1.5       , 0.83333333])
    """
    lines = check_lines("elder_ray", high=high, low=low, close=close)
    period = check_period(period, "elder_ray")

    def make() -> ElderRay:
        average = exponential_of(lines[2], period)
        return ElderRay(mixed_of(1.0, lines[0], -1.0, average), mixed_of(1.0, lines[1], -1.0, average))

    return remember(("elder_ray", period), lines, make)
