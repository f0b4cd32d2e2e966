"""Random small markets with everything that hurts: holes, untraded bars, ties, flat stretches, odd decimals."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tapehead.layout.columns import PARTIAL, TRADED
from tapehead.library.simulate import Simulation, simulate
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.signals import Signals
from tests.oracles.simulate import Outcome, Settings, Table, simulate_oracle

HOUR_US = 3_600_000_000


@dataclass
class Market:
    """Bars and the wishes of somebody who trades them."""

    table: Table
    enter: list[bool]
    leave: list[bool]

    def bars(self) -> Bars:
        return to_bars(self.table)

    def signals(self) -> Signals:
        return Signals(enter=np.array(self.enter, bool), leave=np.array(self.leave, bool))

    def simulate(self, settings: Settings) -> Simulation:
        return simulate(self.bars(), self.signals(), **vars(settings))

    def oracle(self, settings: Settings) -> Outcome:
        return simulate_oracle(self.table, self.enter, self.leave, settings)


def to_bars(table: Table, interval: str = "1h", symbol: str = "TEST") -> Bars:
    """The engine's bars of a table, flags as the table says."""
    flags = [TRADED if traded else 0 for traded in table.traded]
    for i, partial in enumerate(table.partial):
        flags[i] |= PARTIAL if partial else 0
    columns: dict[str, Any] = {"ts": np.array(table.ts, np.int64), "flags": np.array(flags, np.uint8)}
    for name in ("open", "high", "low", "close"):
        columns[name] = np.array(getattr(table, name), np.float64)
    volume = table.volume or [1.0 if traded else 0.0 for traded in table.traded]
    columns["volume"] = np.array(volume)
    return frozen_bars(Series("test", symbol, Interval.parse(interval)), columns, table.warm)


def closes(rng: random.Random, n: int) -> list[float]:
    """A walk of prices: with ticks (ties and flat stretches) or with all the bits a float has."""
    decimals = rng.choice([0, 1, 2, 8, None])
    price = rng.choice([100.0, 0.07, 5e-8, 43_210.55])
    rest = rng.choice([0.1, 0.5, 0.9])
    out = []
    for _ in range(n):
        if rng.random() > rest:
            price *= 1 + rng.uniform(-0.1, 0.1)
        shown = price if decimals is None else round(price, decimals)
        out.append(shown if shown > 0 else price)
    return out


def make_table(seed: int) -> Table:
    """Bars of up to 60 hours."""
    rng = random.Random(seed)
    n = rng.randint(1, 60)
    whole, spread = rng.choice([1.0, 0.99, 0.8]), rng.choice([0.0, 0.02])
    steps = [rng.randint(0, 400_000)]
    while len(steps) < n:
        steps.append(steps[-1] + (1 if rng.random() < whole else rng.randint(2, 6)))
    close = closes(rng, n)
    before = [close[0], *close[:-1]]
    opens = [rng.choice([c, b, c * (1 + rng.uniform(-spread, spread))]) for c, b in zip(close, before, strict=True)]
    still = rng.choice([0.0, 0.1, 0.5, 1.0])
    return Table(
        ts=[step * HOUR_US for step in steps],
        open=opens,
        high=[max(pair) * (1 + rng.uniform(0, spread)) for pair in zip(opens, close, strict=True)],
        low=[min(pair) * (1 - rng.uniform(0, spread)) for pair in zip(opens, close, strict=True)],
        close=close,
        traded=[rng.random() >= still for _ in range(n)],
        step=steps,
        partial=[False] * (n - 1) + [n > 1 and rng.random() < 0.2],
        warm=rng.choice([0, 0, rng.randint(0, max(n - 2, 0))]),
    )


def make_market(seed: int) -> Market:
    """A table and signals that often contradict each other."""
    table, rng = make_table(seed), random.Random(-1 - seed)
    wishes = [[rng.random() < share for _ in table.ts] for share in rng.choices([0.05, 0.3, 0.9], k=2)]
    return Market(table, *wishes)


def with_partial_dropped(table: Table) -> Table:
    """The table as the engine keeps it."""
    whole = [i for i, partial in enumerate(table.partial) if not partial]
    columns = {
        name: [getattr(table, name)[i] for i in whole]
        for name in ("ts", "open", "high", "low", "close", "traded", "step")
    }
    return Table(**columns, warm=min(table.warm, len(whole)))


markets = st.integers(0, 2**40).map(make_market)
settings_of_any_kind = st.builds(
    Settings,
    fill=st.sampled_from(["next_open", "close"]),
    fee=st.sampled_from([0.0, 0.001, 0.0123, 0.25]),
    slippage=st.sampled_from([0.0, 0.0002, 0.01]),
    size=st.sampled_from([1.0, 0.5, 0.3]),
    cash=st.sampled_from([10_000.0, 1.0, 777.77]),
    max_wait=st.sampled_from([None, None, 0, 1, 3]),
    on_conflict=st.sampled_from(["nothing", "enter", "ignore"]),
    close_at_end=st.booleans(),
    delisted=st.sampled_from([False, False, True]),
    delist_haircut=st.sampled_from([0.0, 0.3, 1.0]),
)
