"""How the twin's resting entries meet a bar: rules E2 to E6 of docs/engine.md."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from tests.oracles.inside import Prices
from tests.oracles.money import snap
from tests.oracles.trading import Order, Settings


@dataclass
class Touch:
    """A fill to be: raw price, whether it slips, and how far it may at most."""

    raw: float
    slips: bool
    most: float = nan
    maker: bool = False


def through(order: Order, settings: Settings) -> float:
    """The price that fills its limit."""
    reach = settings.limit_through * settings.tick
    return snap(order.limit - order.side * reach, settings.tick)


def limit_met(order: Order, settings: Settings, price: float) -> bool:
    """A buy limit fills when price falls through it."""
    return order.side * price <= order.side * through(order, settings)


def stop_met(order: Order, price: float) -> bool:
    """A buy stop is triggered when price rises to it."""
    return order.side * price >= order.side * order.stop


def met_at_open(order: Order, settings: Settings, price: float) -> Touch | None:
    """E2, E3: what the open does to a resting entry; a stop-limit beyond its limit becomes a limit."""
    if order.stop == order.stop:
        if not stop_met(order, price):
            return None
        if order.limit != order.limit:
            return Touch(price, slips=True)
        if order.side * price <= order.side * order.limit:
            return Touch(price, slips=True, most=order.limit)
        order.stop = nan
        return None
    return Touch(price, slips=False) if limit_met(order, settings, price) else None


def met_inside(order: Order, settings: Settings, prices: Prices) -> Touch | None:
    """E4, E5, E6: what the bar does to it; a stop-limit beyond its limit becomes a limit for later bars."""
    side = order.side
    if order.stop == order.stop:
        if not stop_met(order, prices.best(side)):
            return None
        if order.limit != order.limit:
            return Touch(order.stop, slips=True)
        if side * order.stop <= side * order.limit:
            return Touch(order.stop, slips=True, most=order.limit)
        order.stop = nan
        return None
    if not limit_met(order, settings, prices.worst(side)):
        return None
    better = min(order.limit, prices.open) if side > 0 else max(order.limit, prices.open)
    return Touch(better, slips=False, maker=True)
