"""Random small portfolios with everything that hurts: holes, ties of rank, cash too short, splits, other currencies.

Their bars may overlap or keep the hours of an exchange, and their weights may be equal ones or given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan

from hypothesis import strategies as st

from tests.oracles.portfolio import (
    Fact,
    Instrument,
    Portfolio,
    equal_weights,
    given_weights,
    portfolio_oracle,
    rebalancing,
    whole,
)
from tests.oracles.trading import DAY_US, HOUR_US, Settings, Table, Wishes
from tests.parity.features import (
    CONDITIONS,
    FEES,
    MINUTE_US,
    grid,
    make_lines,
    make_prices,
    make_settings,
    put_on,
    some,
)
from tests.parity.sessions import MARKETS, calendar_of

NEVER = 2**62
SYMBOLS = ("BBB", "AAA", "CC", "b", "DDD")


@dataclass
class Market:
    """Instruments, and the settings of the account they share.

    `asked`: the instruments before `weights`, which are "" (a strategy's own), "equal" or those of the rows `given`.
    """

    instruments: list[Instrument]
    max_positions: int | None
    settle: str
    rebalance: str | None
    calendar: str = "24/7"
    weights: str = ""
    asked: Sequence[Instrument] = ()
    given: Sequence[tuple[int, dict[str, float]]] = ()

    def oracle(self) -> Portfolio:
        """The twin."""
        return portfolio_oracle(self.instruments, self.max_positions, self.settle)


@dataclass(frozen=True)
class Place:
    """Where the bars of all lie: on a grid from a step on, or among the hours of an exchange; `lates` moves some."""

    interval: int
    first: int
    market: str = ""
    lates: Sequence[int] = (0,)


def make_place(rng: random.Random) -> Place:
    """The hours or days of no exchange, which may begin inside those of another instrument; or some of an exchange."""
    interval, first = rng.choice([HOUR_US, HOUR_US, DAY_US]), rng.randint(400, 9_000) * 24
    if rng.random() < 0.15:
        interval, market = rng.choice([HOUR_US, HOUR_US // 2]), rng.choice(sorted(MARKETS))
        return Place(interval, rng.randint(0, len(grid(market, interval)) - 60), market)
    if rng.random() < 0.4:
        return Place(interval, first, lates=(0, interval // 2, interval * 11 // 12, MINUTE_US))
    return Place(interval, first)


def make_bars(rng: random.Random, tick: float, place: Place, n: int) -> Table:
    """Bars about the same time as the others'."""
    interval, first = place.interval, place.first
    whole, still = rng.choice([1.0, 1.0, 0.7]), rng.choice([0.0, 0.0, 0.3])
    steps = [first + rng.choice([0, 0, rng.randint(0, 6)])]
    while len(steps) < n:
        steps.append(steps[-1] + (1 if rng.random() < whole else rng.randint(2, 5)))
    traded = [rng.random() >= still for _ in range(n)]
    late = rng.choice(place.lates)
    table = Table(
        ts=[step * interval + late for step in steps],
        **make_prices(rng, n, tick),
        traded=traded,
        step=steps,
        partial=[False] * (n - 1) + [rng.random() < 0.05],
        warm=rng.choice([0, 0, rng.randint(0, n - 2)]),
        volume=[rng.choice([10.0, 1_000.0, 77.7]) if one else 0.0 for one in traded],
        interval=interval,
    )
    if place.market:
        put_on(rng, table, place.market, first, n + rng.choice([0, 0, n // 2]))
    return table


def make_facts(rng: random.Random, table: Table) -> list[Fact]:
    """A split and a dividend or two, on a bar or between two."""
    out = []
    for _ in range(rng.choice([0, 0, 1, 3])):
        at = rng.choice(table.ts) - rng.choice([0, 0, table.interval // 2])
        split = rng.random() < 0.5
        out.append(
            Fact(at, "split" if split else "dividend", rng.choice([2.0, 0.1, 1.5, 7.0] if split else [0.5, 3.0]))
        )
    return out


def make_rates(rng: random.Random, table: Table) -> list[tuple[int, float]]:
    """What one unit of another currency is, from before the first bar on."""
    rates, at = [(table.ts[0] - DAY_US, 1.25)], table.ts[0]
    while at < table.ts[-1]:
        at += rng.choice([1, 3, 10]) * table.interval
        rates.append((at, rates[-1][1] * (1 + rng.uniform(-0.05, 0.05))))
    return rates


def own_terms(rng: random.Random, common: Settings, tick: float) -> Settings:
    """What differs from instrument to instrument."""
    return replace(
        common,
        fee=rng.choice(FEES),
        tick=tick,
        slippage=rng.choice([common.slippage, 0.0]),
        lot=some(rng, 0.3, 1.0, 0.1) or 0.0,
        multiplier=some(rng, 0.2, 5.0, 0.1) or 1.0,
        delisted=rng.random() < 0.15,
    )


def paid_at(table: Table, market: str) -> list[int]:
    """When the money of a sale in each bar is there: at the open of the next session."""
    opens = sorted({session.open for _, session in grid(market, table.interval)})
    return [min((at for at in opens if at > session.open), default=NEVER) for session in table.sessions]


def make_instrument(rng: random.Random, symbol: str, common: Settings, weights: bool, place: Place) -> Instrument:
    """One instrument with its own bars, wishes, terms and facts."""
    tick = rng.choice([0.0, 0.0, 0.01, 0.5])
    table = make_bars(rng, tick, place, rng.randint(2, 40))
    lines = make_lines(rng, table, common.side, common.leverage)
    lines.pop("target", None)
    wishes = Wishes(**lines)
    if weights:
        shares = [0.0, 0.2, 0.5, nan, nan] + ([-0.2] if common.side == "both" else [])
        wishes = Wishes(target=[rng.choice(shares) * common.leverage for _ in table.ts])
        if rng.random() < 0.7:
            wishes.target = [wishes.target[i // 7 * 7] for i in range(len(table.ts))]
    else:
        for name, share in zip(CONDITIONS, rng.choices([0.05, 0.2, 0.6], k=4), strict=True):
            setattr(wishes, name, [rng.random() < share for _ in table.ts])
    ranks = [rng.choice([1.0, 2.0, -1.0, nan]) for _ in table.ts] if rng.random() < 0.7 else ()
    return Instrument(
        symbol,
        table,
        wishes,
        own_terms(rng, common, tick),
        rank=ranks,
        settled=paid_at(table, place.market) if place.market else (),
        facts=make_facts(rng, table) if rng.random() < 0.5 else (),
        rates=make_rates(rng, table) if rng.random() < 0.2 else (),
    )


def make_given(rng: random.Random, market: Market, common: Settings) -> list[tuple[int, dict[str, float]]]:
    """Weights at some times, on bars and between them, that sum to no more than the leverage."""
    clock = [ts + rng.choice([0, 0, -1, one.table.interval // 2]) for one in market.instruments for ts in one.table.ts]
    sides = [1.0, -1.0] if common.side == "both" else [-1.0] if common.side == "short" else [1.0]
    rows = []
    for time in sorted(set(rng.sample(clock, min(len(clock), rng.randint(1, 12))))):
        some = [one.symbol for one in market.instruments if rng.random() < 0.7]
        shares = [0.0, 0.1, 1.0 / len(market.instruments)]
        rows.append((time, {name: rng.choice(shares) * rng.choice(sides) * common.leverage for name in some}))
    return rows


def weighed(rng: random.Random, market: Market, common: Settings) -> Market:
    """With weights of all together instead of each strategy's own."""
    market = replace(market, asked=[whole(one) for one in market.instruments])
    if rng.random() < 0.5 or common.side == "short":
        rows = make_given(rng, market, common)
        every = rng.choice([None, None, "day", "week"])
        made = given_weights(market.asked, rows, every)
        market = replace(market, weights="given", given=rows, rebalance=every)
    else:
        every = rng.choice(["bar", "day", "week"])
        made = equal_weights(market.asked, every, market.max_positions)
        market = replace(market, weights="equal", rebalance=every)
    legs = [
        replace(one, wishes=Wishes(target=made[one.symbol][0]), decides=made[one.symbol][1]) for one in market.asked
    ]
    return replace(market, instruments=legs)


def make_portfolio(seed: int) -> Market:
    """Up to five instruments with one strategy's kind of wishes and one account."""
    rng = random.Random(seed)
    common, weights = make_settings(rng, 0.0), rng.random() < 0.4
    if rng.random() < 0.8:
        common = replace(
            common, sizing="fraction", size=rng.choice([0.2, 0.4, 1.0]) * common.leverage, min_notional=0.0
        )
    settle = "T+1" if common.leverage <= 1 and rng.random() < 0.3 else "T+0"
    rebalance = rng.choice([None, None, "bar", "day", "week"]) if weights else None
    place = make_place(rng)
    names = rng.sample(SYMBOLS, rng.choice([1, 2, 3, 3, 5]))
    instruments = [make_instrument(rng, name, common, weights, place) for name in names]
    calendar = calendar_of(place.market) if place.market else "24/7"
    market = Market(instruments, rng.choice([None, None, 1, 2]), settle, rebalance, calendar)
    if rng.random() < 0.3:
        return weighed(rng, market, common)
    if rebalance is not None:
        market.instruments = [replace(one, decides=rebalancing(one.table.ts, rebalance)) for one in instruments]
    return market


portfolios = st.integers(0, 2**40).map(make_portfolio)
