"""The deflated Sharpe ratio against a published example, and against arithmetic that shares nothing with it."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest

from tapehead.metrics.deflated import (
    REASONS,
    Alike,
    Batch,
    Luck,
    Shapes,
    deflated_sharpes,
    highest_by_luck,
    luck_of,
    median_defined,
    probabilistic_sharpes,
    shapes,
    sharpe_deflated,
)

NO_LUCK = Luck(1, 1.0, None, 0.0)
RETURNS = [Fraction(k, 100) for k in (3, -1, 2, 2, -2, 5, 0, -4, 1, 1, 3, -3)]


def sums_of(returns: list[Fraction]) -> list[float]:
    return [float(sum(r**power for r in returns)) for power in range(1, 5)]


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def normal(x: Decimal) -> Decimal:
    """The normal distribution by the series of its integral: x - x^3/6 + x^5/40 - ..."""
    term, total, n = x, x, 0
    while abs(term) > Decimal("1e-45"):
        n += 1
        term *= -x * x / (2 * n)
        total += term / (2 * n + 1)
    pi = Decimal("3.14159265358979323846264338327950288419716939937510582")
    return Decimal("0.5") + total / (2 * pi).sqrt()


def normal_place(share: Decimal) -> Decimal:
    """Where the normal distribution reaches `share`, by halving."""
    low, high = Decimal(-9), Decimal(9)
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if normal(middle) < share else (low, middle)
    return low


def published(sharpe: float, days: int, skew: float, kurtosis: float) -> Shapes:
    """A daily strategy by its Sharpe ratio a year of 250 days."""
    one = (np.array([value]) for value in (days, sharpe / math.sqrt(250), skew, kurtosis))
    return Shapes(*one, np.zeros(1, np.uint8))


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "deflated"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_published_example(trials: int, skew: float, kurtosis: float, deflated: float) -> None:
    """Bailey and Lopez de Prado (2014), A numerical example: SR 2.5 a year, 1,250 days, V = 1/2 a year."""
    variance = 0.5 / 250
    luck = Luck(trials, trials, variance, highest_by_luck(variance, trials))
    values, _ = deflated_sharpes(published(2.5, 1250, skew, kurtosis), luck)
    assert values[0] == pytest.approx(deflated, abs=5e-5)
    if trials == 100:
        assert luck.highest == pytest.approx(0.1132, abs=5e-5)


def test_a_trial_worked_in_decimals() -> None:
    """Twelve returns, three trials: moments in fractions, the normal law by its series."""
    getcontext().prec = 60
    n = len(RETURNS)
    mean = sum(RETURNS) / n
    m2, m3, m4 = (sum((r - mean) ** power for r in RETURNS) / n for power in (2, 3, 4))
    sharpe = decimal(mean) / (decimal(m2) * n / (n - 1)).sqrt()
    skew, kurtosis = decimal(m3) / decimal(m2) / decimal(m2).sqrt(), decimal(m4 / m2**2)
    variance, trials = Decimal("0.0025"), Decimal(3)
    euler = Decimal("0.57721566490153286060651209008240243104215933593992")
    places = [normal_place(1 - 1 / (trials * factor)) for factor in (Decimal(1), Decimal(1).exp())]
    highest = variance.sqrt() * ((1 - euler) * places[0] + euler * places[1])
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
    expected = normal((sharpe - highest) * Decimal(n - 1).sqrt() / spread.sqrt())

    luck = Luck(3, 3.0, 0.0025, highest_by_luck(0.0025, 3.0))
    assert luck.highest == pytest.approx(float(highest), rel=1e-12)
    value, why = sharpe_deflated(n, sums_of(RETURNS), luck)
    assert value == pytest.approx(float(expected), rel=1e-12)
    assert why == ""


def test_what_is_undefined_says_why() -> None:
    never, once = [0.0, 0.0, 0.0, 0.0], [0.01, 1e-4, 1e-6, 1e-8]
    steady = sums_of([Fraction(1, 100) + Fraction(k, 10_000) for k in (-1, 1, 0, 1)])
    two = sums_of([Fraction(0), Fraction(0), Fraction(0), Fraction(1, 10)])
    assert sharpe_deflated(1, once, NO_LUCK) == (None, "too_short")
    assert sharpe_deflated(100, never, NO_LUCK) == (None, "zero_volatility")
    assert sharpe_deflated(4, sums_of([Fraction(1, 100)] * 4), NO_LUCK)[1] in {"zero_volatility", "too_steady"}
    assert sharpe_deflated(4, steady, NO_LUCK) == (None, "too_steady")
    assert sharpe_deflated(9, [math.nan] * 4, NO_LUCK) == (None, "not_finite")
    assert sharpe_deflated(4, two, NO_LUCK)[1] == ""
    # Only returns of two values come to this: 1 - g1 SR + (g2 - 1)/4 SR^2 is 0.
    lost = Shapes(np.array([9.0]), np.array([2.0]), np.array([1.0]), np.array([1.0 + 1.0]), np.zeros(1, np.uint8))
    values, codes = probabilistic_sharpes(lost)
    assert math.isnan(values[0])
    assert REASONS[codes[0]] == "not_finite"


def test_many_at_once_are_one_by_one() -> None:
    random = np.random.default_rng(5)
    returns = random.normal(0.001, 0.02, (40, 64)) * (random.random((40, 1)) > 0.2)
    sums = np.stack([(returns**power).sum(axis=1) for power in range(1, 5)], axis=1)
    luck = Luck(40, 20.0, 0.01, highest_by_luck(0.01, 20.0))
    values, codes = deflated_sharpes(shapes(np.full(40, 64.0), sums), luck)
    for value, code, one in zip(values, codes, sums, strict=True):
        assert sharpe_deflated(64, one, luck) == (None if code else value, REASONS[code])
    assert {REASONS[code] for code in codes} == {"", "zero_volatility"}


def test_one_trial_is_held_against_nothing() -> None:
    assert highest_by_luck(None, 1.0) == 0.0
    assert highest_by_luck(0.01, 1.0) == highest_by_luck(0.01, 1.2) == 0.0
    assert 0.0 < highest_by_luck(0.01, 2.0) < highest_by_luck(0.01, 3.0) < highest_by_luck(0.01, 1e6)


def test_effective_trials_are_those_of_all_pairs() -> None:
    random = np.random.default_rng(3)
    common = random.normal(size=16)
    blocks = common + random.normal(size=(12, 16))
    correlations = [np.corrcoef(blocks[i], blocks[j])[0, 1] for i, j in itertools.combinations(range(12), 2)]
    rho = math.fsum(correlations) / len(correlations)
    once = Alike().joined(blocks)
    assert once.worth() == pytest.approx(rho + (1 - rho) * 12, rel=1e-12)
    assert Alike().joined(blocks[:5]).joined(blocks[5:]).worth() == pytest.approx(once.worth(), rel=1e-12)
    assert Alike().joined(np.tile(common, (12, 1))).worth() == pytest.approx(1.0)
    assert Alike().joined(np.array([common, -common])).worth() == 2.0
    assert Alike().joined(np.zeros((3, 16))).worth() == 3.0
    assert (Alike().worth(), Alike().joined(blocks[:1]).worth()) == (0.0, 1.0)


def test_luck_counts_every_trial_and_keeps_spans_apart() -> None:
    random = np.random.default_rng(8)
    returns = random.normal(0, 0.01, (4, 16, 50))
    returns[3] = 0.0
    blocks = np.stack([(returns**power).sum(axis=2) for power in range(1, 5)], axis=2)
    same = np.concatenate([blocks[:1], blocks[:1]])
    counts = np.full(4, 800.0)
    luck = luck_of([Batch("a", counts, blocks), Batch("b", counts[:2], same)])
    sharpes = [float(one.mean() / one.std(ddof=1)) for one in returns[[0, 1, 2, 0, 0]].reshape(5, -1)]
    assert luck.trials == 6
    assert luck.variance == pytest.approx(np.var(sharpes, ddof=1), rel=1e-9)
    assert luck.effective == pytest.approx(Alike().joined(blocks[:3, :, 0]).worth() + 1.0)
    assert luck.highest == highest_by_luck(luck.variance, luck.effective)
    assert luck_of([]) == Luck(0, 0.0, None, 0.0)


def test_the_median_of_a_set_leaves_out_what_is_undefined() -> None:
    assert median_defined([0.9, None, 0.1, 0.5, math.nan]) == (0.5, "")
    assert median_defined([None, math.nan]) == (None, "no_instrument")
