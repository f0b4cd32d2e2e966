"""What must hold of any run: no fill depends on later bars, money scales, and every cent is accounted for."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapehead.library.simulate import Simulation, simulate
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.simulation.curve import curve
from tapehead.strategies.rsi_reversion import RsiReversion
from tapehead.strategies.sma_cross import SmaCross
from tests.oracles.simulate import Settings, Wishes
from tests.oracles.trading import COLUMNS, Row
from tests.parity.features import CONDITIONS, World, make_world, worlds
from tests.parity.markets import Market, markets, settings_of_any_kind

HOUR_US = 3_600_000_000


def closed_before(run: Simulation, bars: int) -> list[Row]:
    """The trades that were over before bar `bars` opened."""
    return [Row(row) for row in run.trades.rows() if row["exit_bar"] < bars]


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
    assert [Row(row) for row in short.trades.rows()] == closed_before(whole, cut - bars.warm)
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


PRICE_LINES = ("limit", "stop", "stop_loss_at", "take_profit_at", "trail_at")


def with_table(world: World, change: Callable[[str, list[float]], list[float]], lines: dict[str, list[float]]) -> World:
    """A world with other prices and lines."""
    prices = {name: change(name, getattr(world.table, name)) for name in ("open", "high", "low", "close")}
    return World(
        dataclasses.replace(world.table, **prices),
        dataclasses.replace(world.wishes, **lines),
        world.settings,
        world.calendar,
    )


def first_bars(world: World, count: int) -> World:
    """The same, ended after some bars, without what belongs to an end."""
    rules = dataclasses.replace(world.settings, delisted=False, close_at_end=False)
    columns = {name: getattr(world.table, name)[:count] for name in (*COLUMNS, "volume")}
    columns["sessions"] = world.table.sessions and world.table.sessions[:count]
    table = dataclasses.replace(world.table, **columns, partial=[])
    return World(table, world.wishes.at(range(count)), rules, world.calendar)


def outcomes(world: World) -> tuple[list[Row], float]:
    """Trades and final equity."""
    got = world.simulate()
    return [Row(row) for row in got.trades.rows()], got.final_equity


@settings(max_examples=200, derandomize=True, deadline=None)
@given(worlds, st.floats(0, 1))
def test_with_every_feature_later_bars_change_no_earlier_fill(world: World, share: float) -> None:
    warm, n = world.table.warm, len(world.table.ts)
    count = warm + 1 + int(share * (n - warm - 1))
    whole, short = first_bars(world, n).simulate(), first_bars(world, count).simulate()
    closed = [Row(row) for row in whole.trades.rows() if row["exit_bar"] < count - warm]
    assert [Row(row) for row in short.trades.rows()] == closed
    bars = first_bars(world, n).bars()
    rules = world.rules()
    line = curve(bars, whole.ledger, rules).equity[: count - warm]
    assert curve(first_bars(world, count).bars(), short.ledger, rules).equity.tolist() == line.tolist()


@settings(max_examples=200, derandomize=True, deadline=None)
@given(worlds)
def test_with_every_feature_every_cent_is_accounted_for(world: World) -> None:
    got = world.simulate()
    parts = [world.settings.cash, *got.trades.profit.tolist(), got.interest]
    parts += [got.position.profit] if got.position is not None else []
    size = max(map(abs, [*parts, *got.ledger.rows[1].tolist()]))
    assert math.isclose(got.final_equity, math.fsum(parts), rel_tol=1e-12, abs_tol=1e-12 * size)


def free_of_steps(world: World) -> World:
    """Nothing that has a size of its own: no tick, no lot, no spread, no number of units."""
    rules = dataclasses.replace(world.settings, tick=0.0, lot=0.0)
    if rules.slippage_kind == "spread":
        rules = dataclasses.replace(rules, slippage=0.0)
    if rules.sizing == "units":
        rules = dataclasses.replace(rules, sizing="fraction", size=min(1.0, rules.leverage))
    return World(world.table, dataclasses.replace(world.wishes, size=()), rules, world.calendar)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(worlds, st.integers(-20, 20))
def test_with_every_feature_a_power_of_two_scales_prices_and_nothing_else(world: World, power: int) -> None:
    """Units become fewer as prices grow, so volume does, and all money stays as it was."""
    world, factor = free_of_steps(world), 2.0**power
    lines = {name: [value * factor for value in getattr(world.wishes, name)] for name in PRICE_LINES}
    scaled = with_table(world, lambda _, values: [value * factor for value in values], lines)
    assert world.table.volume is not None
    scaled.table.volume = [value / factor for value in world.table.volume]
    (before, equity), (after, scaled_equity) = outcomes(world), outcomes(scaled)
    prices = ("entry_price", "exit_price", "entry_wanted", "exit_wanted", "stop", "target", "trail", "other_price")
    for row in before:
        row |= {name: row[name] * factor for name in prices}
        row["quantity"] /= factor
    assert after == before
    assert scaled_equity == equity


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(st.integers(0, 2**40), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_instruments_changes_nothing(seeds: list[int], rng: random.Random) -> None:
    first = {seed: outcomes(make_world(seed)) for seed in seeds}
    rng.shuffle(seeds)
    assert {seed: outcomes(make_world(seed)) for seed in seeds} == first


MIRROR = 300.0
STEP = 1 / 64


def mirrored_pair(seed: int) -> tuple[World, World]:
    """A market of 64ths from 100 to 200 and its mirror about 150, long for short: what is exact stays exact."""
    world, rng = make_world(seed), random.Random(seed)
    opens = [100 + rng.randrange(6400) * STEP for _ in world.table.ts]
    closes = [value + rng.choice([-3, -1, 1, 2]) for value in opens]
    table = dataclasses.replace(world.table, open=opens, close=closes)
    table.high = [max(pair) + rng.randrange(64) * STEP for pair in zip(opens, closes, strict=True)]
    table.low = [min(pair) - rng.randrange(64) * STEP for pair in zip(opens, closes, strict=True)]
    lines = {
        name: [rng.choice([math.nan, value + rng.randrange(-300, 300) * STEP]) for value in closes]
        for name in rng.sample(PRICE_LINES[:4], 2)
    }
    wishes = Wishes(**{name: [rng.random() < 0.3 for _ in opens] for name in CONDITIONS}, **lines)
    flip, kind = rng.random() < 0.5, {"side": "both", "sizing": "units", "size": 1.0, "cash": 1e9, "leverage": 1.0}
    costs = {
        "fee": "1usd",
        "slippage_kind": "spread",
        "slippage": 0.5,
        "multiplier": 1.0,
        "min_notional": 0.0,
        "lot": 0.0,
    }
    none = {
        "stop_loss": None,
        "take_profit": None,
        "trail": None,
        "borrow": 0.0,
        "cash_rate": 0.0,
        "delist_haircut": 0.0,
    }
    rules = dataclasses.replace(world.settings, **kind, **costs, **none, flip=flip, tick=STEP, pyramid=1)
    world = World(table, wishes, rules, world.calendar)
    names = {"open": "open", "high": "low", "low": "high", "close": "close"}
    sides = {"enter": "enter_short", "leave": "leave_short", "enter_short": "enter", "leave_short": "leave"}
    other = {name: [MIRROR - value for value in line] for name, line in lines.items()}
    other |= {name: getattr(wishes, sides[name]) for name in CONDITIONS}
    turned = with_table(world, lambda name, _: [MIRROR - value for value in getattr(table, names[name])], other)
    return world, turned


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.integers(0, 2**40))
def test_shorts_mirror_longs(seed: int) -> None:
    """Where money is linear in price: fixed units, fixed fees, half-spreads, absolute levels."""
    world, turned = mirrored_pair(seed)
    (longs, equity), (shorts, turned_equity) = outcomes(world), outcomes(turned)
    same = ("entry_bar", "exit_bar", "reason", "quantity", "fees", "profit", "ambiguous", "across_gap", "fills")
    assert [[row[name] for name in same] for row in shorts] == [[row[name] for name in same] for row in longs]
    assert [row["side"] for row in shorts] == [-row["side"] for row in longs]
    assert [MIRROR - row["exit_price"] for row in shorts] == [row["exit_price"] for row in longs]
    assert turned_equity == equity


@pytest.mark.parametrize("price", [0.07, 0.1, 1e-8, 123_456.789, 1 / 3])
@pytest.mark.parametrize("strategy", [SmaCross(), SmaCross(fast=7, slow=200), RsiReversion()])
def test_a_flat_price_makes_no_trade(price: float, strategy: SmaCross | RsiReversion) -> None:
    close = np.full(5_000, price)
    bars = Bars.from_arrays(np.arange(5_000) * HOUR_US, close, close, close, close, interval="1h")
    run = simulate(bars, strategy.signals(bars), fee=0.001)
    assert len(run.trades) == 0
    assert run.position is None
    assert run.final_equity == 10_000.0
