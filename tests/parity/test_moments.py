"""Figures from sums = figures from two passes over the equity of every bar, to 1e-12."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

from tapehead.indicators.memo import Memo
from tapehead.model.rules import Rules
from tapehead.simulation.simulate import simulate
from tests.oracles import metrics
from tests.oracles.simulate import Settings
from tests.parity.markets import HOUR_US, Market, make_market, markets, settings_of_any_kind, with_partial_dropped

HOURS_A_YEAR = 365.25 * 24


def agree(got: float | None, want: float | None) -> bool:
    """Both unknown, or equal to 1e-12; sums of returns cancel, so their absolute error counts too."""
    if got is None or want is None:
        return got is want
    return math.isclose(got, want, rel_tol=1e-12, abs_tol=1e-12 * HOURS_A_YEAR)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_returns(market: Market, rules: Settings) -> None:
    table = with_partial_dropped(market.table)
    want, got = market.oracle(rules), market.simulate(rules)
    returns = metrics.bar_returns(want.equity, rules.cash, table.step[table.warm :])
    for name, value in metrics.from_returns(returns, HOURS_A_YEAR).items():
        assert agree(got.metrics[name], value), name


@settings(max_examples=300, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_trades(market: Market, rules: Settings) -> None:
    want, got = market.oracle(rules), market.simulate(rules).metrics
    for name, value in metrics.from_trades(want.trades).items():
        if value is None or name == "trades":
            assert got[name] == value, name
        else:
            assert got[name] == pytest.approx(value, rel=1e-12, abs=1e-12 * rules.cash), name


@settings(max_examples=200, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_growth(market: Market, rules: Settings) -> None:
    table = with_partial_dropped(market.table)
    want, got = market.oracle(rules), market.simulate(rules)
    figures = metrics.from_equity(want.equity, rules.cash, table.ts[table.warm :], HOUR_US)
    for name, value in figures.items():
        assert agree(got.metrics[name], value), name


def long_market(seed: int) -> Market:
    """A year of hours, glued from small markets, so that annual figures exist."""
    glued = Market(make_market(seed).table, [], [])
    parts = [make_market(seed * 1000 + k) for k in range(300)]
    table, step = glued.table, 0
    for name in ("ts", "open", "high", "low", "close", "traded", "step", "partial"):
        getattr(table, name).clear()
    table.warm = 0
    for part in parts:
        scale = table.close[-1] / part.table.close[0] if table.close else 1.0
        for name in ("open", "high", "low", "close"):
            getattr(table, name).extend(value * scale for value in getattr(part.table, name))
        first = part.table.step[0]
        table.step.extend(step + s - first for s in part.table.step)
        step = table.step[-1] + 1
        table.traded.extend(part.table.traded)
        glued.enter.extend(part.enter)
        glued.leave.extend(part.leave)
    table.ts.extend(s * HOUR_US for s in table.step)
    return glued


@pytest.mark.parametrize("seed", range(4))
def test_a_long_curve(seed: int) -> None:
    """The tolerance is engine.md's, where thousands of returns are summed."""
    market = long_market(seed)
    rules = Settings(fee=0.0005, fill=["next_open", "close"][seed % 2], size=0.5)
    want, got = market.oracle(rules), market.simulate(rules)
    assert got.curve.equity.tolist() == want.equity
    assert len(want.trades) > 50
    returns = metrics.bar_returns(want.equity, rules.cash, market.table.step)
    raw = simulate(market.bars(), market.signals(), Rules(**vars(rules)), Memo()).moments
    assert raw.observations == len(returns)
    assert raw.total == pytest.approx(math.fsum(returns), rel=0, abs=1e-12 * math.fsum(map(abs, returns)))
    assert raw.squares == pytest.approx(math.fsum(r * r for r in returns), rel=1e-12, abs=0)
    assert raw.downside == pytest.approx(math.fsum(r * r for r in returns if r < 0), rel=1e-12, abs=0)
    figures = metrics.from_returns(returns, HOURS_A_YEAR)
    figures |= metrics.from_equity(want.equity, rules.cash, market.table.ts, HOUR_US)
    for name, value in figures.items():
        assert value is not None, name
        assert got.metrics[name] == pytest.approx(value, rel=1e-11), name
