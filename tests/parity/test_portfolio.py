"""Many instruments in one account: what must hold of the twin, and that the engine is the twin."""

from __future__ import annotations

import math
import os
import random
from dataclasses import replace

from hypothesis import given, settings

from tapehead.simulation.curve import curve
from tests.oracles.portfolio import Instrument, portfolio_oracle
from tests.oracles.trading import COLUMNS, Order, Row
from tests.parity.features import World, worlds
from tests.parity.legs import differences, trades_of, walk, walked_weights
from tests.parity.portfolios import Market, make_portfolio, portfolios

CASES = int(os.environ.get("TAPEHEAD_PORTFOLIOS", "250"))
FIRST = int(os.environ.get("TAPEHEAD_PORTFOLIOS_FIRST", "0"))


def without_instrument(rows: list[Row]) -> list[Row]:
    """Trades as a single run tells them."""
    return [Row({name: value for name, value in row.items() if name != "instrument"}) for row in rows]


def test_the_engine_is_the_twin() -> None:
    """Trades, orders, equity, cash, exposure, shares and flags, to the last bit; `make portfolios` tries more."""
    for seed in range(FIRST, FIRST + CASES):
        market = make_portfolio(seed)
        assert other_weights(market) == [], seed
        want = market.oracle()
        got = walk(market.instruments, market.max_positions, market.settle, market.calendar)
        assert differences(market.instruments, want, got) == [], seed


def other_weights(market: Market) -> list[str]:
    """Names of those whose weights, made of all together, are not the twin's."""
    if not market.weights:
        return []
    want = sorted(market.instruments, key=lambda one: one.symbol)
    asked = sorted(market.asked, key=lambda one: one.symbol)
    got = walked_weights(asked, market.rebalance or "", market.max_positions, market.given)
    pairs = [(one, (made.target.tolist(), made.decides.tolist())) for one, made in zip(want, got, strict=True)]
    return [one.symbol for one, made in pairs if repr(made) != repr((list(one.wishes.target), list(one.decides)))]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(worlds)
def test_one_leg_alone_is_its_single_run(world: World) -> None:
    """The engine of portfolios against the engine of single runs."""
    want = world.simulate()
    got = walk([Instrument("X", world.table, world.wishes, world.settings)], 1, calendar=world.calendar)
    assert without_instrument(trades_of(got)) == [Row(row) for row in want.trades.rows()]
    assert got.equity.tolist() == curve(world.bars(), want.ledger, world.rules()).equity.tolist()
    assert set(got.legs[0].flags) == set(want.flags)


def rows_of(orders: list[Order]) -> list[Row]:
    """Orders that compare, NaN being equal to NaN."""
    return [Row(vars(order)) for order in orders]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(worlds)
def test_one_instrument_alone_is_its_single_run(world: World) -> None:
    """To the last bit, with a place for one."""
    want = world.oracle()
    got = portfolio_oracle([Instrument("X", world.table, world.wishes, world.settings)], max_positions=1)
    assert without_instrument(got.trades) == want.trades
    assert rows_of(got.orders["X"]) == rows_of(want.orders)
    assert (got.equity, got.cash, sum(got.lived)) == (want.equity, want.cashes, want.held)
    assert (got.interest, got.fees_paid, got.borrow, got.slippage) == (
        *(want.interest, want.fees_paid, want.borrow, want.slippage),
    )
    assert got.flags["X"] == want.flags


@settings(max_examples=150, derandomize=True, deadline=None)
@given(portfolios)
def test_shares_of_the_profit_are_the_profit(market: Market) -> None:
    out = market.oracle()
    parts = [*out.shares.values(), out.interest]
    cash = market.instruments[0].settings.cash
    size = max(map(abs, [*parts, cash, *out.equity]))
    assert math.isclose(out.equity[-1] - cash, math.fsum(parts), rel_tol=1e-12, abs_tol=1e-11 * size)
    for one in market.instruments:
        held = out.open.get(one.symbol)
        rows = [float(row["profit"]) for row in out.trades if row["instrument"] == one.symbol]
        assert out.shares[one.symbol] == sum([*rows, *([held.profit] if held else [])], 0.0)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(portfolios)
def test_the_order_of_instruments_changes_nothing(market: Market) -> None:
    want = market.oracle()
    mixed = list(market.instruments)
    random.Random(1).shuffle(mixed)
    got = replace(market, instruments=mixed).oracle()
    assert (got.trades, got.equity, got.shares) == (want.trades, want.equity, want.shares)


def first_bars(one: Instrument, until: int) -> Instrument:
    """What was known of an instrument when the clock stood at `until`, without what belongs to an end."""
    keep = [t for t, ts in enumerate(one.table.ts) if ts < until]
    columns = {name: getattr(one.table, name)[: len(keep)] for name in (*COLUMNS, "volume")}
    table = replace(one.table, **columns, partial=[])
    rules = replace(one.settings, delisted=False, close_at_end=False)
    return replace(one, table=table, wishes=one.wishes.at(keep), settings=rules)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(portfolios)
def test_later_bars_change_no_earlier_fill(market: Market) -> None:
    """Of the decisions on rebalancing dates the last bar's is known later, so those are held as they are."""
    every = sorted({ts for one in market.instruments for ts in one.table.ts[one.table.warm :]})
    until = every[2 * len(every) // 3] if every else 0
    whole = replace(market, instruments=[first_bars(one, 2**62) for one in market.instruments]).oracle()
    short = replace(market, instruments=[first_bars(one, until) for one in market.instruments]).oracle()
    known = sum(at < until for at in whole.clock)
    assert short.clock == whole.clock[:known]
    assert short.equity == whole.equity[:known]
    assert short.held == whole.held[:known]
    assert short.trades == whole.trades[: len(short.trades)]


def test_the_portfolios_reach_every_corner() -> None:
    """Random cases would prove little if nobody went without cash, without a place, or through a split."""
    met: set[str] = set()
    for seed in range(700):
        market = make_portfolio(seed)
        out = market.oracle()
        met |= {order.status for orders in out.orders.values() for order in orders}
        met |= {str(trade["reason"]) for trade in out.trades} | {f"{most} held" for most in out.held}
        met |= {"dividend"} if any(out.dividends.values()) else set()
        met |= {"stale"} if out.stale_most > 1 else set()
        met |= {"another currency"} if any(out.rate_age.values()) else set()
        met |= {market.settle, market.weights, market.calendar}
        met |= (
            {"overlapping"} if len({one.table.ts[0] % one.table.interval for one in market.instruments}) > 1 else set()
        )
    corners = {"filled", "no_place", "no_cash", "replaced", "cancelled", "rounds_to_zero", "expired_in_gap", "ruined"}
    corners |= {"stop", "target", "trail", "signal", "flip", "liquidation", "delist", "end", "3 held", "4 held", "T+1"}
    corners |= {"dividend", "stale", "another currency", "equal", "given", "overlapping", "XNYS", "NSE", "FX"}
    assert corners - met == set()
