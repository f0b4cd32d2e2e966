"""Deflated: how likely a Sharpe ratio is above the one that luck alone finds as the best of so many trials.

Source: D. H. Bailey, M. Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (5), 2014, p. 94.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from tapehead.metrics.definitions import ZERO_VOLATILITY, Value
from tapehead.model.bars import F64, U8

REASONS: Final = ("", "too_short", "zero_volatility", "too_steady", "not_finite")
"""Why a value is undefined, by code; the first of a defined one."""
STEADY: Final = 1e-3
"""Below this share of the squares the variance has lost too many digits in sums for its third and fourth power."""
_EULER: Final = 0.5772156649015329


class Shapes(NamedTuple):
    """Bar returns of many trials, each array of shape (n_trials,); NaN where undefined, with its code in REASONS.

    `sharpe` is mean over deviation (ddof 1) of one bar, not annual; `skew` is g1, `kurtosis` is 3 for a normal law.
    """

    observations: F64
    sharpe: F64
    skew: F64
    kurtosis: F64
    codes: U8


class Luck(NamedTuple):
    """The trials that a Sharpe ratio is held against.

    Attributes
    ----------
    trials : int
        All that were counted.
    effective : float
        How many independent ones those with a Sharpe ratio are worth.
    variance : float or None
        Of their Sharpe ratios of one bar (ddof 1); None below two.
    highest : float
        Sharpe ratio of one bar that the best of them has by luck alone, on average; 0 where there was no choice.
    """

    trials: int
    effective: float
    variance: float | None
    highest: float


class Batch(NamedTuple):
    """Trials whose bars are the same.

    Attributes
    ----------
    span : hashable
        Names the bars: blocks of trials of one span lie over each other.
    observations : float64 array, shape (n_trials,)
        Bar returns of each.
    blocks : float64 array, shape (n_trials, n_blocks, 4)
        Sums of r to r^4 over equal blocks of the bars.
    """

    span: Hashable
    observations: F64
    blocks: F64


def shapes(observations: F64, sums: F64) -> Shapes:
    """Return Sharpe ratio, skew and kurtosis of bar returns from their sums of powers.

    Parameters
    ----------
    observations : float64 array, shape (n_trials,)
        Bar returns of each trial.
    sums : float64 array, shape (n_trials, 4)
        Sums of r, r^2, r^3, r^4.

    Returns
    -------
    Shapes
        `too_short` below two returns; `zero_volatility` where nothing moves; `too_steady` where the variance is less
        than a thousandth of the mean square, so that sums no longer tell skew and kurtosis.
    """
    n = np.asarray(observations, np.float64)
    with np.errstate(all="ignore"):
        mean, second, third, fourth = (np.asarray(sums, np.float64) / n[:, None]).T
        m2 = np.maximum(second - mean * mean, 0.0)
        m3 = third - 3.0 * mean * second + 2.0 * mean**3
        m4 = fourth - 4.0 * mean * third + 6.0 * mean * mean * second - 3.0 * mean**4
        deviation = np.sqrt(m2 * n / (n - 1.0))
        found = (mean / deviation, m3 / m2**1.5, m4 / (m2 * m2))
        still = (deviation < ZERO_VOLATILITY * (1.0 + np.abs(mean))) | (second == 0.0)
        steady = m2 < STEADY * second
    unknown = ~np.isfinite(np.stack(found)).all(axis=0)
    codes = np.select([n < 2, still, steady, unknown], [1, 2, 3, 4], 0).astype(np.uint8)
    sharpe, skew, kurtosis = (np.where(codes == 0, values, np.nan) for values in found)
    return Shapes(n, sharpe, skew, kurtosis, codes)


def probabilistic_sharpes(found: Shapes, against: float = 0.0) -> tuple[F64, U8]:
    """Return the probability that each true Sharpe ratio is above `against`, and the code in REASONS of each NaN.

    Parameters
    ----------
    found : Shapes
    against : float
        Sharpe ratio of one bar.
    """
    sharpe = found.sharpe
    with np.errstate(all="ignore"):
        spread = 1.0 - found.skew * sharpe + (found.kurtosis - 1.0) / 4.0 * sharpe * sharpe
        scores = (sharpe - against) * np.sqrt(found.observations - 1.0) / np.sqrt(spread)
    # The spread is 0 only for returns of two values, one of which makes up for the other exactly.
    lost = (found.codes == 0) & ~((spread > 1e-12) & np.isfinite(scores))
    codes = np.where(lost, 4, found.codes).astype(np.uint8)
    # NumPy has no error function; the standard library's keeps the digits of both tails.
    known = [0.5 * math.erfc(-score / math.sqrt(2.0)) for score in scores[codes == 0].tolist()]
    values = np.full(sharpe.shape, np.nan)
    values[codes == 0] = known
    return values, codes


def deflated_sharpes(found: Shapes, luck: Luck) -> tuple[F64, U8]:
    """Return the deflated Sharpe ratio of each, a probability, and the code in REASONS of each NaN."""
    return probabilistic_sharpes(found, luck.highest)


def sharpe_deflated(observations: int, sums: Sequence[float] | F64, luck: Luck) -> Value:
    """Return the deflated Sharpe ratio of one trial; `sums` are those of r to r^4 over all its bars."""
    one = shapes(np.array([observations], np.float64), np.array([sums], np.float64))
    values, codes = deflated_sharpes(one, luck)
    return (None, REASONS[codes[0]]) if codes[0] else (float(values[0]), "")


def median_defined(values: Iterable[float | None]) -> Value:
    """Return the median of those that are defined, as a set's deflated Sharpe ratio is that of its instruments."""
    known = [value for value in values if value is not None and not math.isnan(value)]
    return (float(np.median(known)), "") if known else (None, "no_instrument")


def luck_of(batches: Iterable[Batch]) -> Luck:
    """Return what the best of these trials of one instrument and interval has by luck alone.

    Notes
    -----
    Trials without a Sharpe ratio are counted, but none of them could have been the best. Trials of different spans
    count as independent. Memory: 8 bytes a trial, and a batch.
    """
    trials, sharpes, spans = 0, [np.empty(0)], dict[Hashable, Alike]()
    for batch in batches:
        found = shapes(batch.observations, batch.blocks.sum(axis=1))
        able = found.codes == 0
        trials += len(able)
        sharpes.append(found.sharpe[able])
        spans[batch.span] = spans.get(batch.span, Alike()).joined(batch.blocks[able, :, 0])
    known = np.concatenate(sharpes)
    variance = float(np.var(known, ddof=1)) if len(known) > 1 else None
    effective = math.fsum(alike.worth() for alike in spans.values())
    return Luck(trials, effective, variance, highest_by_luck(variance, effective))


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """How alike trials of one span are, in sums that grow with them: how many, and the sum of their standardised rows.

    Notes
    -----
    The correlations of all pairs add up to the square of the sum of the standardised rows, so that no pair is looked
    at: O(n_trials * n_blocks).
    """

    trials: int = 0
    moving: int = 0
    total: F64 | float = 0.0

    def joined(self, blocks: F64) -> "Alike":
        """Return it with the trials of `blocks`, float64 array of shape (n_trials, n_blocks): return of each block.

        A trial whose blocks are all equal has no correlation; 0 is taken.
        """
        if not len(blocks):
            return self
        away = blocks - blocks.mean(axis=1, keepdims=True)
        length = np.sqrt((away * away).sum(axis=1))
        moves = length > ZERO_VOLATILITY * np.abs(blocks).max(axis=1)
        total = (away[moves] / length[moves, None]).sum(axis=0)
        return Alike(self.trials + len(blocks), self.moving + int(moves.sum()), self.total + total)

    def worth(self) -> float:
        """Return how many independent trials these are worth: rho + (1 - rho)n, rho the mean correlation of all pairs.

        Where that is negative, rho is 0. Source: Bailey and Lopez de Prado (2014), appendix A.3.
        """
        n = self.trials
        if n < 2:
            return float(n)
        pairs = float(np.dot(self.total, self.total)) - self.moving
        rho = min(max(pairs / (n * (n - 1.0)), 0.0), 1.0)
        return rho + (1.0 - rho) * n


def highest_by_luck(variance: float | None, trials: float) -> float:
    """Return the Sharpe ratio that the best of independent trials without any skill has on average.

    Parameters
    ----------
    variance : float or None
        Of the Sharpe ratios of the trials, of one bar. None, of fewer than two, gives 0.
    trials : float
        How many; below about 1.3, where the formula turns negative, it gives 0.
    """
    if variance is None or trials <= 1.0:
        return 0.0
    # Here: it loads fractions and decimals, which a run that counts its trials does without.
    from statistics import NormalDist

    place = NormalDist().inv_cdf
    first, second = place(1.0 - 1.0 / trials), place(1.0 - 1.0 / (trials * math.e))
    return max(math.sqrt(variance) * ((1.0 - _EULER) * first + _EULER * second), 0.0)
