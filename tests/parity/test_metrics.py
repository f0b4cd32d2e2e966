"""Metrics of closed trades and of whole curves = their formulas in plain Python, on random markets."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.indicators.memo import Memo
from tapehead.library.curves import account_of
from tapehead.metrics.account import Account
from tapehead.metrics.hold import buy_and_hold, buy_and_hold_return
from tapehead.metrics.tail import TAIL_METRICS, tail
from tapehead.model.rules import Rules
from tapehead.simulation.simulate import simulate
from tests.oracles import metrics as twin
from tests.oracles.simulate import Settings
from tests.parity.markets import HOUR_US, Market, markets, settings_of_any_kind, with_partial_dropped
from tests.parity.test_moments import long_market

HOURS_A_YEAR = 365.25 * 24


def lived(market: Market, rules: Settings) -> Account:
    """The account of a market, bars that are no bars dropped."""
    whole = replace(market, table=with_partial_dropped(market.table) if market.table.partial else market.table)
    n = len(whole.table.ts)
    whole.enter, whole.leave = market.enter[:n], market.leave[:n]
    bars, settled = whole.bars(), Rules(**vars(rules))
    return account_of(bars, settled, simulate(bars, whole.signals(), settled, Memo()))


def agree(got: float | None, want: float | None) -> bool:
    """Both unknown, or equal to 1e-9, where sums cancel of 1e-12 of a year."""
    if got is None or want is None:
        return got is want
    return math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-12 * HOURS_A_YEAR)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_closed_trades(market: Market, rules: Settings) -> None:
    got = market.simulate(rules)
    ts = with_partial_dropped(market.table).ts[market.table.warm :]
    years = (ts[-1] + HOUR_US - ts[0]) / twin.DAY_US / twin.YEAR_DAYS
    for name, value in twin.per_trade(list(got.trades.rows()), rules.cash, years).items():
        assert agree(got.metrics[name], value), name


@settings(max_examples=150, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind, st.sampled_from([0.0, 0.0, 0.02, -0.01, 0.5]))
def test_whole_curves(market: Market, rules: Settings, rf: float) -> None:
    check_curve(lived(market, rules), rf)


def check_curve(account: Account, rf: float) -> None:
    bars, rules = account.bars, account.rules
    values, why = tail(account, rf=rf)
    assert set(values) == {*TAIL_METRICS, *(("sharpe", "sortino") if rf else ())}
    assert {name for name, value in values.items() if value is None} == set(why)
    equity, ts, close = account.equity.tolist(), bars.ts.tolist(), bars.close.tolist()
    steps = [stamp // HOUR_US for stamp in ts]
    returns = twin.bar_returns(equity, rules.cash, steps)
    free = (1 + rf) ** (1 / HOURS_A_YEAR) - 1
    want: dict[str, float | None] = twin.from_curve(equity, rules.cash)
    want |= twin.from_distribution(returns, free)
    ends, days = twin.daily(equity, ts)
    free_day = (1 + rf) ** (1 / 365.25) - 1
    want["sharpe_daily"] = twin.sharpe_of(twin.bar_returns(ends, rules.cash, days), 365.25, free_day)
    if rf:
        want["sharpe"] = twin.sharpe_of(returns, HOURS_A_YEAR, free)
    rows = [(twin.held_throughout(row, rules.fill == "next_open"), row) for row in account.trades.rows()]
    held = [(each, row["quantity"], row["exit_bar"]) for each, row in rows]
    if account.opened is not None:
        first = account.opened.entry_bar + (0 if account.opened.at_open else 1)
        held.append((range(first, len(bars)), account.units[-1], None))
    want["max_drawdown_intrabar"] = twin.drawdown_at_lows(equity, rules.cash, bars.low.tolist(), close, held)
    market = buy_and_hold(bars, rules).equity
    if market is None:
        want |= {"alpha": None, "beta": None}
    else:
        found = twin.line(
            [r - free for r in returns], [r - free for r in twin.bar_returns(market.tolist(), rules.cash, steps)]
        )
        want |= {"alpha": found and found[0] * HOURS_A_YEAR, "beta": found and found[1]}
    for name, value in want.items():
        assert agree(values[name], value), name


@pytest.mark.parametrize("seed", range(2))
def test_a_long_curve(seed: int) -> None:
    rules = Settings(fee=0.0005, fill=["next_open", "close"][seed], size=0.5)
    account = lived(long_market(seed), rules)
    check_curve(account, 0.02)
    assert None not in tail(account)[0].values()


@settings(max_examples=60, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_buying_and_holding_is_a_run_of_one_trade(market: Market, rules: Settings) -> None:
    """Enter on every bar, never leave, with the whole cash: the same curve."""
    market = replace(market, enter=[True] * len(market.enter), leave=[False] * len(market.leave))
    whole = replace(rules, size=1.0, close_at_end=False, max_wait=None)
    account = lived(market, whole)
    alone = buy_and_hold(account.bars, account.rules)
    assert (alone.equity is None) == (account.units[-1] == 0.0 and not len(account.trades))
    if alone.equity is not None:
        assert alone.equity.tolist() == pytest.approx(account.equity.tolist(), rel=1e-12)
        total, _ = buy_and_hold_return(account.bars, account.rules)
        assert total == pytest.approx(alone.equity[-1] / rules.cash - 1.0, abs=1e-12)
        values, _ = tail(account)
        if values["beta"] is not None:
            assert values["beta"] == pytest.approx(1.0, rel=1e-9)
            assert np.isclose(values["alpha"] or 0.0, 0.0, atol=1e-9)
