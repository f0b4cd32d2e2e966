"""Heikin-Ashi bars."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_lines, locked

F64 = NDArray[np.float64]


class HeikinAshi(NamedTuple):
    """Prices that no trade had; float64 arrays of shape (n_bars,)."""

    open: F64
    high: F64
    low: F64
    close: F64


def heikin_ashi(
    open: ArrayLike,  # noqa: A002 - the field's word
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
) -> HeikinAshi:
    """Bars averaged into each other: close the mean of four prices, open the middle of the bar before.

    Parameters
    ----------
    open, high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.

    Returns
    -------
    HeikinAshi
        `open`, `high`, `low`, `close`, read-only. No bar was traded at these prices: signals only, never fills.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, or their lengths differ.

    Notes
    -----
    The first open is the middle of the bar's own open and close. Leading NaN are skipped; a NaN after the first known
    bar makes all later values NaN. One pass, O(n). Releases the GIL. As TA-Lib HA. Source: Dan Valcu, Using the
    Heikin-Ashi Technique, Technical Analysis of Stocks & Commodities 22, 2004.

    Examples
    --------
    >>> heikin_ashi([1.0, 2.0], [2.0, 4.0], [1.0, 2.0], [2.0, 4.0]).open
    array([1.5, 1.5])
    """
    lines = check_lines("heikin_ashi", open=open, high=high, low=low, close=close)

    def make() -> HeikinAshi:
        from tapehead.kernels.candles import smoothed

        made = HeikinAshi(*(np.empty(lines[0].shape[0]) for _ in HeikinAshi._fields))
        smoothed(lines[0], lines[1], lines[2], lines[3], *made)
        return HeikinAshi(*map(locked, made))

    return remember("heikin_ashi", lines, make)
