"""Case: one random market with signals and settings, equal for equal seed and number on every machine."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, replace
from typing import Any

WISHES = ("enter", "leave", "enter_short", "leave_short")
PRICES = ("open", "high", "low", "close")
TIERS = (1, 2, 3)
HOUR_US = 3_600_000_000
BEGIN_US = 1_609_459_200_000_000  # 2021-01-01T00:00:00Z


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings under the engine's names, fractions.

    `levels` says what stops and targets are fractions of: the `fill`, or, as prices laid down `at` the decision, the
    close of that bar.
    """

    fill: str = "next_open"
    fee: float = 0.0
    slippage: float = 0.0
    size: float = 1.0
    cash: float = 10_000.0
    side: str = "long"
    flip: bool = False
    stop_loss: float | None = None
    take_profit: float | None = None
    trail: float | None = None
    path: str = "pessimistic"
    levels: str = "fill"

    def rules(self) -> dict[str, Any]:
        """The settings that the engine's own door takes."""
        said = asdict(self)
        levels = said.pop("levels")
        return {**said, "stop_loss": None, "take_profit": None} if levels == "at" else said

    def changed(self) -> dict[str, Any]:
        """The settings that are not the default."""
        plain = asdict(Settings())
        return {name: value for name, value in asdict(self).items() if value != plain[name]}


@dataclass(frozen=True, slots=True)
class Case:
    """Bars and wishes as lists of one length; `step` counts hours, so that a hole is seen.

    `tier` 1 has strictly alternating wishes, 2 conflicting ones, 3 stops, targets and shorts as well.
    """

    seed: int
    number: int
    tier: int
    step: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    enter: list[bool]
    leave: list[bool]
    enter_short: list[bool]
    leave_short: list[bool]
    settings: Settings = field(default_factory=Settings)

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.close)

    def ts(self) -> list[int]:
        """Open times, us UTC."""
        return [BEGIN_US + step * HOUR_US for step in self.step]

    def bars(self, kept: list[int]) -> Case:
        """The case with some of its bars only."""
        names = ("step", *PRICES, *WISHES)
        return replace(self, **{name: [getattr(self, name)[i] for i in kept] for name in names})

    def told(self) -> dict[str, Any]:
        """The case as JSON holds it."""
        return asdict(self)

    @staticmethod
    def read(told: dict[str, Any]) -> Case:
        """Undo `told`."""
        return Case(**{**told, "settings": Settings(**told["settings"])})


def make_case(seed: int, number: int, tier: int | None = None) -> Case:
    """Make case `number` of a seed; without `tier` the tiers come in turn."""
    tier = TIERS[number % len(TIERS)] if tier is None else tier
    rng = random.Random(f"{seed} {number} {tier}")
    n = rng.choice([rng.randint(2, 30), rng.randint(30, 120), rng.randint(120, 300)])
    prices = _prices(rng, n)
    wishes = {1: _alternating, 2: _conflicting, 3: _conflicting}[tier](rng, n)
    settings = _settings(rng)
    if tier == 3:
        settings = _with_exits(rng, settings)
        if settings.side != "long":
            wishes |= _shorts(rng, n, settings.side, wishes)
    step, hours = [], 0
    for _ in range(n):
        step.append(hours)
        hours += 1 if rng.random() < 0.99 else rng.randint(2, 9)
    return Case(seed=seed, number=number, tier=tier, step=step, settings=settings, **prices, **wishes)


def _prices(rng: random.Random, n: int) -> dict[str, list[float]]:
    """Decimal prices with ties and flat stretches, or a walk with all its digits; gaps between close and open."""
    decimals = rng.choice([0, 1, 2, 2, 4, None, None])
    price = rng.choice([100.0, 21.5, 9_876.5]) if decimals != 4 else rng.choice([0.35, 1.1, 100.0])
    tick = 0.0 if decimals is None else 10.0**-decimals
    least = max(tick * 20, price / 50)
    wild, rest, gaps = rng.choice([0.002, 0.01, 0.04]), rng.choice([0.05, 0.3, 0.8]), rng.choice([0.0, 0.1, 1.0])

    def shown(value: float) -> float:
        return max(value, least) if decimals is None else round(max(value, least), decimals)

    out: dict[str, list[float]] = {name: [] for name in PRICES}
    last = shown(price)
    for _ in range(n):
        opened = shown(last * (1 + rng.gauss(0, wild))) if rng.random() < gaps else last
        closed = opened if rng.random() < rest else shown(opened * (1 + rng.gauss(0, wild)))
        reach = [abs(rng.gauss(0, wild)) if rng.random() > rest else 0.0 for _ in range(2)]
        out["open"].append(opened)
        out["close"].append(closed)
        out["high"].append(max(opened, closed, shown(max(opened, closed) * (1 + reach[0]))))
        out["low"].append(min(opened, closed, shown(min(opened, closed) * (1 - reach[1]))))
        last = closed
    return out


def _alternating(rng: random.Random, n: int) -> dict[str, list[bool]]:
    """Enter, leave, enter, leave and so on, one wish a bar at most."""
    wishes = {name: [False] * n for name in WISHES}
    share = rng.choice([0.03, 0.2, 0.7, 1.0])
    inside = False
    for t in range(n):
        if rng.random() < share:
            wishes["leave" if inside else "enter"][t] = True
            inside = not inside
    return wishes


def _conflicting(rng: random.Random, n: int) -> dict[str, list[bool]]:
    """Wishes that repeat and stand on the first and the last bar; in half of the cases they contradict each other."""
    wishes = {name: [False] * n for name in WISHES}
    for name in ("enter", "leave"):
        wishes[name] = _scattered(rng, n)
    if rng.random() < 0.5:
        wishes["leave"] = [leave and not enter for leave, enter in zip(wishes["leave"], wishes["enter"], strict=True)]
    return wishes


def _scattered(rng: random.Random, n: int) -> list[bool]:
    """Wishes at random, often on both ends."""
    share = rng.choice([0.03, 0.2, 0.5, 0.95])
    wish = [rng.random() < share for _ in range(n)]
    for end in (0, n - 1):
        wish[end] = rng.random() < 0.5
    return wish


def _shorts(rng: random.Random, n: int, side: str, wishes: dict[str, list[bool]]) -> dict[str, list[bool]]:
    """Wishes for shorts; where only those are traded the ones for longs move over."""
    if side == "short":
        nothing = [False] * n
        return {"enter": nothing, "leave": nothing, "enter_short": wishes["enter"], "leave_short": wishes["leave"]}
    return {"enter_short": _scattered(rng, n), "leave_short": _scattered(rng, n)}


def _settings(rng: random.Random) -> Settings:
    """Fill, costs and size."""
    return Settings(
        fill=rng.choice(["next_open", "close"]),
        fee=rng.choice([0.0, 0.0, 0.0005, 0.001, 0.0123]),
        slippage=rng.choice([0.0, 0.0, 0.0, 0.0, 0.0, 0.0002, 0.01]),
        size=rng.choice([1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.3]),
        cash=rng.choice([10_000.0, 777.77]),
    )


def _with_exits(rng: random.Random, settings: Settings) -> Settings:
    """Stops, targets and sides besides; a trail replaces a stop."""
    stop = rng.choice([None, 0.005, 0.02, 0.1])
    trail = rng.choice([0.01, 0.05]) if stop is None and rng.random() < 0.5 else None
    side = rng.choice(["long", "long", "short", "both"])
    return replace(
        settings,
        stop_loss=stop,
        trail=trail,
        take_profit=rng.choice([None, 0.01, 0.05]),
        side=side,
        flip=side == "both" and rng.random() < 0.5,
        path="pessimistic" if trail else rng.choice(["pessimistic"] * 4 + ["optimistic", "ohlc"]),
        levels=rng.choice(["fill", "fill", "at"]) if trail is None and side != "both" else "fill",
    )
