"""Joining factors: what the files of an import say of corporate actions, with what is held of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.model.factors import Factors

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]


def factors_of_bars(instrument: str, ts: I64, factor: F64, source: str) -> Factors:
    """Return the steps of a factor that each bar has: a step where it changes.

    Parameters
    ----------
    instrument : str
        `venue:symbol`.
    ts : int64 array, shape (n_bars,)
        Open times (us UTC), strictly rising.
    factor : float64 array, shape (n_bars,)
        Adjusted close over close; positive and finite. It stands as `dividend`: of the two in one figure, `split`
        cannot be told apart.
    source : str
        The file.
    """
    begins = np.concatenate([[True], factor[1:] != factor[:-1]])
    return Factors(instrument, ts[begins], np.ones(int(begins.sum())), factor[begins], source)


def joined(parts: Sequence[Factors]) -> Factors:
    """Return one step function out of several; a later one supersedes an earlier, but for steps that only that has.

    Parameters
    ----------
    parts : sequence of Factors
        Of one instrument, at least one.

    Notes
    -----
    Sources scale their factors to 1 at the newest bar they know, so the steps of whichever ends earlier are scaled to
    meet the other's at its first step.
    """
    found = parts[0]
    for part in parts[1:]:
        if not len(found.ts) or not len(part.ts):
            found = part if len(part.ts) else found
        elif found.ts[-1] > part.ts[-1]:
            found = _extended(part, found)
        else:
            found = _extended(found, part)
    return found


def _extended(old: Factors, new: Factors) -> Factors:
    """Put the steps of `old` that come before those of `new` in front of them."""
    keep = old.ts < new.ts[0]
    if not keep.any():
        return new
    at = int(np.searchsorted(old.ts, new.ts[0], side="right")) - 1
    columns = {}
    for name in ("split", "dividend"):
        theirs, ours = old.columns()[name], new.columns()[name]
        columns[name] = np.concatenate([theirs[keep] * (ours[0] / theirs[at]), ours])
    ts = np.concatenate([old.ts[keep], new.ts])
    return Factors(new.instrument, ts, columns["split"], columns["dividend"], new.source)
