"""Surface: what the sets of a sweep are worth over all instruments, and where on the grid that is no accident."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import F64, I64

_QUARTILES: Final = (0.25, 0.5, 0.75)
_CELLS: Final = 1_000_000
"""Values of neighbours sorted at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What sets are worth over instruments, each array of shape (n_sets,).

    Attributes
    ----------
    median, lower, upper : float64 array
        Median and quartiles (linear between neighbours) of the objective over the instruments that have it; NaN where
        none has.
    above_zero : float64 array
        Share of instruments with a total return above 0, of those that have one; NaN where none has.
    above_holding : float64 array
        Share of instruments with a total return above that of buying and holding, of those that have both; NaN where
        none has.
    count : int64 array
        Instruments that have the objective.
    scored : int64 array
        Instruments that have a total return: those it was tried on.
    """

    median: F64
    lower: F64
    upper: F64
    above_zero: F64
    above_holding: F64
    count: I64
    scored: I64


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What a sweep found, set by set, and the sets to look at; a greater objective is a better one.

    Sets are compared that were tried on as many instruments as any: the median of a set that a race left after three
    says nothing beside one over all. The others have their rows, and no part in what follows.

    Attributes
    ----------
    rows : Rows
        Of every set, by its number.
    neighbourhood : float64 array, shape (n_sets,)
        Median of `rows.median` over the set and its compared neighbours on the grid; NaN where it is not compared.
    best : int or None
        Set of the greatest median; the lower number of equal ones. None where no set has one.
    best_robust : int or None
        The same of `neighbourhood`.
    plateau : int64 array
        Numbers, rising, of the sets around `best_robust` that are nearly as good: those that can be reached from it
        from neighbour to neighbour, each with a `neighbourhood` of at least h - (h - m)/4; h is that of `best_robust`,
        m the median of all.
    """

    rows: Rows
    neighbourhood: F64
    best: int | None
    best_robust: int | None
    plateau: I64


def over_instruments(objective: F64, total_return: F64, holding: F64) -> Rows:
    """Return what a block of sets is worth over all instruments.

    Parameters
    ----------
    objective, total_return : float64 array, shape (n_sets, n_instruments)
        NaN where undefined or not there yet; an infinite value counts as undefined.
    holding : float64 array, shape (n_instruments,)
        Return of buying and holding; NaN where undefined.
    """
    known = np.isfinite(objective)
    count = known.sum(axis=1).astype(np.int64)
    ordered = np.sort(np.where(known, objective, np.nan), axis=1)
    lower, middle, upper = (_quantile(ordered, count, share) for share in _QUARTILES)
    there = np.isfinite(total_return)
    beside = there & np.isfinite(holding)
    returned = there.sum(axis=1).astype(np.int64)
    with np.errstate(invalid="ignore"):
        above = ((total_return > 0.0) & there).sum(axis=1) / returned
        beaten = ((total_return > holding) & beside).sum(axis=1) / beside.sum(axis=1)
    return Rows(middle, lower, upper, above, beaten, count, returned)


def surface(rows: Iterable[Rows], indptr: I64, indices: I64) -> Surface:
    """Return the surface of a sweep.

    Parameters
    ----------
    rows : iterable of Rows
        Of all sets, block after block in the order of their numbers.
    indptr, indices : int64 array, shape (n_sets + 1,), (n_pairs,)
        Neighbours on the grid: those of set s are indices[indptr[s]:indptr[s + 1]], s not among them; whoever is a
        neighbour has the other as one too.
    """
    blocks = list(rows)
    names = [each.name for each in fields(Rows)]
    whole = Rows(*(np.concatenate([getattr(one, name) for one in blocks]) for name in names)) if blocks else _nothing()
    compared = np.where(whole.scored == whole.scored.max(initial=0), whole.median, np.nan)
    around = _neighbourhood(compared, indptr, indices)
    robust = _highest(around)
    return Surface(whole, around, _highest(compared), robust, _plateau(around, robust, indptr, indices))


def _nothing() -> Rows:
    """Return the rows of no set."""
    none = np.empty(0)
    nobody = np.empty(0, np.int64)
    return Rows(none, none, none, none, none, nobody, nobody)


def _quantile(ordered: F64, count: I64, share: float) -> F64:
    """Return the value with `share` of the first `count` of each rising row below it; NaN where there is none."""
    if not ordered.shape[1]:
        return np.full(len(ordered), np.nan)
    place = share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    row = np.arange(len(ordered))
    first, second = ordered[row, low], ordered[row, high]
    found: F64 = first + (second - first) * (place - low)
    return found


def _highest(values: F64) -> int | None:
    """Return the first place of the greatest value, NaN left out."""
    if not np.isfinite(values).any():
        return None
    return int(np.nanargmax(values))


def _neighbourhood(medians: F64, indptr: I64, indices: I64) -> F64:
    """Return the median over each set and its neighbours."""
    found = np.full(len(medians), np.nan)
    sizes = np.diff(indptr) + 1
    lo = 0
    while lo < len(medians):
        hi = max(int(np.searchsorted(indptr, indptr[lo] + _CELLS, "right")) - 1, lo + 1)
        size = sizes[lo:hi]
        # Rows of one width, filled up with NaN, sort in one call.
        table = np.full((hi - lo, int(size.max())), np.nan)
        table[:, 0] = medians[lo:hi]
        row = np.repeat(np.arange(hi - lo), size - 1)
        column = np.arange(len(row)) - np.repeat(indptr[lo:hi] - indptr[lo], size - 1) + 1
        table[row, column] = medians[indices[indptr[lo] : indptr[hi]]]
        count = np.isfinite(table).sum(axis=1).astype(np.int64)
        found[lo:hi] = np.where(np.isfinite(medians[lo:hi]), _quantile(np.sort(table, axis=1), count, 0.5), np.nan)
        lo = hi
    return found


def _plateau(around: F64, robust: int | None, indptr: I64, indices: I64) -> I64:
    """Return the sets connected with the best robust one that are within a quarter of its lead."""
    if robust is None:
        return np.empty(0, np.int64)
    top = around[robust]
    least = top - (top - np.nanmedian(around)) / 4.0
    # A comparison with NaN is false.
    open_to: NDArray[np.bool_] = around >= least
    reached = np.zeros(len(around), np.bool_)
    edge = np.array([robust], np.int64)
    while len(edge):
        reached[edge] = True
        size = indptr[edge + 1] - indptr[edge]
        steps = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
        around_edge = indices[np.repeat(indptr[edge], size) + steps]
        edge = np.unique(around_edge[open_to[around_edge] & ~reached[around_edge]])
    return np.flatnonzero(reached)
