"""Simple moving average."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tapehead.indicators.memo import remember
from tapehead.indicators.values import check_period, check_values, locked
from tapehead.kernels import windows
from tapehead.kernels.jit import readonly

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
    From the first value on that has more decimals, or makes a sum too large, a running sum takes its place that starts
    anew every 4,096 bars; the means before it stay what they were, so that no later value changes an earlier one. One
    pass, O(n). Releases the GIL. Agrees with TA-Lib SMA to 1e-12.

    Examples
    --------
    >>> sma([1.0, 2.0, 3.0, 4.0], period=3)
    array([nan, nan,  2.,  3.])
    """
    line, window = check_values(values, "sma"), check_period(period, "sma")
    return remember(("sma", window), (line,), lambda: _sma(line, window))


def _sma(line: F64, period: int) -> F64:
    """Compute the average on the exact path as far as prices allow it."""
    out = np.empty(line.shape[0])
    integers, divisor, largest = remember("scaled", (line,), lambda: _scaled(line))
    if integers is not None and _is_exact(period, divisor, largest):
        windows.mean_of_integers(integers, period, period * divisor, out)
        return locked(out)
    windows.mean_restarted(line, period, out)
    bars = _exact_bars(line, period)
    if bars >= period:
        integers, divisor, _ = _scaled(line[:bars])
        if integers is not None:
            windows.mean_of_integers(integers, period, period * divisor, out[:bars])
    return locked(out)


def _scaled(line: F64) -> tuple[NDArray[np.int64] | None, float, float]:
    """Return the values as integers, the power of ten they were scaled by, and their largest magnitude."""
    k = windows.decimals(line)
    if k < 0:
        return None, 0.0, 0.0
    integers = np.empty(line.shape[0], np.int64)
    largest = windows.scaled(line, k, integers)
    return readonly(integers), 10.0**k, largest


def _is_exact(period: int, divisor: float, largest: float) -> bool:
    """Say whether sums stay within int64 and the divisor is exact as float64."""
    return period * largest <= windows.SUM_LIMIT and period * divisor <= windows.EXACT_LIMIT


def _exact_bars(line: F64, period: int) -> int:
    """Return how many values from the first on can be summed exactly; doubling, then halving, finds the border.

    One more value needs the same decimals or more and is no smaller than the largest: what is not exact stays so.
    """

    def exact(bars: int) -> bool:
        integers, divisor, largest = _scaled(line[:bars])
        return integers is not None and _is_exact(period, divisor, largest)

    rows = int(line.shape[0])
    low, high = 0, min(period, rows)
    while exact(high):
        if high == rows:
            return high
        low, high = high, min(2 * high, rows)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if exact(middle) else (low, middle)
    return low
