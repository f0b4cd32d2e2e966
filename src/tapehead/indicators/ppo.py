"""Percentage price oscillator."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import distance_in_percent
from tapehead.indicators.values import check_period, check_values

F64 = NDArray[np.float64]


class PercentageOscillator(NamedTuple):
    """Distance of the averages in percent, its exponential average, and how far both lie apart; shape (n_bars,)."""

    line: F64
    signal: F64
    histogram: F64


def ppo(values: ArrayLike, fast: int = 12, slow: int = 26, signal: int = 9) -> PercentageOscillator:
    """How far a fast exponential average lies from a slow one in percent, the average of that, and their distance.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    fast : int, at least 1
        Bars of the fast average.
    slow : int, at least 1
        Bars of the slow one.
    signal : int, at least 1
        Bars of the average of their distance.

    Returns
    -------
    PercentageOscillator
        `line`, `signal`, `histogram`, read-only. The first `max(fast, slow) - 1` values of `line` are NaN, and `signal
        - 1` more of the others.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    100 · (fast/slow − 1), 0 where the slow one is 0; each average starts with the mean of its own first values, other
    than in `macd`. Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Three passes,
    O(n). Releases the GIL. As TA-Lib PPO. Source: Gerald Appel, Technical Analysis: Power Tools for Active Investors,
    2005.

    Examples
    --------
    >>> ppo([1.0, 2.0, 4.0, 8.0], fast=1, slow=2, signal=2).line
    array([        nan, 33.33333333, 26.31578947, 25.2173913 ])
    """
    line = check_values(values, "ppo")
    fast = check_period(fast, "ppo", name="fast")
    slow = check_period(slow, "ppo", name="slow")
    signal = check_period(signal, "ppo", name="signal")

    def make() -> PercentageOscillator:
        return PercentageOscillator(*distance_in_percent(line, fast, slow, signal))

    return remember(("ppo", fast, slow, signal), (line,), make)
