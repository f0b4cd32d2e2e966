"""Pivot points."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_anchor, check_lines, locked

F64 = NDArray[np.float64]


class Pivots(NamedTuple):
    """The pivot, and three lines above and below it; float64 arrays of shape (n_bars,)."""

    pivot: F64
    r1: F64
    s1: F64
    r2: F64
    s2: F64
    r3: F64
    s3: F64


def pivots(high: ArrayLike, low: ArrayLike, close: ArrayLike, anchor: ArrayLike | None = None) -> Pivots:
    """Mean price of the last whole session, and three lines above and below it by that session's range.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    anchor : bool array, shape (n_bars,), optional
        True on the first bar of each session; without one every bar is a session, as on daily bars.

    Returns
    -------
    Pivots
        `pivot`, `r1` to `r3`, `s1` to `s3`, read-only. NaN until a session is over, and after one that holds a NaN.

    Raises
    ------
    ParameterError
        `anchor` is no bool array of that length, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    p = (high + low + close)/3 of the session before; r1 = 2p - low, r2 = p + range, r3 = high + 2 (p - low), mirrored
    below. Nothing of a session that is not over counts. One pass, O(n). Releases the GIL. Source: the floor of
    Chicago's exchanges.

    Examples
    --------
    >>> pivots([4.0, 5.0], [1.0, 2.0], [4.0, 3.0]).r1
    array([nan,  5.])
    """
    lines = check_lines("pivots", high=high, low=low, close=close)
    starts = check_anchor(anchor, lines[0].shape[0], "pivots", default=True)

    def make() -> Pivots:
        from tapehead.kernels.candles import session_before

        n = lines[0].shape[0]
        top, bottom, last = np.empty(n), np.empty(n), np.empty(n)
        session_before(lines[0], lines[1], lines[2], starts, top, bottom, last)
        middle = (top + bottom + last) / 3.0
        span = top - bottom
        above = (2.0 * middle - bottom, middle + span, top + 2.0 * (middle - bottom))
        below = (2.0 * middle - top, middle - span, bottom - 2.0 * (top - middle))
        levels = [locked(level) for pair in zip(above, below, strict=True) for level in pair]
        return Pivots(locked(middle), *levels)

    return remember("pivots", lines if anchor is None else (*lines, starts), make)
