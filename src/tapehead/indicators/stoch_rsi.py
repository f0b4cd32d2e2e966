"""Stochastic RSI."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import channel_of, mean_of, place_of, strength_of
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]

STILL = 1e-9
"""Points of 100 within which an index stands still."""


class StochRsi(NamedTuple):
    """Where the index lies in its range, smoothed, and smoothed again; 0 to 100, arrays of shape (n_bars,)."""

    k: F64
    d: F64


def stoch_rsi(values: ArrayLike, period: int = 14, window: int = 14, slow: int = 3, signal: int = 3) -> StochRsi:
    """Where the relative strength index lies in its own range, smoothed: %K and %D, 0 to 100.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Period of the relative strength index, as in `rsi`.
    window : int, at least 1
        Values of the index that make its range.
    slow : int, at least 1
        Bars of the mean that makes %K; 1 leaves it raw.
    signal : int, at least 1
        Bars of the mean that makes %D of %K.

    Returns
    -------
    StochRsi
        `k` and `d`, read-only. The first `period + window + slow - 2` values of `k` are NaN, and `signal - 1` more of
        `d`. 50 where the index stood still, to 1e-9.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Four passes, O(n). Releases the
    GIL. TA-Lib's STOCHRSI(n, k, d) is window = k, slow = 1, signal = d. Source: Tushar Chande and Stanley Kroll, The
    New Technical Trader, 1994.

    Examples
    --------
    >>> stoch_rsi([1.0, 2.0, 1.0, 3.0, 2.5], period=2, window=2, slow=1, signal=1).k
    array([ nan,  nan,  nan, 100.,   0.])
    """
    line = check_values(values, "stoch_rsi")
    period = check_period(period, "stoch_rsi", 2)
    window = check_period(window, "stoch_rsi", name="window")
    slow = check_period(slow, "stoch_rsi", name="slow")
    signal = check_period(signal, "stoch_rsi", name="signal")

    def make() -> StochRsi:
        index = strength_of(line, period)
        upper, lower, _ = channel_of(index, index, window)
        # Where a price stands still its index keeps its value but for its last digits, which are no range.
        upper = locked(np.where(upper - lower > STILL, upper, lower))
        k = mean_of(place_of(index, upper, lower), slow)
        return StochRsi(k, mean_of(k, signal))

    return remember(("stoch_rsi", period, window, slow, signal), (line,), make)
