"""Trading: what waits meets a price, and is filled or rejected; a level is met (engine.md: H2, H3, Z8 to Z11)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import LIQUIDATION, MAKER, RISK, SQUARE_OFF, TAKER, TARGET, TIME, VOLUME
from tapehead.kernels.fills import add, leave
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.levels import place_levels, stop_of, target_of, trail_of
from tapehead.kernels.money import affordable, in_lots, sized_units, slipped
from tapehead.kernels.orders import end_order, write_order

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

LEAST_CHANGE = 1e-9
"""Share of the units held that an addition or a reduction must exceed."""


@inlined
def gap_of(a: Any, r: Any, b: Any) -> int:
    """Return the grid steps without a traded bar that a market order has waited."""
    if b.step - a.want_step == r.unit * r.at_open:
        return 0
    steps: int = (b.step - a.want_step) // r.unit - r.at_open
    return steps


@part
def leave_waiting(
    a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64, raw: float, phase: int
) -> None:
    """Fill the market exit that waits: all of the position, or a share of it in lots."""
    row, reason = a.leave_row, a.leave_reason
    a.leaving = 0
    units = a.units
    if a.part < 1.0:
        units = in_lots(r, a.part * a.units)
        units = min(units, a.units)
    price = slipped(r, r, raw, -a.side, units, a.want_volume)
    if units < a.units and not (price > 0.0 and units > LEAST_CHANGE * a.units):
        end_order(a, orders, row, names.ROUNDED, b.t)
        return
    a.gap |= gap_of(a, r, b) > 0
    if reason in (TIME, SQUARE_OFF):
        a.held_back = 1
    leave(a, r, b, r, money, marks, ledger, orders, row, units, raw, price, reason, phase, TAKER)


@part
def leave_by(
    a: Any,
    r: Any,
    b: Any,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    raw: float,
    reason: int,
    phase: int,
    role: int,
) -> None:
    """Leave by a level: stops are slipped, targets and liquidation are not."""
    row = write_order(a, orders, a.entry_bar, -a.side, 0, reason)
    price = left_at(a, r, b, raw, reason)
    a.held_back = 1
    leave(a, r, b, r, money, marks, ledger, orders, row, a.units, raw, price, reason, phase, role)


@part
def left_at(a: Any, r: Any, b: Any, raw: float, reason: int) -> float:
    """Return the price that the whole position gets where a level is met."""
    if reason in (TARGET, LIQUIDATION):
        return raw
    return slipped(r, r, raw, -a.side, a.units, b.volume_before)


@part
def enter(
    a: Any,
    r: Any,
    b: Any,
    ledger: F64,
    orders: F64,
    raw: float,
    phase: int,
    slips: bool,
    cap: float,
    role: int,
) -> None:
    """Fill the entry or addition that waits, or reject it; `cap` is the worst price of a stop-limit, else NaN."""
    sign, row = a.entering, a.enter_row
    a.entering = 0
    gap = 0
    if a.limit != a.limit and a.trigger != a.trigger:
        gap = gap_of(a, r, b)
        if r.max_wait >= 0 and gap > r.max_wait:
            end_order(a, orders, row, names.EXPIRED_IN_GAP, b.t)
            return
    status, price, units = _quote(a, r, sign, raw, slips, cap, role)
    if status != names.FILLED:
        end_order(a, orders, row, status, b.t)
        return
    first = a.units == 0.0
    add(a, r, b, r, ledger, orders, row, sign, units, raw, price, phase, role, int(gap > 0))
    take_levels(a, r, first, price)


@inlined
def take_levels(a: Any, r: Any, first: bool, price: float) -> None:
    """Set the levels of a position, where the rules or the orders give some."""
    if r.leveled != 0:
        _set_levels(a, r, first, price)


@part
def _set_levels(a: Any, r: Any, first: bool, price: float) -> None:
    """Set the levels of a position after an entry, or after an addition."""
    if first or a.stop_at == a.stop_at:
        a.own_stop = a.stop_at
    if first or a.target_at == a.target_at:
        a.own_target = a.target_at
    place_levels(a, r)
    if first:
        a.width = _width(r, a.trail_at, price)
        a.trail = trail_of(r, a.side, a.width, price)
        a.best = price
        a.first_stop, a.first_target, a.first_trail = a.stop, a.target, a.trail


@part
def _width(r: Any, at: float, price: float) -> float:
    """Return the distance of the trailing level, as a share of the price."""
    return abs(price - at) / price if at == at else r.trail


@inlined
def would_be_behind(a: Any, r: Any, sign: int, price: float, units: float) -> bool:
    """Say whether a level would lie on the wrong side of its fill; with `units`, those of the average after adding."""
    return bool(r.leveled != 0 and is_behind(a, r, sign, price, units))


@part
def is_behind(a: Any, r: Any, sign: int, price: float, units: float) -> bool:
    """Compare the levels with the price."""
    own_stop, own_target, average, trail = a.stop_at, a.target_at, price, np.nan
    if units > 0.0:
        own_stop = own_stop if own_stop == own_stop else a.own_stop
        own_target = own_target if own_target == own_target else a.own_target
        average = (a.average * a.units + price * units) / (a.units + units)
    else:
        trail = trail_of(r, sign, _width(r, a.trail_at, price), price)
    stop, target = stop_of(r, sign, own_stop, average), target_of(r, sign, own_target, average)
    mark = sign * price
    return sign * stop >= mark or sign * target <= mark or sign * trail >= mark


@part
def _quote(a: Any, r: Any, sign: int, raw: float, slips: bool, cap: float, role: int) -> tuple[int, float, float]:
    """Return what becomes of an entry at a price: its status, its price, its units."""
    rate = r.maker if role == MAKER else r.taker
    price = raw
    if not raw > 0.0:
        return names.ROUNDED, price, 0.0
    by_volume = slips and r.slipping == VOLUME
    if slips and not by_volume:
        price = _capped(slipped(r, r, raw, sign, 0.0, 0.0), cap, sign)
    stop = stop_of(r, sign, a.stop_at, price) if r.leveled != 0 else np.nan
    if r.sizing == RISK and stop != stop:
        return names.NO_STOP, price, 0.0
    if by_volume:
        held = a.units * raw * r.multiplier
        bound = held + (a.gross_beside + a.locked)
        equity = a.cash + a.worth_beside + a.side * held
        units = sized_units(r, r, a.sized, equity, bound, raw, stop, rate)
        if not units > 0.0 or units * raw * r.multiplier <= LEAST_CHANGE * equity:
            status = _refused(a, r, units, equity, bound, raw, rate)
            if not units > 0.0 or status == names.NO_CASH:
                return status, price, 0.0
        price = _capped(slipped(r, r, raw, sign, units, a.want_volume), cap, sign)
        stop = stop_of(r, sign, a.stop_at, price) if r.leveled != 0 else np.nan
    if not price > 0.0:
        return names.ROUNDED, price, 0.0
    adds = a.units > 0.0
    if not adds and would_be_behind(a, r, sign, price, 0.0):
        return names.LEVEL_BEHIND, price, 0.0
    held = a.units * price * r.multiplier
    bound = held + (a.gross_beside + a.locked)
    equity = a.cash + a.worth_beside + a.side * held
    sized = sized_units(r, r, a.sized, equity, bound, price, stop, rate)
    if _refused(a, r, sized, equity, bound, price, rate) == names.NO_CASH:
        return names.NO_CASH, price, 0.0
    units = in_lots(r, sized)
    return accepted(a, r, sign, price, units), price, units


@part
def _refused(a: Any, r: Any, sized: float, equity: float, bound: float, price: float, rate: float) -> int:
    """Say why an entry of so many units, before lots, comes to nothing: others hold the cash, or they are too few."""
    if not a.gross_beside + a.locked > 0.0:
        return names.ROUNDED
    cap = affordable(r, r.leverage, equity, bound, rate, price * r.multiplier)
    if sized != cap and sized == sized:
        return names.ROUNDED
    few = not (sized > 0.0 and sized < np.inf) or not in_lots(r, sized) > 0.0
    return names.NO_CASH if few or sized * price * r.multiplier <= LEAST_CHANGE * equity else names.ROUNDED


@part
def accepted(a: Any, r: Any, sign: int, price: float, units: float) -> int:
    """Return what becomes of an entry or addition of so many units."""
    if not (units > 0.0 and units < np.inf) or units <= LEAST_CHANGE * a.units:
        return names.ROUNDED
    if units * price * r.multiplier < r.minimum:
        return names.BELOW_MINIMUM
    if a.units > 0.0 and would_be_behind(a, r, sign, price, units):
        return names.LEVEL_BEHIND
    return names.FILLED


@part
def _capped(price: float, cap: float, sign: int) -> float:
    """Return a price no worse than the limit of a stop-limit order."""
    if sign > 0:
        return cap if price > cap else price
    return cap if price < cap else price


@part
def weigh(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64, raw: float, phase: int) -> None:
    """Fill the order to a weight that waits: an entry, an addition, or a reduction at average cost."""
    row = a.weigh_row
    held = a.units * raw * r.multiplier
    apart = a.weight * (a.cash + a.worth_beside + a.side * held) - a.side * held
    sign = 1 if apart > 0.0 else -1
    adds = a.units == 0.0 or sign == a.side
    gap = gap_of(a, r, b)
    if adds and r.max_wait >= 0 and gap > r.max_wait:
        end_order(a, orders, row, names.EXPIRED_IN_GAP, b.t)
        a.weighing = 0
        return
    units = abs(apart_units(a, r, sign, raw)) if r.slipping == VOLUME else 0.0
    if not adds:
        units = min(units, a.units)
    price = slipped(r, r, raw, sign, units, a.want_volume)
    units = apart_units(a, r, sign, price) * sign if raw > 0.0 and price > 0.0 else 0.0
    status = names.FILLED
    if not units > 0.0 or (a.units == 0.0 and sign != a.weighing):
        status = names.ROUNDED
    elif adds:
        if a.units == 0.0 and would_be_behind(a, r, sign, price, 0.0):
            status = names.LEVEL_BEHIND
        else:
            units = in_lots(r, units)
            status = accepted(a, r, sign, price, units)
    elif units >= a.units:
        units = a.units
    else:
        units = in_lots(r, units)
        if not units > LEAST_CHANGE * a.units:
            status = names.ROUNDED
    a.weighing = 0
    if status != names.FILLED:
        end_order(a, orders, row, status, b.t)
        return
    if orders.shape[1] != 0:
        orders[names.ORDER_SIDE, row], orders[names.ORDER_OPENS, row] = sign, adds
    if adds:
        first = a.units == 0.0
        add(a, r, b, r, ledger, orders, row, sign, units, raw, price, phase, TAKER, int(gap > 0))
        take_levels(a, r, first, price)
    else:
        a.gap |= gap > 0
        leave(a, r, b, r, money, marks, ledger, orders, row, units, raw, price, names.SIGNAL, phase, TAKER)


@part
def apart_units(a: Any, r: Any, sign: int, price: float) -> float:
    """Return the signed units from what is held to the weight that is wanted, charge in."""
    value = price * r.multiplier
    held = a.units * price * r.multiplier
    equity = a.cash + a.worth_beside + a.side * held
    units: float = (a.weight * (equity - r.fixed) - a.side * held) / (value * (1.0 + a.weight * r.taker * sign))
    if r.bounded:
        fee = r.taker * (abs(units) * value) + r.fixed
        if fee < r.least or fee > r.most:
            bound = r.least if fee < r.least else r.most
            units = (a.weight * (equity - bound) - a.side * held) / value
    return units
