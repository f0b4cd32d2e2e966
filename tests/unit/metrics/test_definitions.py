"""Each metric at its edge: where it is undefined, and why."""

from __future__ import annotations

import math

import pytest

from tapehead.metrics import definitions as define

DAY_US = 86_400_000_000


def test_growth_a_year() -> None:
    assert define.cagr(100.0, 121.0, 2 * round(365.25 * DAY_US))[0] == pytest.approx(0.1, rel=1e-14)
    assert define.cagr(100.0, 121.0, 90 * DAY_US - 1) == (None, "too_short")
    assert define.cagr(100.0, 121.0, 90 * DAY_US)[0] == pytest.approx(1.21 ** (365.25 / 90) - 1, rel=1e-14)
    assert define.cagr(100.0, 0.0, 365 * DAY_US) == (-1.0, "")
    assert define.cagr(100.0, -5.0, 365 * DAY_US) == (-1.0, "")


def test_constant_growth_has_no_volatility() -> None:
    """1,000 returns of exactly 0.001: sums leave a deviation of rounding size, which counts as zero."""
    total = squares = 0.0
    for _ in range(1_000):
        total += 0.001
        squares += 0.001 * 0.001
    assert define.cancels(1_000, total, squares)
    spread = define.Spread(0.001, 1e-18)
    assert define.sharpe(spread, 8766.0) == (None, "zero_volatility")
    assert define.sharpe(define.Spread(0.001, 2e-12), 8766.0)[1] == ""
    assert define.sharpe(define.spread(2, 0.0, 0.0), 8766.0) == (None, "zero_volatility")


def test_spread_of_few() -> None:
    assert define.spread(0, 0.0, 0.0) == (0.0, None)
    assert define.spread(1, 0.5, 0.25) == (0.5, None)
    assert define.spread(2, 0.5, 0.25).deviation == pytest.approx(0.5 / math.sqrt(2))
    assert define.volatility_annual(define.spread(1, 0.5, 0.25), 4.0) == (None, "too_short")
    assert define.sharpe(define.spread(1, 0.5, 0.25), 4.0) == (None, "too_short")


def test_sortino() -> None:
    assert define.sortino(4, 0.1, 0.01, 4.0)[0] == pytest.approx(0.025 / 0.05 * 2)
    assert define.sortino(4, 0.1, 0.0, 4.0) == (None, "no_losses")
    assert define.sortino(4, 0.0, 0.0, 4.0) == (None, "zero_volatility")
    assert define.sortino(1, 0.1, 0.0, 4.0) == (None, "too_short")
    assert define.sortino(4, math.inf, 0.0, 4.0) == (None, "not_finite")


def test_calmar() -> None:
    assert define.calmar((0.3, ""), -0.1)[0] == pytest.approx(3.0)
    assert define.calmar((0.3, ""), 0.0) == (None, "no_drawdown")
    assert define.calmar((None, "too_short"), -0.1) == (None, "too_short")


def test_trades() -> None:
    assert define.win_rate(0, 0) == (None, "no_trades")
    assert define.win_rate(1, 4) == (0.25, "")
    assert define.profit_factor(5.0, 0.0, 3) == (None, "no_losses")
    assert define.profit_factor(0.0, 5.0, 1) == (0.0, "")
    assert define.profit_factor(0.0, 0.0, 0) == (None, "no_trades")
    assert define.expectancy(5.0, 2.0, 3) == (1.0, "")
    assert define.expectancy(0.0, 0.0, 0) == (None, "no_trades")
