"""What the twin makes of the prices inside a bar, of which only four are known: rules I1 to I13 of docs/engine.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.oracles.money import snap
from tests.oracles.position import Position, trail_from
from tests.oracles.trading import Order, Settings


@dataclass
class Exit:
    """Where and why a position is left."""

    reason: str
    raw: float
    maker: bool = False

    @property
    def slips(self) -> bool:
        """I7: only stops do."""
        return self.reason in ("stop", "trail")


@dataclass
class Prices:
    """One bar."""

    open: float
    high: float
    low: float
    close: float

    def best(self, side: int) -> float:
        """The furthest price in favour of a side."""
        return self.high if side > 0 else self.low

    def worst(self, side: int) -> float:
        """The furthest price against a side."""
        return self.low if side > 0 else self.high

    def walk(self) -> list[tuple[int, float]]:
        """I6: the ways of the bar, each +1 up or -1 down, and its end."""
        if self.close < self.open:
            return [(1, self.high), (-1, self.low), (1, self.close)]
        return [(-1, self.low), (1, self.high), (-1, self.close)]


@dataclass
class Stand:
    """A position as it stands in a bar: the level that acts, the target, and where it begins."""

    position: Position
    settings: Settings
    cash: float
    start: float
    from_open: bool
    trail: float

    @property
    def side(self) -> int:
        """+1 long, -1 short."""
        return self.position.side

    def stop_met(self, price: float) -> bool:
        """Touched."""
        level, _ = self.position.nearest(self.settings, self.cash, self.trail)
        return self.side * price <= self.side * level

    def target_met(self, price: float) -> bool:
        """Traded through by limit_through ticks."""
        tick, target = self.settings.tick, self.position.levels.target
        through = snap(target + self.side * (self.settings.limit_through * tick), tick)
        return self.side * price >= self.side * through

    def at_stop(self) -> Exit:
        """I2."""
        level, reason = self.position.nearest(self.settings, self.cash, self.trail)
        return Exit(reason, level)

    def at_target(self) -> Exit:
        """I3, I11: maker if it rested at the start of the bar."""
        target = self.position.levels.target
        better = max(target, self.start) if self.side > 0 else min(target, self.start)
        return Exit("target", better, maker=self.from_open)

    def at_once(self) -> Exit | None:
        """I5: the price where it begins lies behind the stop already."""
        if not self.stop_met(self.start):
            return None
        return Exit(self.at_stop().reason, self.start)


def jumped(stand: Stand, price: float) -> Exit | None:
    """I1: a level that the open has left behind."""
    if stand.stop_met(price):
        return Exit(stand.at_stop().reason, price)
    return Exit("target", price) if stand.target_met(price) else None


def by_path(stand: Stand, path: str, *, stop: bool, target: bool) -> Exit | None:
    """I4, I10: what counts, and which of two."""
    if stop and (path == "pessimistic" or not target):
        return stand.at_stop()
    return stand.at_target() if target else None


def whole_bar(stand: Stand, prices: Prices, path: str) -> Exit | None:
    """I2, I3, I4: held since the open."""
    side = stand.side
    stop, target = stand.stop_met(prices.worst(side)), stand.target_met(prices.best(side))
    return stand.at_once() or by_path(stand, path, stop=stop, target=target)


def after_limit(stand: Stand, prices: Prices, path: str) -> Exit | None:
    """I8: price came against the position to the entry."""
    side = stand.side
    seen = prices.close if path == "pessimistic" else prices.best(side)
    stop, target = stand.stop_met(prices.worst(side)), stand.target_met(seen)
    return stand.at_once() or by_path(stand, path, stop=stop, target=target)


def after_stop(stand: Stand, prices: Prices, path: str) -> Exit | None:
    """I9: price came in favour of the position to the entry."""
    side = stand.side
    seen = prices.worst(side) if path == "pessimistic" else prices.close
    stop, target = stand.stop_met(seen), stand.target_met(prices.best(side))
    return stand.at_once() or by_path(stand, path, stop=stop, target=target)


@dataclass
class Walked:
    """How a walk ended: where it left, if it did, and what trailing has become."""

    exit: Exit | None
    trail: float
    extreme: float


def walk(stand: Stand, ways: list[tuple[int, float]]) -> Walked:
    """I6, I12: way by way from where the position begins."""
    side, extreme, trail = stand.side, stand.position.extreme, stand.trail
    once = stand.at_once()
    if once:
        return Walked(once, trail, extreme)
    for direction, end in ways:
        now = replace(stand, trail=trail)
        if direction != side:
            if now.stop_met(end):
                return Walked(now.at_stop(), trail, extreme)
            continue
        if now.target_met(end):
            return Walked(now.at_target(), trail, extreme)
        extreme = max(extreme, end) if side > 0 else min(extreme, end)
        level = trail_from(stand.settings, side, extreme, stand.position.distance)
        if side * level > side * trail:
            trail = level
    return Walked(None, trail, extreme)


def ways_after(order: Order, prices: Prices, fills: Callable[[float], bool]) -> Iterator[tuple[int, float]]:
    """I12: the ways from the first one whose end fills a resting entry."""
    towards = order.side if order.stop == order.stop else -order.side
    found = False
    for direction, end in prices.walk():
        found = found or (direction == towards and fills(end))
        if found:
            yield direction, end


def other_price(chosen: Exit | None, both: list[Exit | None]) -> Exit | None:
    """I13: the level not taken, where both paths leave."""
    if chosen is None or None in both:
        return None
    return next((one for one in both if one is not None and one.reason != chosen.reason), None)


def disagree(both: list[Exit | None]) -> bool:
    """I13: whether the order of prices decides."""
    first, second = ("" if one is None else one.reason for one in both)
    return first != second
