"""Chande Kroll stop."""

from numpy.typing import ArrayLike

from tapehead.indicators.chandelier import Stops
from tapehead.indicators.memo import remember
from tapehead.indicators.passes import average_ranges_of, channel_of
from tapehead.indicators.values import check_factor, check_lines, check_period, locked


def chande_kroll(
    high: ArrayLike, low: ArrayLike, close: ArrayLike, period: int = 10, width: float = 1.0, smooth: int = 9
) -> Stops:
    """Stops `width` average true ranges from the extremes, the furthest of the last `smooth`.

    Parameters
    ----------
    high, low, close : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Bars of the range and of its average.
    width : float, at least 0
        Distance of a stop from the extreme, in average true ranges.
    smooth : int, at least 1
        Stops among which the furthest counts.

    Returns
    -------
    Stops
        `long`, the stop below a long position, and `short`, that above a short one, read-only. The first `period +
        smooth - 1` values are NaN.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    short: highest of (highest high − width · atr), long: lowest of (lowest low + width · atr). Leading NaN are skipped;
    a NaN after the first known bar makes all later values NaN. Three passes, O(n). Releases the GIL. Source: Tushar
    Chande and Stanley Kroll, The New Technical Trader, 1994.

    Examples
    --------
    >>> chande_kroll([2.0, 4.0, 3.0], [1.0, 2.0, 2.0], [2.0, 3.0, 2.0], period=1, smooth=1).long
    array([nan,  4.,  3.])
    """
    lines = check_lines("chande_kroll", high=high, low=low, close=close)
    period = check_period(period, "chande_kroll")
    width = check_factor(width, "chande_kroll", "width")
    smooth = check_period(smooth, "chande_kroll", name="smooth")

    def make() -> Stops:
        high, low, close = lines
        upper, lower, _ = channel_of(high, low, period)
        reach = width * average_ranges_of(high, low, close, period)
        short, long, _ = channel_of(locked(upper - reach), locked(lower + reach), smooth)
        return Stops(long, short)

    return remember(("chande_kroll", period, width, smooth), lines, make)
