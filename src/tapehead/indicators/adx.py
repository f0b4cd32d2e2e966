"""Average directional index."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


class Adx(NamedTuple):
    """Strength of a trend, and what moved up and down, 0 to 100; float64 arrays of shape (n_bars,)."""

    adx: F64
    plus_di: F64
    minus_di: F64


def adx(high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 14) -> Adx:
    """Wilder's average directional index with both directional indicators, 0 to 100.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified. Leading NaN are skipped.
    period : int, at least 2
        Wilder's smoothing, of movements and of their distance.

    Returns
    -------
    Adx
        `adx`, `plus_di`, `minus_di`, read-only. The first `period` values of `plus_di` and `minus_di` are NaN, the
        first `2 * period - 1` of `adx`. All are 0 while nothing has moved.

    Raises
    ------
    ParameterError
        `period` is below 2, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Sums begin with `period - 1` bars, as TA-Lib's do; other tools begin with `period`, and agree only after some
    hundred bars. A NaN after the first known bar makes all later values NaN. One pass, O(n). Releases the GIL. Agrees
    with TA-Lib ADX, PLUS_DI and MINUS_DI to 1e-10. Source: J. Welles Wilder, New Concepts in Technical Trading Systems,
    1978, section IV.

    Examples
    --------
    >>> adx([2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0], [1.5, 2.5, 3.5, 4.5], period=2).adx
    array([ nan,  nan,  nan, 100.])
    """
    lines, window = check_lines("adx", high=high, low=low, close=close), check_period(period, "adx", least=2)

    def make() -> Adx:
        from tapehead.kernels.ranges import directions

        made = Adx(*(np.empty(lines[0].shape[0]) for _ in Adx._fields))
        directions(lines[0], lines[1], lines[2], window, *made)
        return Adx(*map(locked, made))

    return remember(("adx", window), lines, make)
