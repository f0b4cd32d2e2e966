"""Ease of movement."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import mean_of
from tapehead.indicators.values import check_factor, check_lines, check_period, locked

F64 = NDArray[np.float64]


def ease_of_movement(
    high: ArrayLike, low: ArrayLike, volume: ArrayLike, period: int = 14, scale: float = 100000000.0
) -> F64:
    """Mean of how far the middle of bars moves for their volume.

    Parameters
    ----------
    high, low, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Changes that count.
    scale : float, at least 0
        What volume is divided by, so that the figure can be read.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN, and every window that holds a NaN. A bar without volume or range counts as 0.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The move of (high + low)/2 times (high − low) over volume/scale. Two passes, O(n). Releases the GIL. Of one bar and
    a scale of 10,000 it is Tulip's. Source: Richard Arms, Volume Cycles in the Stock Market, 1983.

    Examples
    --------
    >>> ease_of_movement([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], [4.0, 2.0, 1.0], period=1, scale=1.0)
    array([ nan,  1.5, -0.5])
    """
    lines = check_lines("ease_of_movement", high=high, low=low, volume=volume)
    period = check_period(period, "ease_of_movement")
    scale = check_factor(scale, "ease_of_movement", "scale")

    def make() -> F64:
        from tapehead.kernels.flows import eased

        out = np.empty(lines[0].shape[0])
        eased(lines[0], lines[1], lines[2], scale, out)
        return mean_of(locked(out), period)

    return remember(("ease_of_movement", period, scale), lines, make)
