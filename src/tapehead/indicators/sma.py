"""Simple moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import in_use, remember
from tapehead.indicators.scaling import scaled_line, summable
from tapehead.indicators.values import check_period, check_values, locked

F64 = NDArray[np.float64]


def sma(values: ArrayLike, period: int = 20) -> F64:
    """Arithmetic mean of the last `period` values.

    Parameters
    ----------
    values : float64 array, shape (n_bars,)
        Oldest first; not modified.
    period : int, at least 1
        Window in bars, not in time.

    Returns
    -------
    float64 array, shape (n_bars,), read-only
        The first `period - 1` values are NaN, and every window that holds a NaN.

    Raises
    ------
    ParameterError
        `period` is below 1, or `values` is not one line of numbers.

    Notes
    -----
    Prices of at most 10 decimals are summed as integers, so that a mean does not depend on where the range began. It is
    the correctly rounded quotient while the sum stays within 2^53, and at most one unit in the last place off beyond.
    From the first value on that has more decimals, or makes a sum too large, values are summed in blocks of `period`
    about a bar that the window holds: no sum gives a bar back, so what has left the window bends nothing. The means
    before it stay what they were, so that no later value changes an earlier one. One pass, O(n). Releases the GIL.
    Agrees with TA-Lib SMA to 1e-12.

    Examples
    --------
    >>> sma([1.0, 2.0, 3.0, 4.0], period=3)
    array([nan, nan,  2.,  3.])
    """
    line, window = check_values(values, "sma"), check_period(period, "sma")

    def make() -> F64:
        out = np.empty(line.shape[0])
        mean_into(line, window, out)
        return locked(out)

    return remember(("sma", window), (line,), make)


def mean_into(line: F64, period: int, out: F64) -> None:
    """Write the mean of each window into `out`, exactly as far as prices allow it.

    Where a memo is in use the integers that other windows of the line want too are made first, and kept.
    """
    from tapehead.kernels import windows

    if not in_use() and windows.mean_at_once(line, period, out):
        return
    found = summable(line, scaled_line(line), period, windows.SUM_LIMIT, period)
    bars = found.integers.shape[0]
    if bars < max(period, line.shape[0]):
        windows.mean_in_blocks(line, period, out)
    if bars >= period:
        windows.mean_of_integers(found.integers, period, period * found.power, out[:bars])
