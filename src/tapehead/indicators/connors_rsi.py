"""Connors RSI."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import change_of, strength_of
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def connors_rsi(values: ArrayLike, period: int = 3, streak: int = 2, rank: int = 100) -> F64:
    """Mean of a short RSI, that of the length of a streak, and the rank of the last return, 0 to 100.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 2
        Period of the index of the price.
    streak : int, at least 2
        Period of the index of the streak's length.
    rank : int, at least 1
        Returns among which the last one is ranked.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `max(period, streak, rank + 1)` values are NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    The rank is the share of the `rank` returns before that lie below the last one, O(n · rank). Leading NaN are
    skipped; a NaN after the first known bar makes all later values NaN. Releases the GIL. Source: Larry Connors and
    Cesar Alvarez, An Introduction to ConnorsRSI, 2012.

    Examples
    --------
    >>> connors_rsi([1.0, 2.0, 1.5, 2.0, 4.0], period=2, rank=2)
    array([        nan,         nan,         nan, 67.14285714, 92.35209235])
    """
    line = check_values(values, "connors_rsi")
    period = check_period(period, "connors_rsi", 2)
    streak = check_period(streak, "connors_rsi", 2, name="streak")
    rank = check_period(rank, "connors_rsi", name="rank")

    def make() -> F64:
        from tapehead.kernels.elements import averaged
        from tapehead.kernels.places import rank as ranked
        from tapehead.kernels.turns import streaks

        run, place = np.empty(line.shape[0]), np.empty(line.shape[0])
        streaks(line, run)
        ranked(change_of(line, 1, 100.0), rank, place)
        averaged(strength_of(line, period), strength_of(locked(run), streak), place)
        return locked(place)

    return remember(("connors_rsi", period, streak, rank), (line,), make)
