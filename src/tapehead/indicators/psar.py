"""Parabolic stop and reverse."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_between, check_factor, check_lines, locked

F64 = NDArray[np.float64]


class Psar(NamedTuple):
    """The stop, float64, and whether it lies below the price, bool; arrays of shape (n_bars,)."""

    line: F64
    rising: NDArray[np.bool_]


def psar(high: ArrayLike, low: ArrayLike, step: float = 0.02, limit: float = 0.2) -> Psar:
    """Stop that follows a price ever faster, and turns to the other side when it is touched.

    Parameters
    ----------
    high, low : float64 arrays, shape (n_bars,)
        Oldest first; not modified.
    step : float, at least 0
        Share of the way to the extreme, and what each new extreme adds to it.
    limit : float, 0 to 1
        The share is never more.

    Returns
    -------
    Psar
        `line`, and `rising`, true where it lies below, read-only. The first value of `line` is NaN, of `rising` false.

    Raises
    ------
    ParameterError
        A parameter is out of bounds, a line is not one line of numbers, or their lengths differ.

    Notes
    -----
    Begun as TA-Lib does: the first move of high and low decides the side. Touching it turns; on that bar the line is
    the extreme of the side before. Leading NaN are skipped; a NaN after the first known bar makes all later values NaN.
    One pass, O(n). Releases the GIL. As TA-Lib SAR. Source: J. Welles Wilder, New Concepts in Technical Trading
    Systems, 1978, section II.

    Examples
    --------
    >>> psar([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]).line
    array([ nan, 1.  , 1.04])
    """
    lines = check_lines("psar", high=high, low=low)
    step = check_factor(step, "psar", "step")
    limit = check_between(limit, "psar", "limit", 0, 1)

    def make() -> Psar:
        from tapehead.kernels.turns import parabolic

        n = lines[0].shape[0]
        line, rising = np.empty(n), np.empty(n, np.bool_)
        parabolic(lines[0], lines[1], step, limit, line, rising)
        rising.flags.writeable = False
        return Psar(locked(line), rising)

    return remember(("psar", step, limit), lines, make)
