"""The money of the twin: ticks, slippage, charges, sizes, carry, liquidation; each rule of docs/engine.md by name."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, inf, isfinite, nan

from tapehead.model.fees import FeeRow
from tests.oracles.trading import DAY_US, Settings

A_YEAR = 365
TINY = 1e-9


def snap(x: float, tick: float) -> float:
    """V4: a price without the noise of its product."""
    if not tick or not abs(x) < 8192:
        return x
    return round(x * 1e12) / 1e12


def to_tick(level: float, tick: float, *, up: bool) -> float:
    """V4: against us."""
    if not tick or level != level:
        return level
    k = level / tick
    whole = float(round(k))
    if abs(k - whole) > TINY * max(1.0, abs(k)):
        whole = float(ceil(k) if up else floor(k))
    return snap(whole * tick, tick)


def slipped(settings: Settings, raw: float, buys: bool, units: float, volume: float | None) -> float:
    """M1: a price after slippage."""
    k = settings.slippage
    if settings.slippage_kind == "spread":
        return raw + k if buys else raw - k
    if settings.slippage_kind == "volume":
        k = k * (min(1.0, units / volume) if volume is not None and volume > 0 else 1.0)
    return raw * (1 + k) if buys else raw * (1 - k)


def row_at(rows: tuple[FeeRow, ...], time: int) -> FeeRow:
    """M5: the last row that began, else the first."""
    began = [row for row in rows if row.since <= time]
    return began[-1] if began else rows[0]


def charge(row: FeeRow, rate: float, value: float) -> float:
    """M5: what a fill costs."""
    return min(max(rate * value + row.fixed, row.least), row.most)


def bounded(row: FeeRow) -> bool:
    """Whether a charge has a least or a most."""
    return row.least > 0 or row.most < inf


def fitting(row: FeeRow, rate: float, units: Callable[[float, float], float]) -> float:
    """Z5: the most units whose value and charge fit, given units by rate and fixed part."""
    most = units(rate, row.fixed)
    if bounded(row):
        most = min(most, units(0.0, row.least))
        if row.most < inf:
            most = max(most, units(0.0, row.most))
    return most


def by_fraction(f: float, equity: float, unit: float) -> Callable[[float, float], float]:
    """Z1."""
    if f <= 1:
        return lambda r, fixed: (f * equity - fixed) / (unit * (1 + r))
    return lambda r, fixed: f * (equity - fixed) / (unit * (1 + f * r))


def by_cash(money: float, unit: float) -> Callable[[float, float], float]:
    """Z2."""
    return lambda r, fixed: (money - fixed) / (unit * (1 + r))


def by_risk(settings: Settings, risk: float, equity: float, price: float, stop: float, row: FeeRow) -> float:
    """Z4."""
    slip = {"fraction": settings.slippage * stop, "spread": settings.slippage, "volume": 0.0}[settings.slippage_kind]
    lost = abs(price - stop) + row.taker * (price + stop) + slip
    if lost == 0:
        return inf
    return (risk * equity - 2 * row.fixed) / (settings.multiplier * lost)


def cap(leverage: float, equity: float, held_value: float, unit: float) -> Callable[[float, float], float]:
    """Z6."""
    if leverage <= 1:
        return lambda r, fixed: (leverage * equity - held_value - fixed) / (unit * (1 + r))
    return lambda r, fixed: (leverage * (equity - fixed) - held_value) / (unit * (1 + leverage * r))


def lots(units: float, lot: float) -> float:
    """Z8: rounded down."""
    if not lot or not isfinite(units):
        return units
    return floor(units / lot + TINY) * lot


def units_to_weight(weight: float, equity: float, held_value: float, unit: float, direction: int, row: FeeRow) -> float:
    """Z9: signed units; `held_value` is signed."""

    def units(r: float, fixed: float) -> float:
        return (weight * (equity - fixed) - held_value) / (unit * (1 + weight * r * direction))

    x = units(row.taker, row.fixed)
    if bounded(row):
        cost = row.taker * (abs(x) * unit) + row.fixed
        if cost < row.least:
            x = units(0.0, row.least)
        elif cost > row.most:
            x = units(0.0, row.most)
    return x


def carry(amount: float, rate: float, us: int) -> float:
    """C1 to C4: a yearly rate over calendar time."""
    return amount * rate * (us / DAY_US) / A_YEAR


def liquidation_level(settings: Settings, side: int, quantity: float, cash: float) -> float:
    """Q1: NaN where there is none."""
    m = settings.maintenance if settings.leverage > 1 else 0.0
    if side < 0:
        return cash / (quantity * settings.multiplier * (1 + m))
    if settings.leverage <= 1:
        return nan
    level = -cash / (quantity * settings.multiplier * (1 - m))
    return level if level > 0 else nan
