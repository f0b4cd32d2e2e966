"""Average price weighed by volume, from an anchor or over a window."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_anchor, check_lines, check_period, locked, window_in

F64 = NDArray[np.float64]


def vwap(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, anchor: ArrayLike | None = None) -> F64:
    """Typical price since the last anchor, each bar weighed by its volume.

    Parameters
    ----------
    high, low, close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    anchor : bool array, shape (n_bars,), optional
        True on each bar that begins a session (or whatever the mean belongs to): there it starts anew. By default it
        runs from the first bar. With days of UTC: `np.diff(bars.ts // 86_400_000_000, prepend=-1) != 0`.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        Known from the first bar on, this bar included. NaN while no volume was traded since the anchor, and after a NaN
        until the next one.

    Raises
    ------
    ParameterError
        A line is not one line of numbers, the lengths differ, or `anchor` is not a bool array.

    Notes
    -----
    Typical price (high + low + close)/3, and Σ price·volume/Σ volume; while the price stands still, exactly that price.
    It knows bars, not trades: a mean of trades lies near it. Where no anchor is given, where the range starts decides.
    One pass, O(n). Releases the GIL.

    Examples
    --------
    >>> vwap([2.0, 4.0], [2.0, 4.0], [2.0, 4.0], [1.0, 3.0])
    array([2. , 3.5])
    """
    lines = check_lines("vwap", high=high, low=low, close=close, volume=volume)
    starts = check_anchor(anchor, lines[0].shape[0], "vwap", default=False)

    def make() -> F64:
        from tapehead.kernels.volumes import anchored

        out = np.empty(lines[0].shape[0])
        anchored(lines[0], lines[1], lines[2], lines[3], starts, out)
        return locked(out)

    return remember("vwap", lines if anchor is None else (*lines, starts), make)


def vwap_rolling(high: ArrayLike, low: ArrayLike, close: ArrayLike, volume: ArrayLike, period: int = 20) -> F64:
    """Typical price of the last `period` bars, each weighed by its volume.

    Parameters
    ----------
    high, low, close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time, this bar included.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN or no volume.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    As `vwap`, over a window instead of since an anchor. Nothing that has left the window bends it. One pass, O(n).
    Releases the GIL.

    Examples
    --------
    >>> vwap_rolling([2.0, 4.0], [2.0, 4.0], [2.0, 4.0], [1.0, 3.0], period=2)
    array([nan, 3.5])
    """
    lines = check_lines("vwap_rolling", high=high, low=low, close=close, volume=volume)
    window = check_period(period, "vwap_rolling")

    def make() -> F64:
        from tapehead.kernels.volumes import typical_in_blocks

        out = np.empty(lines[0].shape[0])
        typical_in_blocks(lines[0], lines[1], lines[2], lines[3], window_in(window, out.shape[0]), out)
        return locked(out)

    return remember(("vwap_rolling", window), lines, make)
