"""Overfitting: how often the best set of one half of the time is no better than the middle in the other half.

Source: D. H. Bailey, J. Borwein, M. Lopez de Prado, Q. J. Zhu, The Probability of Backtest Overfitting, Journal of
Computational Finance 20 (4), 2017: combinatorially symmetric cross-validation (CSCV).
"""

import itertools
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.model.bars import F64, I64

_CELLS: Final = 200_000
"""Sharpe ratios worked on at a time, so that they stay in a processor's own memory."""
_MOST: Final = 20_000 * 6_435
"""Sets times pairs of halves that are looked at."""
_SEED: Final = 7
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
        Ways to halve the blocks that were looked at.
    """

    pbo: float | None
    median_logit: float | None
    loss: float | None
    splits: int
    why: str = ""

    def to_json(self) -> dict[str, float | int | str | None]:
        """Return plain values; `why` only where they are undefined."""
        told = {"pbo": self.pbo, "median_logit": self.median_logit, "loss": self.loss, "splits": self.splits}
        return told | ({"why": self.why} if self.why else {})


def overfitting_steps(observations: F64, totals: F64, squares: F64) -> Generator[tuple[int, int], None, Overfitting]:
    """Work out the probability of backtest overfitting of a sweep, yield how many splits of how many are done.

    Parameters
    ----------
    observations : float64 array, shape (n_blocks,)
        Bar returns of a set in each block, of all instruments together: the same bars for every set.
    totals, squares : float64 array, shape (n_sets, n_blocks)
        Sums of these returns and of their squares; finite.

    Raises
    ------
    ParameterError
        The number of blocks is not even.

    Notes
    -----
    In each half a set's Sharpe ratio is mean over deviation of its returns there, 0 for one that stands still. Of sets
    that are equally good the lower number is picked. There are n_blocks choose n_blocks/2 splits, 12,870 of 16 blocks;
    of more than 20,000 sets as many of them, drawn with a fixed seed, as keep the work what it is for 20,000: 2 to 5 s.
    Memory: 20 MB beyond the arguments, whose transposes should be contiguous.
    """
    n_sets, n_blocks = totals.shape
    if n_blocks % 2 or n_blocks == 0:
        raise ParameterError(name="blocks", value=n_blocks, bound="an even number, so that they can be halved")
    halves = math.comb(n_blocks, n_blocks // 2) // 2
    pairs = min(halves, max(_MOST // max(n_sets, 1), 1))
    why = "one_set" if n_sets < 2 else "too_short" if np.sort(observations)[: n_blocks // 2].sum() < 2 else ""
    if why:
        return Overfitting(None, None, None, 0, why)
    sums = np.ascontiguousarray(totals.T), np.ascontiguousarray(squares.T)
    ranks, losses = [], 0
    for inside in _halves(n_blocks, _drawn(halves, pairs), max(_CELLS // n_sets, 1)):
        one, other = (_scores(half, *sums) for half in (inside, 1.0 - inside))
        for chosen_by, seen in ((one, other), (other, one)):
            rank, lost = _ranks(chosen_by, seen)
            ranks.append(rank)
            losses += lost
        yield sum(map(len, ranks)), 2 * pairs
    share = np.concatenate(ranks) / (n_sets + 1.0)
    logits = np.log(share / (1.0 - share))
    return Overfitting(float((share <= 0.5).mean()), float(np.median(logits)), losses / len(share), len(share))


def _drawn(halves: int, pairs: int) -> Iterator[bool]:
    """Say of each of the halves that hold block 0 whether it is looked at; `pairs` of them are."""
    chosen = np.zeros(halves, np.bool_)
    chosen[np.random.default_rng(_SEED).choice(halves, pairs, replace=False)] = True
    return iter(chosen.tolist())


def _halves(n_blocks: int, drawn: Iterator[bool], step: int) -> Iterator[F64]:
    """Yield halves that hold block 0, shape (at most step, n_blocks), 1 inside; the others are what they leave."""
    every = itertools.combinations(range(1, n_blocks), n_blocks // 2 - 1)
    rest = itertools.compress(every, drawn)
    while chosen := list(itertools.islice(rest, step)):
        inside = np.zeros((len(chosen), n_blocks))
        inside[:, 0] = 1.0
        inside[np.arange(len(chosen))[:, None], np.array(chosen, np.int64).reshape(len(chosen), -1)] = 1.0
        yield inside


def _scores(inside: F64, totals: F64, squares: F64) -> F64:
    """Return what orders the sets of each half as their Sharpe ratios do, shape (n_halves, n_sets).

    It is S1/sqrt(S2), which is y sqrt(n) with the Sharpe ratio y/sqrt(1 - y^2), rising with y. This way no digit is
    lost in a difference, and half of the passes over memory are saved.
    """
    below = inside @ squares
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
