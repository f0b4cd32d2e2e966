"""Know sure thing."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import change_of, mean_of
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


class Kst(NamedTuple):
    """The sum, and its mean; float64 arrays of shape (n_bars,)."""

    line: F64
    signal: F64


def kst(
    values: ArrayLike,
    first: int = 10,
    second: int = 15,
    third: int = 20,
    fourth: int = 30,
    smooth: int = 10,
    last: int = 15,
    signal: int = 9,
) -> Kst:
    """Four smoothed changes in percent, the longest weighing most, and the mean of their sum.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    first : int, at least 1
        Bars of the change that counts once.
    second : int, at least 1
        Bars of the one that counts twice.
    third : int, at least 1
        Bars of the one that counts three times.
    fourth : int, at least 1
        Bars of the one that counts four times.
    smooth : int, at least 1
        Bars of the means of the first three.
    last : int, at least 1
        Bars of the mean of the fourth.
    signal : int, at least 1
        Bars of the mean of the line.

    Returns
    -------
    Kst
        `line` and `signal`, read-only. The first `max(max(first, second, third) + smooth, fourth + last) - 1` values of
        `line` are NaN, `signal - 1` more of `signal`, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, or `values` is not one line of numbers.

    Notes
    -----
    The mean of the first change + 2 · that of the second + 3 · that of the third + 4 · that of the fourth. Nine passes,
    O(n). Releases the GIL. As LEAN. Source: Martin Pring, Summed Rate of Change (KST), Technical Analysis of Stocks &
    Commodities 10, 1992.

    Examples
    --------
    >>> kst([1.0, 2.0, 4.0, 8.0], 1, 1, 2, 2, 1, 1, 1).line
    array([  nan,   nan, 2400., 2400.])
    """
    line = check_values(values, "kst")
    first = check_period(first, "kst", name="first")
    second = check_period(second, "kst", name="second")
    third = check_period(third, "kst", name="third")
    fourth = check_period(fourth, "kst", name="fourth")
    smooth = check_period(smooth, "kst", name="smooth")
    last = check_period(last, "kst", name="last")
    signal = check_period(signal, "kst", name="signal")

    def make() -> Kst:
        total = np.zeros(line.shape[0])
        steps = ((first, smooth), (second, smooth), (third, smooth), (fourth, last))
        for weight, (bars, window) in enumerate(steps, 1):
            total += weight * mean_of(change_of(line, bars, 100.0), window)
        return Kst(locked(total), mean_of(total, signal))

    return remember(("kst", first, second, third, fourth, smooth, last, signal), (line,), make)
