"""Ultimate oscillator."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked, window_in

F64 = NDArray[np.float64]


def ultimate_oscillator(
    high: ArrayLike, low: ArrayLike, close: ArrayLike, short: int = 7, middle: int = 14, long: int = 28
) -> F64:
    """Share of the true range that was bought, over three windows, the short one weighing most, 0 to 100.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    short : int, at least 1
        Bars of the window that weighs 4.
    middle : int, at least 1
        Bars of the one that weighs 2.
    long : int, at least 1
        Bars of the one that weighs 1.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `max(short, middle, long)` values are NaN, and every window that holds a NaN. A window in which
        nothing moved counts as half.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Bought is the close less the true low: the low, or the close before where that is lower. One pass, O(n). Releases
    the GIL. As TA-Lib ULTOSC. Source: Larry Williams, The Ultimate Oscillator, Technical Analysis of Stocks &
    Commodities 3, 1985.

    Examples
    --------
    >>> ultimate_oscillator([2.0, 3.0, 4.0], [1.0, 1.0, 3.0], [1.5, 2.0, 4.0], short=1, middle=1, long=2)
    array([        nan,         nan, 96.42857143])
    """
    lines = check_lines("ultimate_oscillator", high=high, low=low, close=close)
    short = check_period(short, "ultimate_oscillator", name="short")
    middle = check_period(middle, "ultimate_oscillator", name="middle")
    long = check_period(long, "ultimate_oscillator", name="long")

    def make() -> F64:
        from tapehead.kernels.shares import ultimate

        bars = lines[0].shape[0]
        out = np.empty(bars)
        windows = (window_in(short, bars), window_in(middle, bars), window_in(long, bars))
        ultimate(lines[0], lines[1], lines[2], windows, out)
        return locked(out)

    return remember(("ultimate_oscillator", short, middle, long), lines, make)
