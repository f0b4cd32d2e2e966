"""outline: the few points of a long line that keep every extreme of it."""

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import AFTER_HOLE
from tapehead.model.bars import F64, I64, U8


def outline(values: F64, points: int) -> I64:
    """Return the places of at most `points` values that draw the same line: the outer ones, and extremes between.

    Parameters
    ----------
    values : float64 array, shape (n,)
        Without NaN.
    points : int, at least 1

    Returns
    -------
    int64 array
        Rising places. All of them where they are few enough; else the first and the last value, and of each of
        (`points` - 2) // 2 runs of neighbours, as equal in length as can be, the first lowest and the first highest.
        One point is the last value alone.
    """
    n = len(values)
    if n <= points:
        return np.arange(n, dtype=np.int64)
    if points == 1:
        return np.array([n - 1], np.int64)
    runs = (points - 2) // 2
    kept: list[NDArray[np.int64]] = [np.array([0, n - 1], np.int64)]
    if runs:
        starts = np.arange(runs, dtype=np.int64) * n // runs
        run = np.repeat(np.arange(runs), np.diff(np.append(starts, n)))
        for extreme in (np.minimum, np.maximum):
            hit = np.flatnonzero(values == extreme.reduceat(values, starts)[run])
            kept.append(hit[np.unique(run[hit], return_index=True)[1]].astype(np.int64))
    return np.unique(np.concatenate(kept))


def holes_kept(flags: U8, places: I64) -> U8:
    """Return the flags at `places`, with `after_hole` where a hole lies between a place and the one before it."""
    out = flags[places].copy()
    holes = np.cumsum(flags & AFTER_HOLE != 0)
    passed = np.diff(holes[places], prepend=0) > 0
    out[passed] |= AFTER_HOLE
    return out
