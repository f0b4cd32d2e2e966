"""Overfitting: how often the best set of one half of the time is no better than the middle in the other half.

Source: D. H. Bailey, J. Borwein, M. Lopez de Prado, Q. J. Zhu, The Probability of Backtest Overfitting, Journal of
Computational Finance 20 (4), 2017: combinatorially symmetric cross-validation (CSCV).
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.model.bars import F64, I64

_CELLS: Final = 200_000
"""Sharpe ratios worked on at a time, so that they stay in a processor's own memory."""
_LEAST: Final = 1e-300
"""In place of squares of 0, over which a total of 0 stays 0."""


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What cross-validation says of choosing the best set.

    Attributes
    ----------
    pbo : float or None
        Share of splits in which the set that is best in one half is at or below the middle of all sets in the other:
        logit <= 0. None where undefined, for the reason in `why`: `one_set`, `too_short`.
    median_logit : float or None
        Over the splits; logit is ln(w/(1 - w)), w = rank/(n_sets + 1) with rank 1 for the worst. Sets of one Sharpe
        ratio share the mean of their ranks.
    loss : float or None
        Share of splits in which that set loses money in the other half.
    splits : int
        Ways to halve the blocks.
    """

    pbo: float | None
    median_logit: float | None
    loss: float | None
    splits: int
    why: str = ""


def overfitting(observations: F64, totals: F64, squares: F64) -> Overfitting:
    """Return the probability of backtest overfitting of a sweep.

    Parameters
    ----------
    observations : float64 array, shape (n_sets, n_blocks) or (n_blocks,)
        Bar returns in each block, of all instruments together; one row where all sets have as many.
    totals, squares : float64 array, shape (n_sets, n_blocks)
        Sums of these returns and of their squares; finite.

    Raises
    ------
    ParameterError
        The number of blocks is not even.

    Notes
    -----
    In each half a set's Sharpe ratio is mean over deviation (ddof 0) of its returns there, 0 for a set that stands
    still. Of sets that are equally good the lower number is picked. n_blocks choose n_blocks/2 splits: 12,870 of 16
    blocks. Time is proportional to n_sets, memory beyond the arguments does not grow with it above 20 MB.
    """
    n_sets, n_blocks = totals.shape
    if n_blocks % 2 or n_blocks == 0:
        raise ParameterError(name="blocks", value=n_blocks, bound="an even number, so that they can be halved")
    splits = math.comb(n_blocks, n_blocks // 2)
    counts = np.broadcast_to(np.asarray(observations, np.float64), totals.shape)
    why = "one_set" if n_sets < 2 else "too_short" if _fewest(counts) < 2 else ""
    if why:
        return Overfitting(None, None, None, splits, why)
    # Where all sets have as many returns, their number orders nothing.
    counted = () if bool((counts == counts[0]).all()) else (np.ascontiguousarray(counts.T),)
    sums = (np.ascontiguousarray(totals.T), np.ascontiguousarray(squares.T), *counted)
    ranks, losses = [], 0
    for inside in _halves(n_blocks, max(_CELLS // n_sets, 1)):
        one, other = (_scores(half, *sums) for half in (inside, 1.0 - inside))
        for chosen_by, seen in ((one, other), (other, one)):
            rank, lost = _ranks(chosen_by, seen)
            ranks.append(rank)
            losses += lost
    share = np.concatenate(ranks) / (n_sets + 1.0)
    logits = np.log(share / (1.0 - share))
    return Overfitting(float((share <= 0.5).mean()), float(np.median(logits)), losses / splits, splits)


def _fewest(counts: F64) -> float:
    """Return the returns in the half of the blocks that has the fewest."""
    half = counts.shape[1] // 2
    return float(np.sort(counts, axis=1)[:, :half].sum(axis=1).min())


def _halves(n_blocks: int, step: int) -> Iterator[F64]:
    """Yield halves that hold block 0, shape (at most step, n_blocks), 1 inside; the others are what they leave."""
    rest = itertools.combinations(range(1, n_blocks), n_blocks // 2 - 1)
    while chosen := list(itertools.islice(rest, step)):
        inside = np.zeros((len(chosen), n_blocks))
        inside[:, 0] = 1.0
        inside[np.arange(len(chosen))[:, None], np.array(chosen, np.int64).reshape(len(chosen), -1)] = 1.0
        yield inside


def _scores(inside: F64, totals: F64, squares: F64, counts: F64 | None = None) -> F64:
    """Return what orders the sets of each half as their Sharpe ratios do, shape (n_halves, n_sets).

    It is y = S1/sqrt(n S2): the Sharpe ratio is y/sqrt(1 - y^2), which rises with y. This way no digit is lost in a
    difference, and half of the passes over memory are saved.
    """
    below = inside @ squares
    if counts is not None:
        below *= inside @ counts
    np.sqrt(np.maximum(below, _LEAST, out=below), out=below)
    found: F64 = np.matmul(inside, totals)
    found /= below
    return found


def _ranks(chosen_by: F64, seen: F64) -> tuple[F64, int]:
    """Return the rank in one half of the set that is best in the other, and how many of them lose."""
    best: NDArray[np.intp] = np.argmax(chosen_by, axis=1)
    value = np.take_along_axis(seen, best[:, None], axis=1)
    below: I64 = np.count_nonzero(seen < value, axis=1)
    equal: I64 = np.count_nonzero(seen == value, axis=1)
    return below + (equal + 1.0) / 2.0, int(np.count_nonzero(value < 0.0))
