"""The order that waits: decided, replaced, cancelled, expired; and its row, where rows are asked for (D9, R4).

One thing waits: a market exit, an entry or addition, the two halves of a flip, or an order to a weight.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import (
    FILLED,
    LINE_LIMIT,
    LINE_SIZE,
    LINE_STOP,
    LINE_STOP_AT,
    LINE_TARGET_AT,
    LINE_TRAIL_AT,
    MAKER,
    ORDER_BAR,
    ORDER_DECIDED,
    ORDER_FEE,
    ORDER_MAKER,
    ORDER_OPENS,
    ORDER_PRICE,
    ORDER_QUANTITY,
    ORDER_REASON,
    ORDER_SIDE,
    ORDER_STATUS,
    ORDER_TRADE,
    ORDER_WANTED,
    REPLACED,
    SIGNAL,
)
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.levels import on_tick

F64 = NDArray[np.float64]


@inlined
def write_order(a: Any, orders: F64, decided: int, side: int, opens: int, reason: int) -> int:
    """Write the row of an order as it is made; return its number."""
    if orders.shape[1] == 0:
        return 0
    row: int = a.orders
    a.orders = row + 1
    orders[ORDER_DECIDED, row], orders[ORDER_BAR, row] = decided, -1
    orders[ORDER_SIDE, row], orders[ORDER_OPENS, row], orders[ORDER_REASON, row] = side, opens, reason
    orders[ORDER_STATUS, row], orders[ORDER_QUANTITY, row] = FILLED, 0.0
    orders[ORDER_WANTED, row], orders[ORDER_PRICE, row] = np.nan, np.nan
    orders[ORDER_FEE, row], orders[ORDER_MAKER, row], orders[ORDER_TRADE, row] = 0.0, 0.0, -1.0
    return row


@inlined
def end_order(a: Any, orders: F64, row: int, status: int, t: int) -> None:
    """Say what became of an order that did not fill; `t` is -1 where the data ended first."""
    a.seen |= 1 << status
    if orders.shape[1] != 0:
        orders[ORDER_STATUS, row], orders[ORDER_BAR, row] = status, t


@inlined
def fill_order(
    a: Any, orders: F64, row: int, t: int, units: float, raw: float, price: float, fee: float, role: int
) -> None:
    """Say how an order was filled."""
    if orders.shape[1] != 0:
        orders[ORDER_STATUS, row], orders[ORDER_BAR, row], orders[ORDER_QUANTITY, row] = FILLED, t, units
        orders[ORDER_WANTED, row], orders[ORDER_PRICE, row] = raw, price
        orders[ORDER_FEE, row], orders[ORDER_MAKER, row], orders[ORDER_TRADE, row] = fee, role == MAKER, a.trades


@inlined
def waits(a: Any) -> bool:
    """Say whether anything waits."""
    return bool(a.leaving != 0 or a.entering != 0 or a.weighing != 0)


@inlined
def rests(a: Any) -> bool:
    """Say whether the entry that waits has a level."""
    return bool(a.entering != 0 and (a.limit == a.limit or a.trigger == a.trigger))


@inlined
def end_entry(a: Any, orders: F64, status: int, t: int) -> None:
    """End a waiting entry, addition or order to a weight."""
    if a.entering != 0:
        end_order(a, orders, a.enter_row, status, t)
        a.entering = 0
    if a.weighing != 0:
        end_order(a, orders, a.weigh_row, status, t)
        a.weighing = 0


@part
def end_all(a: Any, orders: F64, status: int, t: int) -> None:
    """End whatever waits."""
    if a.leaving != 0:
        end_order(a, orders, a.leave_row, status, t)
        a.leaving = 0
    end_entry(a, orders, status, t)


@inlined
def begin_order(a: Any, b: Any, orders: F64) -> None:
    """Begin a decision that gives an order: what waited is replaced."""
    if waits(a):
        end_all(a, orders, REPLACED, b.t)
    a.want_bar, a.want_step, a.want_volume = b.t, b.step, b.volume
    a.ordered = 1


@inlined
def submit_exit(a: Any, b: Any, orders: F64, reason: int, part: float) -> None:
    """Decide to sell a share of the position at market; NaN or 1 is all of it."""
    begin_order(a, b, orders)
    a.leaving, a.leave_reason, a.part = 1, reason, part
    a.leave_row = write_order(a, orders, b.t, -a.side, 0, reason)


@inlined
def submit_entry(
    a: Any,
    r: Any,
    b: Any,
    orders: F64,
    side: int,
    sized: float,
    limit: float,
    trigger: float,
    stop_at: float,
    target_at: float,
    trail_at: float,
) -> None:
    """Decide to enter or to add; NaN where nothing is said. Does not replace: `begin_order` comes first."""
    a.entering = side
    a.enter_row = write_order(a, orders, b.t, side, 1, SIGNAL)
    a.sized = sized if sized == sized else r.sized
    a.limit = on_tick(limit, r.tick, side < 0)
    a.trigger = on_tick(trigger, r.tick, side > 0)
    a.stop_at, a.target_at, a.trail_at = stop_at, target_at, trail_at


@inlined
def submit_by_lines(a: Any, r: Any, b: Any, orders: F64, lines: F64, side: int) -> None:
    """Decide to enter with what the lines say of this bar."""
    if lines.shape[0] == 0:
        submit_entry(a, r, b, orders, side, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan)
        return
    t = b.t
    submit_entry(
        a,
        r,
        b,
        orders,
        side,
        lines[LINE_SIZE, t],
        lines[LINE_LIMIT, t],
        lines[LINE_STOP, t],
        lines[LINE_STOP_AT, t],
        lines[LINE_TARGET_AT, t],
        lines[LINE_TRAIL_AT, t],
    )


@part
def submit_weight(a: Any, r: Any, b: Any, orders: F64, lines: F64, weight: float) -> None:
    """Decide to hold a signed share of equity, not 0. Does not replace: `begin_order` comes first."""
    a.weighing = 1 if weight > 0.0 else -1
    a.weight = weight
    opens, side = 1, a.weighing
    if a.units != 0.0 and a.leaving == 0:
        value = a.units * b.close * r.multiplier
        opens = int(abs(weight) * ((a.cash + a.worth_beside) + a.side * value) >= value)
        side = a.side
    a.weigh_row = write_order(a, orders, b.t, side, opens, SIGNAL)
    a.stop_at = a.target_at = a.trail_at = np.nan
    if lines.shape[0] != 0:
        a.stop_at, a.target_at, a.trail_at = (
            lines[LINE_STOP_AT, b.t],
            lines[LINE_TARGET_AT, b.t],
            lines[LINE_TRAIL_AT, b.t],
        )
