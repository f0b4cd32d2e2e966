"""Random small portfolios with everything that hurts: holes, ties of rank, cash too short, splits, other currencies."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from math import nan

from hypothesis import strategies as st

from tests.oracles.portfolio import Fact, Instrument, Portfolio, portfolio_oracle, rebalancing
from tests.oracles.trading import DAY_US, HOUR_US, Settings, Table, Wishes
from tests.parity.features import CONDITIONS, FEES, make_lines, make_prices, make_settings, some

SYMBOLS = ("BBB", "AAA", "CC", "b", "DDD")


@dataclass
class Market:
    """Instruments, and the settings of the account they share."""

    instruments: list[Instrument]
    max_positions: int | None
    settle: str
    rebalance: str | None

    def oracle(self) -> Portfolio:
        """The twin."""
        return portfolio_oracle(self.instruments, self.max_positions, self.settle)


def make_bars(rng: random.Random, tick: float, interval: int, first: int, n: int) -> Table:
    """Bars about the same time as the others'."""
    whole, still = rng.choice([1.0, 1.0, 0.7]), rng.choice([0.0, 0.0, 0.3])
    steps = [first + rng.choice([0, 0, rng.randint(0, 6)])]
    while len(steps) < n:
        steps.append(steps[-1] + (1 if rng.random() < whole else rng.randint(2, 5)))
    traded = [rng.random() >= still for _ in range(n)]
    return Table(
        ts=[step * interval for step in steps],
        **make_prices(rng, n, tick),
        traded=traded,
        step=steps,
        partial=[False] * n,
        warm=rng.choice([0, 0, rng.randint(0, n - 1)]),
        volume=[rng.choice([10.0, 1_000.0, 77.7]) if one else 0.0 for one in traded],
        interval=interval,
    )


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


def make_instrument(
    rng: random.Random, symbol: str, common: Settings, weights: bool, place: tuple[int, int]
) -> Instrument:
    """One instrument with its own bars, wishes, terms and facts."""
    tick = rng.choice([0.0, 0.0, 0.01, 0.5])
    interval, first = place
    table = make_bars(rng, tick, interval, first, rng.randint(2, 40))
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
        facts=make_facts(rng, table) if rng.random() < 0.5 else (),
        rates=make_rates(rng, table) if rng.random() < 0.2 else (),
    )


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
    place = (rng.choice([HOUR_US, HOUR_US, DAY_US]), rng.randint(400, 9_000) * 24)
    names = rng.sample(SYMBOLS, rng.choice([1, 2, 3, 3, 5]))
    instruments = [make_instrument(rng, name, common, weights, place) for name in names]
    if rebalance is not None:
        instruments = [replace(one, decides=rebalancing(one.table.ts, rebalance)) for one in instruments]
    return Market(instruments, rng.choice([None, None, 1, 2]), settle, rebalance)


portfolios = st.integers(0, 2**40).map(make_portfolio)
