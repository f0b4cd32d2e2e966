"""Engine = oracle, bit for bit: trades, orders, fees, equity of every bar, drawdown, exposure, what was seen."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from hypothesis import assume, given, settings

from tapehead.layout.columns import ORDER_STATUSES, REASONS
from tapehead.library.simulate import simulate
from tapehead.simulation.curve import curve
from tests.oracles import metrics
from tests.oracles.simulate import Outcome, Row, Settings, Table, simulate_oracle
from tests.parity.features import World, make_world, order_rows, worlds
from tests.parity.markets import (
    HOUR_US,
    Market,
    make_market,
    markets,
    settings_of_any_kind,
    to_bars,
    with_partial_dropped,
)

DAY_US = 24 * HOUR_US


def seen(outcome: Outcome) -> set[str]:
    """The flags that follow from the oracle's orders."""
    flags = {order.status for order in outcome.orders} & {"expired_in_gap", "rounds_to_zero", "unfilled_at_end"}
    if outcome.open is not None:
        flags.add("open_at_end")
    return flags


@settings(max_examples=600, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_trades_and_equity_are_the_oracles(market: Market, rules: Settings) -> None:
    want, got = market.oracle(rules), market.simulate(rules)
    assert list(got.trades.rows()) == want.trades
    assert got.curve.equity.tolist() == want.equity
    assert got.final_equity == want.equity[-1]
    assert got.metrics["fees_paid"] == want.fees_paid
    assert seen(want) == set(got.flags) & {"expired_in_gap", "rounds_to_zero", "unfilled_at_end", "open_at_end"}
    if want.open is None:
        assert got.position is None
    else:
        assert got.position is not None
        bar = want.open.bar - with_partial_dropped(market.table).warm
        held = (bar, want.open.quantity, want.open.price, want.open.fee)
        assert got.position[:4] == held


@settings(max_examples=400, derandomize=True, deadline=None)
@given(markets, settings_of_any_kind)
def test_drawdown_and_time_under_water_are_the_oracles(market: Market, rules: Settings) -> None:
    want, got = market.oracle(rules), market.simulate(rules).metrics
    table = with_partial_dropped(market.table)
    assert got["max_drawdown"] == metrics.drawdown(want.equity, rules.cash)
    lengths = metrics.longest_under_water(want.equity, rules.cash, table.ts[table.warm :], HOUR_US)
    assert (got["max_drawdown_bars"], got["max_drawdown_days"]) == lengths
    assert got["exposure"] == want.held / len(want.equity)


@settings(max_examples=1_200, derandomize=True, deadline=None)
@given(worlds)
def test_every_feature_together_is_the_oracles(world: World) -> None:
    """Every column of trades and orders, the equity of every bar, every sum, every flag."""
    want, got = world.oracle(), world.simulate()
    assert [Row(row) for row in got.trades.rows()] == want.trades
    assert got.orders is not None
    assert [Row(row) for row in got.orders.rows()] == order_rows(want, world)
    line = curve(world.bars(), got.ledger, world.rules())
    assert line.equity.tolist() == want.equity
    assert got.final_equity == want.equity[-1]
    sums = (got.fees_paid, got.borrow_paid, got.interest, got.slippage_paid)
    assert sums == (want.fees_paid, want.borrow, want.interest, want.slippage)
    assert set(got.flags) == want.flags
    assert got.moments.held == want.held
    held = got.position and (got.position.entry_bar, got.position.side, *got.position[1:5])
    assert held == want.open_tuple(world.whole().table.warm)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(worlds)
def test_sums_of_returns_are_those_of_the_equity(world: World) -> None:
    """Drawdown and time under water exactly, sums to 1e-12 of what was summed; an account at 0 has no returns."""
    want, got, table = world.oracle().equity, world.simulate().moments, world.whole().table
    assume(min(want) > 0)
    returns = metrics.bar_returns(want, world.settings.cash, table.step[table.warm :])
    assert got.observations == len(returns)
    assert abs(got.total - math.fsum(returns)) <= 1e-12 * (math.fsum(map(abs, returns)) + 1e-3)
    assert math.isclose(got.squares, math.fsum(r * r for r in returns), rel_tol=1e-12, abs_tol=1e-24)
    assert math.isclose(got.downside, math.fsum(r * r for r in returns if r < 0), rel_tol=1e-12, abs_tol=1e-24)
    assert got.drawdown == metrics.drawdown(want, world.settings.cash)
    wet = metrics.longest_under_water(want, world.settings.cash, table.ts[table.warm :], table.interval)
    assert (got.wet_bars, got.wet_us / (24 * HOUR_US)) == wet


@settings(max_examples=200, derandomize=True, deadline=None)
@given(worlds)
def test_asking_for_orders_changes_nothing(world: World) -> None:
    """Without orders another program may run, from which what is not asked for is left out."""
    told, silent = world.simulate(), world.simulate(orders=False)
    assert silent.trades.to_bytes() == told.trades.to_bytes()
    assert silent.final_equity == told.final_equity
    assert silent.flags == told.flags


def test_the_worlds_reach_every_corner() -> None:
    """All statuses, all reasons, and what is rare: flips, additions, parts, debts, prices whose order decides."""
    met: set[str] = set()
    for seed in range(600):
        world = make_world(seed)
        outcome = world.oracle()
        met |= outcome.flags | {order.status for order in outcome.orders}
        for trade in outcome.trades:
            met |= {str(trade["reason"])}
            met |= {name for name in ("ambiguous", "shortfall", "borrow", "slippage") if trade[name]}
            met |= {"several fills"} if trade["fills"] > 2 else set()
            met |= {"other price"} if trade["other_price"] == trade["other_price"] else set()
        met |= {f"{order.reason} by a maker" for order in outcome.orders if order.maker}
        met |= {"interest"} if outcome.interest else set()
    # The last two are of accounts that are shared: tests/parity/test_portfolio.py.
    corners = {*ORDER_STATUSES, *REASONS} - {"expiry", "no_cash", "no_place"}
    corners |= {"ambiguous", "other price", "several fills", "shortfall", "borrow", "slippage", "interest"}
    corners |= {"signal by a maker", "target by a maker", "liquidated", "slipped_beyond_bar", "side_ignored"}
    corners |= {"untraded_at_end", "across_gap", "open_at_end"}
    assert corners - met == set()


def test_the_markets_reach_every_corner() -> None:
    """The random cases would prove little if they met no gap, no expiry, no delisting, no conflict."""
    met: set[str] = set()
    for seed in range(300):
        market = make_market(seed)
        wait = seed % 3 if seed % 2 else None
        rules = Settings(max_wait=wait, delisted=seed % 5 == 0, close_at_end=seed % 7 == 0, delist_haircut=1.0)
        outcome = market.oracle(rules)
        met |= {order.status for order in outcome.orders} | {str(trade["reason"]) for trade in outcome.trades}
        met |= {"across_gap"} if any(trade["across_gap"] for trade in outcome.trades) else set()
        met |= {"open"} if outcome.open else set()
    corners = {"filled", "replaced", "cancelled", "expired_in_gap", "unfilled_at_end", "signal", "delist", "end"}
    assert met >= corners | {"across_gap", "open"}


def test_gaps_on_an_exchange_are_counted_in_sessions(shared_data: Callable[[str], Path]) -> None:
    """Weekends and holidays are no gap on XNYS; the sessions come from a file that shares nothing with our tables."""
    text = gzip.decompress(shared_data("oracles/exchange_sessions/xnys.csv.gz").read_bytes()).decode()
    dates = [line.split(",")[0][:10] for line in text.splitlines()[1:] if line[:4] in ("2012", "2013")]
    assert len(dates) == 250 + 252
    rng = random.Random(5)
    for absent in (0.0, 0.005, 0.2):
        kept = [i for i in range(len(dates)) if rng.random() >= absent]
        stamps = [datetime.fromisoformat(dates[i]).replace(tzinfo=UTC) for i in kept]
        close = [round(100 + 10 * rng.random(), 2) for _ in kept]
        traded = [rng.random() > 0.1 for _ in kept]
        ts = [int(stamp.timestamp()) * 1_000_000 for stamp in stamps]
        table = Table(ts, close, close, close, close, traded, step=kept)
        enter, leave = ([rng.random() < 0.3 for _ in kept] for _ in range(2))
        for wait in (None, 0, 1):
            rules = Settings(max_wait=wait, fee=0.001)
            want = simulate_oracle(table, enter, leave, rules)
            signals = Market(table, enter, leave).signals()
            got = simulate(to_bars(table, "1d"), signals, calendar="XNYS", **vars(rules))
            assert list(got.trades.rows()) == want.trades
            assert got.curve.equity.tolist() == want.equity
            returns = metrics.bar_returns(want.equity, rules.cash, kept)
            assert len(returns) == (kept[-1] - kept[0] + 1 if absent == 0.2 else len(kept))
            for name, value in metrics.from_returns(returns, 252).items():
                assert value is not None
                np.testing.assert_allclose(got.metrics[name], value, rtol=1e-12)
