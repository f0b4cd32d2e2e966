"""The probability of backtest overfitting, on cases worked by hand and against plain Python."""

from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest

from tapehead.errors import ParameterError
from tapehead.metrics.overfitting import Overfitting, overfitting_steps


def overfitting(observations: np.ndarray, totals: np.ndarray, squares: np.ndarray) -> Overfitting:
    """The steps to their end."""
    steps = overfitting_steps(observations, totals, squares)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Overfitting = end.value
            return found


def of_returns(returns: np.ndarray) -> Overfitting:
    """Of returns, shape (n_sets, n_blocks, n_bars)."""
    counts = np.full(returns.shape[1], float(returns.shape[2]))
    return overfitting(counts, returns.sum(axis=2), (returns * returns).sum(axis=2))


def by_levels(*levels: tuple[float, ...]) -> Overfitting:
    """Of sets by the level of each block, whose two returns are level + 1 and level - 1."""
    return of_returns(np.array(levels)[:, :, None] + np.array([1.0, -1.0]))


def test_four_blocks_by_hand() -> None:
    """Over two blocks of levels a and b the Sharpe ratio is (a + b)/2 * sqrt(3/((a - b)^2 + 4)).

    With blocks 1 and 2 the first set is chosen (2.60) and is last in 3 and 4 (0 against 0.87 and 1.73); with 3 and 4
    the third is (1.73), and is last in 1 and 2. The four other splits hold one block of each pair: the second set
    (0.87, before 0.72 and 0.61) is chosen and is first again. So 2 of 6 splits, and logits of -ln 3 (2) and ln 3 (4).
    """
    found = by_levels((3, 3, 0, 0), (1, 1, 1, 1), (0, 0, 2, 2))
    assert found.pbo == 2 / 6
    assert found.median_logit == pytest.approx(math.log(3))
    assert (found.loss, found.splits, found.why) == (0.0, 6, "")
    lower = by_levels((3, 3, -1, -1), (1, 1, 1, 1), (-1, -1, 2, 2))
    assert lower.loss == 2 / 6


def test_one_truly_best_set_is_never_overfitted() -> None:
    random = np.random.default_rng(1)
    returns = random.normal(size=(20, 16, 8))
    returns[7] += 9.0
    found = of_returns(returns)
    assert (found.pbo, found.loss, found.splits) == (0.0, 0.0, 12_870)
    assert found.median_logit == pytest.approx(math.log(20))


def test_sets_that_pay_back_every_gain_are_always_overfitted() -> None:
    """Levels are +1 in one half of the blocks and -1 in the other, one set for each half: the best is the worst."""
    halves = list(itertools.combinations(range(6), 3))
    found = by_levels(*(tuple(1.0 if k in half else -1.0 for k in range(6)) for half in halves))
    assert (found.pbo, found.loss) == (1.0, 1.0)
    assert found.median_logit == pytest.approx(-math.log(20))


def test_noise_is_overfitted_half_of_the_time() -> None:
    found = [of_returns(np.random.default_rng(seed).normal(size=(30, 8, 20))).pbo for seed in range(40)]
    assert 0.4 < statistics.fmean(found) < 0.6


def test_equal_sets_are_in_the_middle_and_count_as_overfitted() -> None:
    found = by_levels((1, 2, 3, 4), (1, 2, 3, 4))
    assert (found.pbo, found.median_logit) == (1.0, 0.0)


def test_a_set_that_stands_still_has_a_sharpe_ratio_of_zero() -> None:
    still = np.zeros((1, 4, 2))
    losing = np.array([-1.0, -2.0, -1.0, -2.0])[None, :, None] + np.array([1.0, -0.5])
    found = of_returns(np.concatenate([losing - 1, still]))
    assert (found.pbo, found.loss) == (0.0, 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_splits_one_by_one(seed: int) -> None:
    """Six blocks of different lengths, against lists and the statistics module."""
    random = np.random.default_rng(seed)
    lengths = random.integers(2, 7, 6)
    sets = [[random.normal(0.1, 1.0, length).tolist() for length in lengths] for _ in range(7)]

    def sharpe(one: list[list[float]], half: tuple[int, ...]) -> float:
        values = [value for block in half for value in one[block]]
        return statistics.fmean(values) / statistics.stdev(values)

    logits, losses = [], 0
    for half in itertools.combinations(range(6), 3):
        other = tuple(set(range(6)) - set(half))
        best = max(range(7), key=lambda k: sharpe(sets[k], half))
        seen = [sharpe(one, other) for one in sets]
        rank = 1 + sum(value < seen[best] for value in seen)
        logits.append(math.log(rank / 8 / (1 - rank / 8)))
        losses += seen[best] < 0
    totals = np.array([[sum(block) for block in one] for one in sets])
    squares = np.array([[sum(value * value for value in block) for block in one] for one in sets])
    found = overfitting(lengths.astype(float), totals, squares)
    assert found.pbo == sum(logit <= 0 for logit in logits) / 20
    assert found.median_logit == pytest.approx(statistics.median(logits))
    assert found.loss == losses / 20


def test_of_very_many_sets_some_splits_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    returns = np.random.default_rng(2).normal(size=(40, 12, 6))
    every = of_returns(returns)
    monkeypatch.setattr("tapehead.metrics.overfitting._MOST", 40 * 200)
    some = of_returns(returns)
    assert (every.splits, some.splits) == (924, 400)
    assert some == of_returns(returns)
    assert every.pbo is not None
    assert some.pbo == pytest.approx(every.pbo, abs=0.1)


def test_what_is_undefined_says_why() -> None:
    assert by_levels((1, 2, 3, 4)) == Overfitting(None, None, None, 0, "one_set")
    short = np.zeros((3, 4))
    assert overfitting(np.array([1.0, 0.0, 1.0, 1.0]), short, short).why == "too_short"
    with pytest.raises(ParameterError, match="even"):
        by_levels((1, 2, 3), (1, 2, 3))
