"""Force index."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.passes import exponential_of, moves_of
from tapehead.indicators.values import check_lines, check_period, locked

F64 = NDArray[np.float64]


def force_index(close: ArrayLike, volume: ArrayLike, period: int = 13) -> F64:
    """Exponential average of each bar's change times its volume.

    Parameters
    ----------
    close, volume : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period` values are NaN. In the unit of price times volume.

    Raises
    ------
    ParameterError
        `period` is below 1, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Leading NaN are skipped; a NaN after the first known bar makes all later values NaN. Two passes, O(n). Releases the
    GIL. As TA-Lib EFI. Source: Alexander Elder, Trading for a Living, 1993.

    Examples
    --------
    >>> force_index([1.0, 2.0, 4.0], [5.0, 3.0, 2.0], period=2)
    array([nan, nan, 3.5])
    """
    lines = check_lines("force_index", close=close, volume=volume)
    period = check_period(period, "force_index")

    def make() -> F64:
        return exponential_of(locked(moves_of(lines[0]) * lines[1]), period)

    return remember(("force_index", period), lines, make)
