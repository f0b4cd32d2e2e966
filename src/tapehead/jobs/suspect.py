"""Suspicions: bars that are kept, but look wrong."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

# A wrong unit is a factor of 100 (pence for pounds); prices move meanwhile, so half and double count too.
_LEAST_JUMP = 50.0
_MOST_JUMP = 200.0
_BACK_BARS = 5
_BACK_RATIO = 2.0
_CONSTANT_BARS = 100
_MEDIAN_RATIO = 20.0
_SHOWN = 5


def count_jumps(close: F64) -> int:
    """Count the steps of about 100 times, up or down, that come back within 5 bars.

    Parameters
    ----------
    close : float64 array, shape (n_bars,)
        Finite.

    Returns
    -------
    int
        A step from bar t to t+1 counts when the ratio lies in 50-200 (or its inverse) and one of the bars t+2 … t+6 is
        within half and double of bar t.
    """
    if len(close) <= 2:
        return 0
    before, after = close[:-1], close[1:]
    size = np.maximum(np.abs(before), np.abs(after))
    least = np.minimum(np.abs(before), np.abs(after))
    wild = np.flatnonzero((least > 0) & (size >= _LEAST_JUMP * least) & (size <= _MOST_JUMP * least))
    return sum(1 for place in wild if _comes_back(close, int(place)))


def _comes_back(close: F64, place: int) -> bool:
    """Whether one of the bars after a jump is near the bar before it."""
    back = close[place + 2 : place + 2 + _BACK_BARS] / close[place]
    return bool(np.any((back <= _BACK_RATIO) & (back >= 1 / _BACK_RATIO)))


def longest_constant(columns: Mapping[str, F64]) -> int:
    """Return the longest run of bars (in bars) whose four prices are all one and the same number."""
    close = columns["close"]
    if not len(close):
        return 0
    flat = (columns["high"] == columns["low"]) & (columns["open"] == close) & (columns["high"] == close)
    goes_on = np.concatenate([np.zeros(1, np.bool_), flat[1:] & flat[:-1] & (close[1:] == close[:-1])])
    breaks = np.flatnonzero(~goes_on)
    runs = np.diff(np.append(breaks, len(close)))
    return int(runs.max()) if flat.any() else 0


def is_off_scale(new: F64, held: F64) -> bool:
    """Whether the median close is 20 times above or below what the store holds."""
    theirs, ours = float(np.median(held)), float(np.median(new))
    if theirs <= 0 or ours <= 0:
        return False
    return not 1 / _MEDIAN_RATIO < ours / theirs < _MEDIAN_RATIO


def is_constant(columns: Mapping[str, F64]) -> bool:
    """Whether the price stands still for 100 bars."""
    return longest_constant(columns) >= _CONSTANT_BARS


def sentence(what: str, symbols: Sequence[str]) -> str:
    """Return one sentence for all symbols with the same trouble."""
    shown = ", ".join(symbols[:_SHOWN])
    more = f" and {len(symbols) - _SHOWN} more" if len(symbols) > _SHOWN else ""
    return f"{what}: {shown}{more}"
