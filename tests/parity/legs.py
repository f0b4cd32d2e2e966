"""The engine's side of a portfolio: legs made of the twin's instruments, and what it says in the twin's words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tapehead.jobs.pool import settled_of
from tapehead.library.rules import read_rules
from tapehead.model.given import GivenWeights
from tapehead.model.interval import Interval
from tapehead.model.pooling import Pooling
from tapehead.portfolio.equal import equal_weights
from tapehead.portfolio.fills import PHASES
from tapehead.portfolio.given import given_weights
from tapehead.portfolio.leg import Fact as LegFact
from tapehead.portfolio.leg import Leg, Rates
from tapehead.portfolio.walk import LegOutcome, Walked, walk_together
from tapehead.portfolio.weights import Weighing, Weights
from tests.oracles.portfolio import Instrument, Portfolio, whole
from tests.oracles.purse import Found
from tests.oracles.trading import Order, Row
from tests.parity.features import World
from tests.parity.markets import to_bars

ORDER = ("side", "opens", "reason", "status", "quantity", "wanted", "price", "fee", "maker")


def walk(
    instruments: Sequence[Instrument], max_positions: int | None = None, settle: str = "T+0", calendar: str = "24/7"
) -> Walked:
    """The engine."""
    legs = [to_leg(one, next_session=settle == "T+1", calendar=calendar) for one in instruments]
    walked = walk_together(legs, max_positions=max_positions, orders=True)
    assert walked is not None
    return walked


def to_leg(one: Instrument, *, next_session: bool, calendar: str) -> Leg:
    """The engine's leg of an instrument."""
    one = whole(one)
    bars = to_bars(one.table, str(Interval.of_us(one.table.interval)))
    bars = replace(bars, series=bars.series._replace(symbol=one.symbol))
    signals = World(one.table, one.wishes, one.settings).signals()
    if len(one.rank):
        signals = replace(signals, rank=np.array(one.rank, np.float64))
    since, value = zip(*one.rates, strict=True) if one.rates else ((), ())
    order = sorted(one.facts, key=lambda fact: (fact.time, fact.kind != "dividend"))
    return Leg(
        bars,
        signals,
        read_rules(vars(one.settings) | {"calendar": calendar}),
        decides=np.array(one.decides, bool) if len(one.decides) else None,
        settled=settled_of(bars, calendar) if next_session else None,
        facts=tuple(LegFact(fact.time, fact.kind, fact.value) for fact in order),
        rates=Rates(np.array(since, np.int64), np.array(value, np.float64)) if one.rates else None,
    )


def walked_weights(
    instruments: Sequence[Instrument],
    every: str,
    most: int | None,
    given: Sequence[tuple[int, dict[str, float]]] = (),
) -> list[Weights]:
    """The engine's weights of the twin's instruments, in their order: equal ones where none are given."""
    rules = instruments[0].settings
    many = []
    for one in instruments:
        leg = to_leg(replace(one, decides=()), next_session=False, calendar="24/7")
        many.append(Weighing(leg.bars, leg.signals, one.settings.delisted))
    if given:
        name = {symbol(one.bars.series.instrument): one.bars.series.instrument for one in many}
        told = [
            (time, tuple((name[each], weight) for each, weight in held.items()))
            for time, held in sorted(given, key=lambda one: one[0])
        ]
        return given_weights(many, GivenWeights(tuple(told)), Pooling(rebalance=every))
    pooling = Pooling(weights="equal", rebalance=every, max_positions=most)
    return equal_weights(many, pooling, min(1.0, rules.leverage), at_close=rules.fill == "close")


def symbol(name: str) -> str:
    """The twin's name of a leg."""
    return name.partition(":")[2]


def trades_of(walked: Walked) -> list[Row]:
    """Closed trades of all, in the order of exits."""
    rows = [list(leg.trades.rows()) for leg in walked.legs]
    return [Row(rows[i][k] | {"instrument": symbol(walked.legs[i].name)}) for i, k in walked.order]


def orders_of(walked: Walked) -> dict[str, list[Row]]:
    """Orders of each, told as the twin tells them."""
    out: dict[str, list[Row]] = {}
    for leg in walked.legs:
        assert leg.orders is not None
        rows = [{name: row[name] for name in (*ORDER, "decided", "bar")} for row in leg.orders.rows()]
        out[symbol(leg.name)] = [Row(row) for row in rows]
    return out


def twin_orders(one: Instrument, orders: list[Order]) -> list[Row]:
    """The twin's orders as the engine tells them: bars counted from the start."""
    warm = one.table.warm
    rows = []
    for order in orders:
        row = Row({name: getattr(order, name) for name in ORDER})
        rows.append(Row(row | {"decided": order.decided - warm, "bar": -1 if order.bar is None else order.bar - warm}))
    return rows


def same_trades(got: list[Row], want: list[Row], split: set[str]) -> bool:
    """To the last bit; prices of a trade that may have lived through a split, which are products, to 1e-12."""
    if len(got) != len(want):
        return False
    for one, other in zip(got, want, strict=True):
        for name in ("worst", "best", "entry_wanted", "exit_wanted") if other["instrument"] in split else ():
            if not math.isclose(float(one[name]), float(other[name]), rel_tol=1e-12, abs_tol=1e-12):
                return False
            one[name] = other[name]
    return got == want


def fills_of(walked: Walked) -> list[Found]:
    """What every fill found, as the twin tells it."""
    fills = walked.fills
    assert fills is not None
    rows = [fills.row(place) for place in range(len(fills))]
    names = ("held", "taken", "cash", "locked", "units", "beside", "own", "fee")
    found = [
        Found(
            int(walked.clock[row["instant"]]),
            symbol(walked.legs[row["leg"]].name),
            *(row[name] for name in names),
            PHASES[row["phase"]],
            row["cash_after"],
            row["units_after"],
        )
        for row in rows
    ]
    return [one if buys else spent_nothing(one) for one, buys in zip(found, fills.buys().tolist(), strict=True)]


def spent_nothing(fill: Found) -> Found:
    """Of one that only leaves it is not told what could be spent, so it is not asked."""
    return replace(fill, locked=0.0, taken=0)


def buys(fill: Found) -> bool:
    """Whether a fill of the twin opens a position or adds to one."""
    return fill.units * fill.units_after < 0.0 or abs(fill.units_after) > abs(fill.units) or fill.units == 0.0


def steps(fills: list[Found]) -> list[Found]:
    """Fills that follow each other in one instrument and instant as one: the engine makes some of them in one step."""
    out: list[Found] = []
    for one in fills:
        last = out[-1] if out else None
        if last is not None and (last.begin, last.symbol, last.phase) == (one.begin, one.symbol, one.phase):
            fee = last.fee + one.fee
            out[-1] = replace(last, cash_after=one.cash_after, units_after=one.units_after, fee=fee)
        else:
            out.append(one)
    return out


def same_fills(got: list[Found], want: list[Found]) -> bool:
    """To the last bit; the fee of two fills in one step, which is a sum, to 1e-9."""
    got, want = steps(got), steps([one if buys(one) else spent_nothing(one) for one in want])
    near = len(got) == len(want) and all(
        math.isclose(one.fee, other.fee, rel_tol=1e-9, abs_tol=1e-9) for one, other in zip(got, want, strict=True)
    )
    return near and [replace(one, fee=0.0) for one in got] == [replace(one, fee=0.0) for one in want]


def differences(instruments: Sequence[Instrument], want: Portfolio, got: Walked) -> list[str]:
    """Names of everything in which engine and twin are not the same to the last bit."""
    split = {one.symbol for one in instruments if any(fact.kind == "split" for fact in one.facts)}
    pairs: dict[str, tuple[Any, Any]] = {
        "clock": (got.clock.tolist(), want.clock),
        "equity": (got.equity.tolist(), want.equity),
        "cash": (got.cash.tolist(), want.cash),
        "exposure": (got.exposure.tolist(), want.exposure),
        "held": (got.held.tolist(), want.held),
        "lived": (got.lived.tolist(), want.lived),
        "trades": (same_trades(trades_of(got), want.trades, split), True),
        "fills": (same_fills(fills_of(got), want.fills), True),
        "interest": (got.interest, want.interest),
        "stale": ((got.stale_most, got.stale_mean), (want.stale_most, want.stale_mean)),
    }
    orders, of = orders_of(got), {one.symbol: one for one in instruments}
    for leg in got.legs:
        name = symbol(leg.name)
        held = want.open.get(name)
        pairs |= {
            f"orders of {name}": (orders[name], twin_orders(of[name], want.orders[name])),
            f"share of {name}": (leg.share, want.shares[name]),
            f"dividends of {name}": (leg.dividends, want.dividends[name]),
            f"flags of {name}": (set(leg.flags), want.flags[name]),
            f"units of {name}": (leg.position.quantity if leg.position else 0.0, held.quantity if held else 0.0),
        }
    for name, one in ((symbol(leg.name), leg) for leg in got.legs):
        assert one.orders is not None
        pairs[f"trades of the orders of {name}"] = (own_trades(one), one.orders.trade[one.orders.trade >= 0].tolist())
    return [name for name, (one, other) in pairs.items() if one != other]


def own_trades(leg: LegOutcome) -> list[int]:
    """The trade that each filled order belongs to, by its bars: none before the entry, none after the exit."""
    assert leg.orders is not None
    filled = leg.orders.trade >= 0
    found = []
    for bar, told in zip(leg.orders.bar[filled].tolist(), leg.orders.trade[filled].tolist(), strict=True):
        fits = [k for k in range(len(leg.trades)) if leg.trades.entry_bar[k] <= bar <= leg.trades.exit_bar[k]]
        is_open = leg.position is not None and bar >= leg.position.entry_bar
        found.append(told if told in (*fits, *([len(leg.trades)] if is_open else [])) else -1)
    return found
