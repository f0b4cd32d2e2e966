"""draw: sets of a space at random, none twice, however large the space is."""

from typing import Final

import numpy as np

from tapehead.errors import ParameterError
from tapehead.jobs.search.searcher import I64
from tapehead.model.grid import MOST_LOOKED_AT, nothing_left
from tapehead.model.space import Space

MOST_TRIES: Final = 4_000_000
"""Draws from a space too large to be looked at whole, until enough of them meet its constraint."""
_CHUNK: Final = 1_000_000


def draw(space: Space, count: int, seed: int) -> I64:
    """Return points that the space's constraint keeps, each as likely as any other and none twice.

    Parameters
    ----------
    space : Space
        Of up to 16,000,000 points it looks at each, so that it finds the few that a strict constraint keeps; of more
        it draws up to 4,000,000 times.
    count : int
        At most as many; fewer where fewer are kept.
    seed : int, at least 0
        The same seed gives the same points, on any machine: only raw bits of PCG64 are used, which NumPy keeps.

    Returns
    -------
    int64 array, shape (n_points,)
        In the order they were drawn.

    Raises
    ------
    ParameterError
        The constraint keeps nothing, or too little of a large space.
    """
    bits = np.random.PCG64(seed)
    if space.size <= MOST_LOOKED_AT:
        return _lots(space, count, bits)
    found = np.empty(0, np.int64)
    tries = 0
    while found.shape[0] < count and tries < MOST_TRIES:
        # As many again as so far: few where most are kept, and few steps where hardly any is.
        drawn = _below(space.size, min(_CHUNK, max(2 * count, 1_000, tries)), bits)
        tries += drawn.shape[0]
        found = _first_of_each(np.concatenate([found, drawn[space.keeps(drawn)]]))
    if not found.shape[0]:
        raise nothing_left(space, f"all of {tries:,} sets drawn from the {space.size:,} of the grid")
    if found.shape[0] < count:
        kept = found.shape[0]
        said = f"{kept:,} of {tries:,} sets drawn meet '{space.where.text if space.where else ''}'"
        raise ParameterError(name="budget", value=count, bound=f"{kept} or less, since {said}: --budget {kept}")
    return found[:count]


def _lots(space: Space, count: int, bits: np.random.PCG64) -> I64:
    """Give every point a lot and return the kept ones with the lowest lots, in their order."""
    points, lots = np.empty(0, np.int64), np.empty(0, np.uint64)
    for lo in range(0, space.size, _CHUNK):
        more, drawn = np.arange(lo, min(lo + _CHUNK, space.size)), bits.random_raw(min(_CHUNK, space.size - lo))
        if lots.shape[0] == count:
            low = drawn < lots[-1]
            more, drawn = more[low], drawn[low]
        kept = space.keeps(more)
        points, lots = np.concatenate([points, more[kept]]), np.concatenate([lots, drawn[kept]])
        best = np.argsort(lots, kind="stable")[:count]
        points, lots = points[best], lots[best]
    if not points.shape[0]:
        raise nothing_left(space, f"all {space.size:,} sets of the grid")
    return points


def _below(size: int, count: int, bits: np.random.PCG64) -> I64:
    """Return numbers in [0, size), each as likely as any other; about `count` of them."""
    mask = np.uint64((1 << (size - 1).bit_length()) - 1)
    drawn = (bits.random_raw(count) & mask).astype(np.int64)
    return drawn[drawn < size]


def _first_of_each(points: I64) -> I64:
    """Return points in their order, each where it came first."""
    return points[np.sort(np.unique(points, return_index=True)[1])]
