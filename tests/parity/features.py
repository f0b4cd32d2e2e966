"""Random markets with every feature of the engine at once: levels, lines, ticks, lots, fees, sessions, leverage."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from math import nan
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from tapehead.indicators.memo import Memo
from tapehead.library.rules import read_rules
from tapehead.model.bars import Bars
from tapehead.model.interval import Interval
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import Simulated
from tapehead.simulation.simulate import simulate as run_simulation
from tests.oracles.resample import grid_of
from tests.oracles.simulate import simulate_oracle, without_partial
from tests.oracles.trading import DAY_US, HOUR_US, Outcome, Row, Session, Settings, Table, Wishes
from tests.parity.markets import to_bars
from tests.parity.sessions import MARKETS, calendar_of, us

MINUTE_US = 60_000_000
CONDITIONS = ("enter", "leave", "enter_short", "leave_short")
LINES = ("target", "limit", "stop", "size", "part", "stop_loss_at", "take_profit_at", "trail_at")
FEES = (
    *(0.0, 0.0, 0.001, 0.0123),
    *("maker 0bps taker 10bps", "maker 5bps taker 2bps", "1usd", "5bps+1usd", "min(20usd, 0.3%)", "max(2usd, 10bps)"),
    *("10bps; 1975-01-01 5bps+1usd", "min(3usd, 1%); 1985-01-01 max(1usd, 20bps)"),
)


@dataclass
class World:
    """Bars, wishes and settings that were drawn together."""

    table: Table
    wishes: Wishes
    settings: Settings
    calendar: str = "24/7"

    def __repr__(self) -> str:
        """Everything, so that a failing case can be written down."""
        told = {name: value for name, value in vars(self.settings).items() if value != getattr(Settings(), name)}
        return f"World({self.calendar}, {told}, {self.table}, {self.wishes})"

    def rules(self) -> Rules:
        """The engine's settings."""
        return read_rules(vars(self.settings) | {"calendar": self.calendar})

    def signals(self) -> Signals:
        """What a strategy would hand over."""
        given: dict[str, Any] = {
            name: np.array(getattr(self.wishes, name), bool) for name in CONDITIONS if len(getattr(self.wishes, name))
        }
        given |= {
            name: np.array(getattr(self.wishes, name), float) for name in LINES if len(getattr(self.wishes, name))
        }
        return Signals(**given)

    def whole(self) -> World:
        """The same without a partial last bar, as an import would hand it over."""
        return World(*without_partial(self.table, self.wishes), self.settings, self.calendar)

    def bars(self) -> Bars:
        """The engine's bars."""
        return to_bars(self.whole().table, str(Interval.of_us(self.table.interval)))

    def simulate(self, *, orders: bool = True) -> Simulated:
        """The engine."""
        bars, signals = self.bars(), self.whole().signals()
        signals.check(len(bars), "features", "test")
        return run_simulation(bars, signals, self.rules(), Memo(), orders=orders)

    def oracle(self) -> Outcome:
        """The twin."""
        lines = {name: getattr(self.wishes, name) for name in (*CONDITIONS[2:], *LINES)}
        return simulate_oracle(self.table, self.wishes.enter, self.wishes.leave, self.settings, **lines)


def order_rows(outcome: Outcome, world: World) -> list[Row]:
    """The twin's orders as the engine tells them."""
    warm = world.whole().table.warm
    names = ("side", "opens", "reason", "status", "quantity", "wanted", "price", "fee", "maker", "trade")
    rows = []
    for one in outcome.orders:
        row = Row({name: getattr(one, name) for name in names})
        row |= {"decided": one.decided - warm, "bar": -1 if one.bar is None else one.bar - warm}
        rows.append(row)
    return rows


def make_prices(rng: random.Random, n: int, tick: float) -> dict[str, list[float]]:
    """A walk with gaps and ties; on ticks where there are any."""
    price, wild = rng.choice([100.0, 20.0, 4.0, 43_210.5]), rng.choice([0.005, 0.02, 0.08, 0.25])
    out: dict[str, list[float]] = {"open": [], "high": [], "low": [], "close": []}

    def shown(value: float) -> float:
        return max(round(round(value / tick) * tick, 10), tick) if tick else value

    for _ in range(n):
        gap = rng.choice([0.0, 0.0, rng.uniform(-wild, wild), rng.uniform(-3 * wild, 3 * wild)])
        begin = shown(price * (1 + gap))
        end = shown(begin * (1 + rng.choice([0.0, rng.uniform(-wild, wild), rng.uniform(-wild, wild)])))
        above, below = (rng.choice([0.0, rng.uniform(0, wild)]) for _ in range(2))
        out["open"].append(begin)
        out["close"].append(end)
        out["high"].append(max(begin, end, shown(max(begin, end) * (1 + above))))
        out["low"].append(min(begin, end, shown(min(begin, end) * (1 - below))))
        price = end
    return out


def make_features_table(rng: random.Random, tick: float) -> Table:
    """Bars of up to 60 hours or days of which some are missing or untraded."""
    n = rng.randint(2, 60)
    whole, still = rng.choice([1.0, 1.0, 0.8]), rng.choice([0.0, 0.0, 0.2, 0.5])
    interval = rng.choice([HOUR_US, HOUR_US, HOUR_US, HOUR_US // 4, DAY_US])
    steps = [rng.randint(0, 365 * 30) * DAY_US // interval + rng.randint(0, 23)]
    while len(steps) < n:
        steps.append(steps[-1] + (1 if rng.random() < whole else rng.randint(2, 30)))
    traded = [rng.random() >= still for _ in range(n)]
    return Table(
        ts=[step * interval for step in steps],
        **make_prices(rng, n, tick),
        traded=traded,
        step=steps,
        partial=[False] * (n - 1) + [rng.random() < 0.05],
        warm=rng.choice([0, 0, rng.randint(0, n - 2)]),
        volume=[rng.choice([10.0, 1_000.0, 77.7]) if one else 0.0 for one in traded],
        interval=interval,
    )


ZONES = {"24/7": "UTC", "XNYS": "America/New_York", "NSE": "Asia/Kolkata", "FX": "America/New_York"}


@cache
def grid(market: str, interval: int) -> list[tuple[int, Session]]:
    """Every bar that three weeks or so of an exchange should have, and its session."""
    out = []
    for one in MARKETS[market]:
        wall = one.opened.astimezone(ZoneInfo(ZONES[calendar_of(market)]))
        session = Session(us(one.opened), us(one.closed), (wall.hour * 60 + wall.minute) * MINUTE_US)
        out += [(us(at), session) for at in grid_of(one, timedelta(microseconds=interval))]
    return out


def on_an_exchange(rng: random.Random, table: Table) -> str:
    """Move the bars to some weeks of an exchange; return its calendar."""
    market = rng.choice(sorted(MARKETS))
    table.interval = rng.choice([HOUR_US, HOUR_US // 4, HOUR_US // 2])
    wide = min(len(table.ts) + rng.choice([0, 0, len(table.ts) // 2]), len(grid(market, table.interval)))
    put_on(rng, table, market, rng.randint(0, len(grid(market, table.interval)) - wide), wide)
    return calendar_of(market)


def put_on(rng: random.Random, table: Table, market: str, first: int, wide: int) -> None:
    """Move the bars to some of `wide` places of an exchange."""
    places = grid(market, table.interval)
    table.step = sorted(rng.sample(range(first, first + wide), len(table.ts)))
    table.ts = [places[step][0] for step in table.step]
    table.sessions = [places[step][1] for step in table.step]


def make_lines(rng: random.Random, table: Table, side: str, leverage: float) -> dict[str, list[float]]:
    """Levels about the close, weights, sizes, parts; most of them say nothing most of the time."""
    n = len(table.ts)
    around = {
        "limit": (0.3, 0.97, 1.03),
        "stop": (0.3, 0.97, 1.03),
        "stop_loss_at": (0.4, 0.9, 1.1),
        "take_profit_at": (0.3, 0.9, 1.15),
        "trail_at": (0.3, 0.9, 1.1),
    }
    lines = {}
    for name, (share, low, high) in around.items():
        if rng.random() < (0.4 if name in ("limit", "stop") else 0.25):
            lines[name] = [c * rng.uniform(low, high) if rng.random() < share else nan for c in table.close]
    if rng.random() < 0.2:
        lines["size"] = [rng.uniform(0.01, 2.0) if rng.random() < 0.5 else nan for _ in range(n)]
    if rng.random() < 0.3:
        lines["part"] = [rng.choice([0.25, 0.5, 1.0, nan]) for _ in range(n)]
    if rng.random() < 0.2:
        lines.pop("limit", None)
        lines.pop("stop", None)
        weights = [0.0, 0.3, 0.5, min(1.0, leverage), leverage, nan, nan]
        weights += [-w for w in weights[1:5]] if side != "long" or rng.random() < 0.3 else []
        lines["target"] = [min(max(rng.choice(weights), -leverage), leverage) for _ in range(n)]
        if rng.random() < 0.5:
            lines["target"] = [lines["target"][i // 7 * 7] for i in range(n)]
    return lines


def some(rng: random.Random, share: float, *values: Any) -> Any:
    """One of the values with this chance, else None."""
    return rng.choice(values) if rng.random() < share else None


def make_settings(rng: random.Random, tick: float) -> Settings:
    """Settings that do not contradict each other."""
    side = rng.choice(["long", "short", "both", "both"])
    leverage = rng.choice([1.0, 1.0, 1.0, 0.5, 3.0, 10.0])
    sizing = rng.choice(["fraction", "fraction", "fraction", "cash", "units", "risk"])
    cash = rng.choice([10_000.0, 1_000.0, 777.77])
    sizes = {"fraction": [1.0, 0.5, leverage], "cash": [500.0, 5_000.0], "units": [3.0, 0.7], "risk": [0.01, 0.05]}
    kind = rng.choice(["fraction", "fraction", "spread", "volume"])
    slips = {"fraction": [0.0, 0.0002, 0.01], "spread": [0.0, 0.05], "volume": [0.05, 0.5]}
    hour = f"{rng.randint(0, 23):02d}:{rng.choice(['00', '30'])}"
    first, last = sorted(rng.sample(range(24), 2))
    return Settings(
        fill=rng.choice(["next_open", "next_open", "close"]),
        fee=rng.choice(FEES),
        slippage=rng.choice(slips[kind]),
        slippage_kind=kind,
        size=min(rng.choice(sizes[sizing]), leverage) if sizing == "fraction" else rng.choice(sizes[sizing]),
        sizing=sizing,
        cash=cash,
        lot=some(rng, 0.3, 1.0, 0.1, 0.001) or 0.0,
        tick=tick,
        min_notional=some(rng, 0.2, 50.0, 600.0) or 0.0,
        multiplier=some(rng, 0.2, 5.0, 0.1) or 1.0,
        side=side,
        flip=side == "both" and rng.random() < 0.5,
        stop_loss=some(rng, 0.5, 0.01, 0.05, 0.2),
        take_profit=some(rng, 0.4, 0.01, 0.05, 0.2),
        trail=some(rng, 0.3, 0.01, 0.04, 0.1),
        time_stop=some(rng, 0.25, 1, 3, 8),
        path=rng.choice(["pessimistic", "pessimistic", "optimistic", "ohlc"]),
        limit_through=rng.choice([1, 1, 0, 3]),
        valid_bars=some(rng, 0.3, 1, 3),
        day=rng.random() < 0.2,
        band=some(rng, 0.5, 0.0, 0.05, 0.3),
        leverage=leverage,
        maintenance=rng.choice([0.0, 0.02]) if leverage > 1 else 0.0,
        borrow=some(rng, 0.3, 0.03, 2.0) or 0.0,
        cash_rate=some(rng, 0.2, 0.05, -0.01) or 0.0,
        pyramid=rng.choice([1, 1, 1, 2, 4]),
        entry_window=f"{first:02d}:00-{last:02d}:00" if rng.random() < 0.15 else "",
        square_off=hour if rng.random() < 0.15 else "",
        overnight=rng.random() > 0.1,
        close_at_end=rng.random() < 0.2,
        max_wait=some(rng, 0.2, 0, 1, 3),
        on_conflict=rng.choice(["nothing", "enter", "ignore"]),
        delist_haircut=rng.choice([0.0, 0.3, 1.0]),
        delisted=rng.random() < 0.1,
    )


def make_world(seed: int) -> World:
    """A market with all features."""
    rng = random.Random(seed)
    tick = rng.choice([0.0, 0.0, 0.01, 0.5])
    table = make_features_table(rng, tick)
    settings = make_settings(rng, tick)
    calendar = "24/7"
    if rng.random() < 0.15:
        calendar = on_an_exchange(rng, table)
        settings = replace(settings, overnight=rng.random() < 0.5)
    lines = make_lines(rng, table, settings.side, settings.leverage)
    wishes = Wishes(**lines)
    if "target" not in lines:
        shares = rng.choices([0.05, 0.2, 0.6], k=4)
        for name, share in zip(CONDITIONS, shares, strict=True):
            setattr(wishes, name, [rng.random() < share for _ in table.ts])
    return World(table, wishes, settings, calendar)


worlds = st.integers(0, 2**40).map(make_world)
