"""The twin's position: its levels, its sums, and the row it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite, nan

from tests.oracles.money import liquidation_level, to_tick
from tests.oracles.trading import Row, Settings, Wishes


@dataclass
class Levels:
    """Stop and target, set anew by each entry; NaN where there is none."""

    stop: float
    target: float
    stop_at: float
    target_at: float


def levels_of(settings: Settings, side: int, average: float, stop_at: float, target_at: float) -> Levels:
    """V1, V2, V4: levels of a position with this average price."""
    stop, target = stop_at, target_at
    if not isfinite(stop) and settings.stop_loss is not None:
        stop = average * (1 - settings.stop_loss) if side > 0 else average * (1 + settings.stop_loss)
    if not isfinite(target) and settings.take_profit is not None:
        target = average * (1 + settings.take_profit) if side > 0 else average * (1 - settings.take_profit)
    up = side < 0
    return Levels(to_tick(stop, settings.tick, up=up), to_tick(target, settings.tick, up=not up), stop_at, target_at)


def levels_after(settings: Settings, wishes: Wishes, t: int, side: int, average: float, old: Levels | None) -> Levels:
    """V3: what the lines at the decision bar t make of the levels so far."""
    stop_at, target_at = wishes.value("stop_loss_at", t), wishes.value("take_profit_at", t)
    if old is not None:
        stop_at = stop_at if isfinite(stop_at) else old.stop_at
        target_at = target_at if isfinite(target_at) else old.target_at
    return levels_of(settings, side, average, stop_at, target_at)


def trail_distance(settings: Settings, wishes: Wishes, t: int, price: float) -> float:
    """V2: the share of price that a trailing stop lies away; NaN without one."""
    at = wishes.value("trail_at", t)
    if isfinite(at):
        return abs(price - at) / price
    return nan if settings.trail is None else settings.trail


def trail_from(settings: Settings, side: int, extreme: float, distance: float) -> float:
    """V6: the level for the best price seen."""
    level = extreme * (1 - distance) if side > 0 else extreme * (1 + distance)
    return to_tick(level, settings.tick, up=side < 0)


def behind(side: int, price: float, stops: list[float], target: float) -> bool:
    """V5: a level on the wrong side of the fill; NaN is never behind."""
    return any(side * stop >= side * price for stop in stops) or side * target <= side * price


@dataclass
class Sums:
    """Value over units (R1)."""

    count: int = 0
    units: float = 0.0
    value: float = 0.0
    last: float = nan

    def add(self, price: float, units: float) -> None:
        """One fill more."""
        self.count += 1
        self.units += units
        self.value += price * units
        self.last = price

    @property
    def price(self) -> float:
        """The price of one fill, the mean of more."""
        return self.last if self.count == 1 else self.value / self.units


@dataclass
class Position:
    """What is held; `where` says at which moment of bar `entry_bar` it began: open, inside or close."""

    side: int
    entry_bar: int
    where: str
    decided: int
    levels: Levels
    distance: float
    trail: float
    extreme: float
    quantity: float = 0.0
    average: float = 0.0
    entered: Sums = field(default_factory=Sums)
    entered_raw: Sums = field(default_factory=Sums)
    left: Sums = field(default_factory=Sums)
    left_raw: Sums = field(default_factory=Sums)
    gross: float = 0.0
    fees: float = 0.0
    borrow: float = 0.0
    slippage: float = 0.0
    seen: list[float] = field(default_factory=list)
    ambiguous: bool = False
    across_gap: bool = False
    other: float = nan
    walked: bool = False
    first: tuple[float, float, float] = (nan, nan, nan)

    def since_open(self, t: int) -> bool:
        """Whether it was held from the open of bar t on."""
        return self.entry_bar < t or self.where == "open"

    def profit(self) -> float:
        """M4: net profit of what was sold."""
        return self.gross - self.fees - self.borrow

    def nearest(self, settings: Settings, cash: float, trail: float) -> tuple[float, str]:
        """V7: the one that acts of stop, trailing level and liquidation level; NaN without any."""
        level, reason = self.levels.stop, "stop"
        gone = liquidation_level(settings, self.side, self.quantity, cash)
        for other, word in ((trail, "trail"), (gone, "liquidation")):
            if level != level or self.side * other > self.side * level:
                level, reason = other, word
        return level, reason

    def row(self, warm: int, t: int, reason: str, shortfall: float) -> Row:
        """R1, R3: the trade."""
        price, sign = self.entered.price, self.side
        low, high = min(self.seen) / price - 1, max(self.seen) / price - 1
        return Row(
            side=sign,
            entry_bar=self.entry_bar - warm,
            exit_bar=t - warm,
            entry_price=price,
            exit_price=self.left.price,
            quantity=self.entered.units,
            fees=self.fees,
            profit=self.profit() + shortfall,
            worst=low if sign > 0 else -high,
            best=high if sign > 0 else -low,
            reason=reason,
            ambiguous=self.ambiguous,
            across_gap=self.across_gap,
            decision_bar=self.decided - warm,
            entry_wanted=self.entered_raw.price,
            exit_wanted=self.left_raw.price,
            slippage=self.slippage,
            borrow=self.borrow,
            shortfall=shortfall,
            stop=self.first[0],
            target=self.first[1],
            trail=self.first[2],
            other_price=self.other,
            fills=self.entered.count + self.left.count,
            tag=0,
        )
