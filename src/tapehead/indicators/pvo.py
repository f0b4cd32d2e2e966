"""Percentage volume oscillator."""

from numpy.typing import ArrayLike

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import distance_in_percent
from tapehead.indicators.ppo import PercentageOscillator
from tapehead.indicators.values import check_period, check_values


def pvo(volume: ArrayLike, fast: int = 12, slow: int = 26, signal: int = 9) -> PercentageOscillator:
    """How far a fast exponential average of volume lies from a slow one in percent, its average, and their distance.

    Parameters
    ----------
    volume : float64 array, shape (n_bars,)
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
        A parameter is out of bounds, or `volume` is not one line of numbers.

    Notes
    -----
    100 · (fast/slow − 1), 0 where the slow one is 0; each average starts with the mean of its own first values, other
    than in `macd`. Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Three passes,
    O(n). Releases the GIL. As TA-Lib PVO.

    Examples
    --------
    >>> pvo([1.0, 2.0, 4.0, 8.0], fast=1, slow=2, signal=2).line
    array([        nan, 33.33333333, 26.31578947, 25.2173913 ])
    """
    line = check_values(volume, "pvo", "volume")
    fast = check_period(fast, "pvo", name="fast")
    slow = check_period(slow, "pvo", name="slow")
    signal = check_period(signal, "pvo", name="signal")

    def make() -> PercentageOscillator:
        return PercentageOscillator(*distance_in_percent(line, fast, slow, signal))

    return remember(("pvo", fast, slow, signal), (line,), make)
