"""Awesome oscillator."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import FEW, even, mixed_of
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def awesome_oscillator(high: ArrayLike, low: ArrayLike, fast: int = 5, slow: int = 34) -> F64:
    """Mean of the last `fast` middles of bars less that of the last `slow`.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    fast : int, at least 1
        Bars of the short mean.
    slow : int, at least 1
        Bars of the long one.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `max(fast, slow) - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The middle is (high + low)/2. Up to 48 bars one pass, a product for each; beyond that passes over sums that do not
    grow with the window. Releases the GIL. As TA-Lib AO. Source: Bill Williams, New Trading Dimensions, 1998.

    Examples
    --------
    >>> awesome_oscillator([2.0, 4.0, 8.0], [2.0, 2.0, 4.0], fast=1, slow=2)
    array([nan, 0.5, 1.5])
    """
    lines = check_lines("awesome_oscillator", high=high, low=low)
    fast = check_period(fast, "awesome_oscillator", name="fast")
    slow = check_period(slow, "awesome_oscillator", name="slow")

    def make() -> F64:
        from tapehead.indicators.sma import mean_into
        from tapehead.kernels.taps import middles_weighed_by

        window = max(fast, slow)
        if window <= FEW:
            made = np.empty(lines[0].shape[0])
            middles_weighed_by(lines[0], lines[1], locked(even(fast, window) - even(slow, window)), 0.0, made)
            return locked(made)
        middle = mixed_of(0.5, lines[0], 0.5, lines[1])
        out, calm = np.empty(middle.shape[0]), np.empty(middle.shape[0])
        mean_into(middle, fast, out)
        mean_into(middle, slow, calm)
        out -= calm
        return locked(out)

    return remember(("awesome_oscillator", fast, slow), lines, make)
