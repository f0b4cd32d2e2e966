"""Levels: prices at which a position ends by itself, and which of them a bar reached (engine.md: V1 to V7, I1 to I13).

One code serves both sides: prices are multiplied by the side, so that the stop of a short lies below it and its target
above, as for a long. A level that is not there is NaN, which no comparison reaches.
"""

from typing import Any

import numpy as np

from tapehead.kernels.account import LIQUIDATION, OPTIMISTIC, PESSIMISTIC, STOP, TRAIL, numbers
from tapehead.kernels.jit import inlined, part

HELD, BY_LIMIT, BY_STOP = numbers(3)
"""How a position came to be held in a bar: since its open, by a limit inside, by a stop inside."""
NOT_LEFT = -1
_DIGITS = 1e12
_COARSE_FROM = 8192.0


@inlined
def snap(x: float) -> float:
    """Round to 12 decimals; from 8192 on a float has fewer."""
    return np.rint(x * _DIGITS) / _DIGITS if abs(x) < _COARSE_FROM else x


@inlined
def on_tick(level: float, tick: float, up: bool) -> float:
    """Return a level on the grid of prices: the next one up or down, unless it lies on one."""
    if not tick > 0.0:
        return level
    k = level / tick
    near = np.rint(k)
    if abs(k - near) > 1e-9 * max(1.0, abs(k)):
        near = np.ceil(k) if up else np.floor(k)
    return snap(near * tick)


@inlined
def beyond(level: float, reach: float, tick: float) -> float:
    """Return the price that fills a limit: `reach` (signed) further than its level."""
    return snap(level + reach) if tick > 0.0 else level


@part
def stop_of(r: Any, side: int, at: float, price: float) -> float:
    """Return the stop of a position: an absolute one where there is one, else by fraction of the price."""
    level = at if at == at else price * (1.0 - side * r.stop_loss)
    return on_tick(level, r.tick, side < 0)


@part
def target_of(r: Any, side: int, at: float, price: float) -> float:
    """Return the target of a position, likewise."""
    level = at if at == at else price * (1.0 + side * r.take_profit)
    return on_tick(level, r.tick, side > 0)


@part
def trail_of(r: Any, side: int, width: float, extreme: float) -> float:
    """Return the trailing level below the best price (short: above)."""
    return on_tick(extreme * (1.0 - side * width), r.tick, side < 0)


@part
def liquidation_of(a: Any, r: Any) -> float:
    """Return the price at which the account is spent but for its margin; NaN where there is none."""
    margin = r.maintenance if r.leverage > 1.0 else 0.0
    cash = a.cash + (a.worth_beside - margin * a.gross_beside)
    if a.side < 0:
        ruin: float = cash / (a.units * r.multiplier * (1.0 + margin))
        return ruin
    if r.leverage > 1.0:
        level: float = -cash / (a.units * r.multiplier * (1.0 - margin))
        if level > 0.0:
            return level
    return np.nan


@inlined
def threatened(a: Any, r: Any) -> bool:
    """Say whether the position may have a level: the rules or the orders give some, or it can be liquidated."""
    return bool(r.leveled != 0 or a.side < 0 or r.leverage > 1.0)


@part
def nearest(a: Any, r: Any) -> tuple[float, int]:
    """Return the level that acts, times the side, and its reason: the nearest of stop, trail and liquidation."""
    side = a.side
    level, reason = side * a.stop, STOP
    trail = side * a.trail
    if trail == trail and not level >= trail:
        level, reason = trail, TRAIL
    spent = side * liquidation_of(a, r)
    if spent == spent and not level >= spent:
        level, reason = spent, LIQUIDATION
    return level, reason


@part
def place_levels(a: Any, r: Any) -> None:
    """Set stop and target of the average price; `ceiling` is what price must reach for the target to fill."""
    a.stop = stop_of(r, a.side, a.own_stop, a.average)
    a.target = target_of(r, a.side, a.own_target, a.average)
    a.ceiling = beyond(a.target, a.side * r.reach, r.tick)


@part
def ratchet(a: Any, r: Any, price: float) -> None:
    """Move the trailing level by a price that was seen; it never retreats."""
    side = a.side
    if side * price > side * a.best:
        a.best = price
    level = trail_of(r, side, a.width, a.best)
    if side * level > side * a.trail:
        a.trail = level


@part
def settle(
    path: int, how: int, start: float, low: float, high: float, close: float, floor: float, ceiling: float
) -> int:
    """Return 1 where the target is left by, 0 where the stop is, else -1; prices times the side."""
    if start <= floor:
        return 0
    up, down = high >= ceiling, low <= floor
    if how == BY_LIMIT and path == PESSIMISTIC:
        up = close >= ceiling
    elif how == BY_STOP and path == OPTIMISTIC:
        down = close <= floor
    if up and down:
        return 1 if path == OPTIMISTIC else 0
    return 1 if up else 0 if down else NOT_LEFT


@part
def first_way(b: Any, how: int, side: int) -> int:
    """Return the first way of the bar's walk whose end fills an entry: the first down for a buy limit, and so on."""
    if how == HELD:
        return 0
    high_first = b.close < b.open
    falls = (how == BY_LIMIT) == (side > 0)
    return int(falls == high_first)


@part
def walk_bar(a: Any, r: Any, b: Any, way: int, start: float) -> tuple[int, float]:
    """Walk open, high, low, close from a way on, moving the trail; return how it is left and the price of it.

    `start` is the price times the side at which the walk begins. Returns what `settle` returns and the stop level then
    (times the side).
    """
    side = a.side
    floor, _ = nearest(a, r)
    if start <= floor:
        return 0, start
    high_first = b.close < b.open
    ceiling = side * a.ceiling
    for i in range(way, 3):
        end = b.close if i == 2 else b.high if (i == 0) == high_first else b.low
        rises = (i != 1) == high_first
        mark = side * end
        if rises == (side > 0):
            if mark >= ceiling:
                return 1, floor
            if a.trail == a.trail:
                ratchet(a, r, end)
                floor, _ = nearest(a, r)
        elif mark <= floor:
            return 0, floor
    return NOT_LEFT, floor
