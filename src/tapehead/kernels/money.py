"""Money: charges, slippage, and how many units an order buys (engine.md: M1, M5, Z1 to Z8)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import CASH, FREE, MAKER, OF_PRICE, RISK, SPREAD, UNITS
from tapehead.kernels.jit import inlined, part

F64 = NDArray[np.float64]

_SINCE, _MAKER, _TAKER, _FIXED, _LEAST, _MOST = range(6)


@inlined
def roll_fees(r: Any, fees: F64, ts: int) -> None:
    """Put the row of the schedule in force that a time belongs to; times never go back."""
    if ts >= r.fee_until:
        _roll(r, fees, ts)


@part
def _roll(r: Any, fees: F64, ts: int) -> None:
    """Step through the schedule up to a time."""
    while ts >= r.fee_until:
        r.fee_row += 1
        row = r.fee_row
        r.maker, r.taker = fees[row, _MAKER], fees[row, _TAKER]
        r.fixed, r.least, r.most = fees[row, _FIXED], fees[row, _LEAST], fees[row, _MOST]
        r.bounded = r.least > 0.0 or r.most < np.inf
        r.fee_until = fees[row + 1, _SINCE] if row + 1 < fees.shape[0] else np.inf


@inlined
def charge(r: Any, more: Any, value: float, role: int) -> float:
    """Return the charge of a fill of that value."""
    if role == FREE:
        return 0.0
    if more is None:
        plain: float = max(value * r.taker, 0.0)
        return plain
    fee: float = min(max((r.maker if role == MAKER else r.taker) * value + r.fixed, r.least), r.most)
    return fee


@inlined
def slipped(r: Any, more: Any, raw: float, sign: int, units: float, volume: float) -> float:
    """Return the price of a market order that buys (sign 1) or sells (-1) `units`; `volume` is of its decision bar."""
    k: float = r.slippage
    if more is not None and r.slipping != OF_PRICE:
        if r.slipping == SPREAD:
            return raw + k if sign > 0 else raw - k
        k = k * min(1.0, units / volume) if volume > 0.0 else k
    return raw * (1.0 + k) if sign > 0 else raw * (1.0 - k)


@part
def budget(share: float, equity: float, held: float, fixed: float, rate: float, value: float) -> float:
    """Return the units that a share of equity buys, `held` money of it being bought already; `value` is of one unit."""
    if share <= 1.0:
        return (share * equity - held - fixed) / (value * (1.0 + rate))
    return (share * (equity - fixed) - held) / (value * (1.0 + share * rate))


@part
def affordable(r: Any, share: float, equity: float, held: float, rate: float, value: float) -> float:
    """Return the most units whose value and charge fit into a share of equity."""
    units = budget(share, equity, held, r.fixed, rate, value)
    if r.bounded:
        units = min(units, budget(share, equity, held, r.least, 0.0, value))
        if r.most < np.inf:
            units = max(units, budget(share, equity, held, r.most, 0.0, value))
    return units


@inlined
def sized_units(
    r: Any, more: Any, sized: float, equity: float, held: float, price: float, stop: float, rate: float
) -> float:
    """Return the units of an entry before lots: by its kind, cut to what leverage allows."""
    if more is None:
        whole: float = r.sized * equity / (price * (1.0 + r.taker))
        return whole
    value = price * r.multiplier
    if r.sizing == CASH:
        units = affordable(r, 1.0, sized, 0.0, rate, value)
    elif r.sizing == UNITS:
        units = sized
    elif r.sizing == RISK:
        slip = 0.0
        if r.slipping == OF_PRICE:
            slip = r.slippage * stop
        elif r.slipping == SPREAD:
            slip = r.slippage
        loss = abs(price - stop) + r.taker * (price + stop) + slip
        units = (sized * equity - 2.0 * r.fixed) / (r.multiplier * loss)
    else:
        units = affordable(r, sized, equity, 0.0, rate, value)
    return min(units, affordable(r, r.leverage, equity, held, rate, value))


@part
def in_lots(r: Any, units: float) -> float:
    """Round units down to whole lots."""
    return np.floor(units / r.lot + 1e-9) * r.lot if r.lot > 0.0 else units
