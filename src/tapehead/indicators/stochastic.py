"""Stochastic oscillator."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


class Stochastic(NamedTuple):
    """Where the close lies in its range, 0 to 100, raw, smoothed and smoothed again; arrays of shape (n_bars,)."""

    fast: F64
    k: F64
    d: F64


def stochastic(
    high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14, slow: int = 3, signal: int = 3
) -> Stochastic:
    """Where the close lies in the range of the last `period` bars: %K fast, %K slow, and %D, 0 to 100.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars of the range, this one included.
    slow : int, at least 1
        Bars of the mean that makes the slow %K of the fast one; 1 leaves it fast.
    signal : int, at least 1
        Bars of the mean that makes %D of %K.

    Returns
    -------
    Stochastic
        `fast`, `k`, `d`, read-only. The first `period - 1` values of `fast` are NaN, `slow - 1` more of `k`, and
        `signal - 1` more of `d`; and every window that holds a NaN.

    Raises
    ------
    ParameterError
        A period is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    100·(close − lowest low)/(highest high − lowest low), and 50 where both are one price (TA-Lib says 0, which would be
    oversold). One pass, O(n). Releases the GIL. Agrees with TA-Lib STOCH to 1e-10. Source: George Lane, Lane's
    Stochastics, Technical Analysis of Stocks & Commodities 2, 1984.

    Examples
    --------
    >>> stochastic([2.0, 4.0, 5.0], [1.0, 2.0, 3.0], [1.0, 3.0, 4.0], period=2, slow=1, signal=1).k
    array([        nan, 66.66666667, 66.66666667])
    """
    lines = check_lines("stochastic", high=high, low=low, close=close)
    window = check_period(period, "stochastic")
    smooth, late = check_period(slow, "stochastic", name="slow"), check_period(signal, "stochastic", name="signal")

    def make() -> Stochastic:
        from tapehead.kernels.extremes import channel, place
        from tapehead.kernels.windows import mean_in_blocks

        n = lines[0].shape[0]
        upper, lower = np.empty(n), np.empty(n)
        fast, k, d = np.empty(n), np.empty(n), np.empty(n)
        channel(lines[0], lines[1], window, upper, lower, fast)
        place(lines[2], upper, lower, fast)
        mean_in_blocks(locked(fast), smooth, k)
        mean_in_blocks(locked(k), late, d)
        return Stochastic(fast, k, locked(d))

    return remember(("stochastic", window, smooth, late), lines, make)
