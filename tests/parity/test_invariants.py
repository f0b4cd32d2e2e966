"""What must hold of any run: no fill depends on later bars, money scales, and every cent is accounted for."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.library.simulate import Simulation, simulate
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.rsi_reversion import RsiReversion
from tapehead.strategies.sma_cross import SmaCross
from tests.oracles.simulate import Settings
from tests.parity.markets import Market, markets, settings_of_any_kind

HOUR_US = 3_600_000_000


def closed_before(run: Simulation, bars: int) -> list[dict[str, object]]:
    """The trades that were over before bar `bars` opened."""
    return [row for row in run.trades.rows() if row["exit_bar"] < bars]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind, st.floats(0, 1))
def test_later_bars_change_no_earlier_fill(market: Market, rules: Settings, share: float) -> None:
    """A delisting or a sale at the end belongs to the end, so it is left out."""
    rules = dataclasses.replace(rules, delisted=False, close_at_end=False)
    market.table.partial = []
    bars, signals = market.bars(), market.signals()
    cut = bars.warm + 1 + int(share * (len(bars) - bars.warm - 1))
    short = simulate(
        bars.slice(0, cut, bars.warm), Signals(enter=signals.enter[:cut], leave=signals.leave[:cut]), **vars(rules)
    )
    whole = simulate(bars, signals, **vars(rules))
    assert list(short.trades.rows()) == closed_before(whole, cut - bars.warm)
    assert short.curve.equity.tolist() == whole.curve.equity[: cut - bars.warm].tolist()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind, st.integers(-20, 20))
def test_a_power_of_two_scales_prices_and_nothing_else(market: Market, rules: Settings, power: int) -> None:
    before = market.simulate(rules)
    for name in ("open", "high", "low", "close"):
        setattr(market.table, name, [value * 2.0**power for value in getattr(market.table, name)])
    after = market.simulate(rules)
    assert after.curve.equity.tolist() == before.curve.equity.tolist()
    for name in ("entry_bar", "exit_bar", "fees", "profit", "worst", "best", "reason", "across_gap"):
        assert getattr(after.trades, name).tolist() == getattr(before.trades, name).tolist(), name
    assert (after.trades.entry_price == before.trades.entry_price * 2.0**power).all()
    assert (after.trades.quantity * 2.0**power == before.trades.quantity).all()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind, st.integers(-20, 20))
def test_a_power_of_two_scales_cash_and_nothing_else(market: Market, rules: Settings, power: int) -> None:
    before = market.simulate(rules)
    after = market.simulate(dataclasses.replace(rules, cash=rules.cash * 2.0**power))
    assert after.curve.equity.tolist() == (before.curve.equity * 2.0**power).tolist()
    assert after.metrics["sharpe"] == before.metrics["sharpe"]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_every_cent_is_accounted_for(market: Market, rules: Settings) -> None:
    run = market.simulate(rules)
    parts = [rules.cash, *run.trades.profit.tolist()]
    if run.position is not None:
        assert run.metrics["open_profit"] == run.position.profit
        parts.append(run.position.profit)
    size = max(map(abs, parts))
    assert math.isclose(run.final_equity, math.fsum(parts), rel_tol=1e-12, abs_tol=1e-12 * size)
    fees = [*run.trades.fees.tolist(), run.position.fees if run.position else 0.0]
    assert math.isclose(run.metrics["fees_paid"], math.fsum(fees), rel_tol=1e-12)


@pytest.mark.parametrize("price", [0.07, 0.1, 1e-8, 123_456.789, 1 / 3])
@pytest.mark.parametrize("strategy", [SmaCross(), SmaCross(fast=7, slow=200), RsiReversion()])
def test_a_flat_price_makes_no_trade(price: float, strategy: SmaCross | RsiReversion) -> None:
    close = np.full(5_000, price)
    bars = Bars.from_arrays(np.arange(5_000) * HOUR_US, close, close, close, close, interval="1h")
    run = simulate(bars, strategy.signals(bars), fee=0.001)
    assert len(run.trades) == 0
    assert run.position is None
    assert run.final_equity == 10_000.0
