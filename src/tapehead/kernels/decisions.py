"""Decisions: what wishes and weights mean at the close of a bar (engine.md: D1 to D16, S5)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import BARRED, CANCELLED, ENTER, FLIP, LINE_PART, NOTHING, SIGNAL
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.orders import begin_order, end_entry, submit_by_lines, submit_exit, submit_weight

F64 = NDArray[np.float64]


@inlined
def decide(
    a: Any,
    r: Any,
    b: Any,
    orders: F64,
    lines: F64,
    enter: bool,
    leave: bool,
    enter_short: bool,
    leave_short: bool,
) -> None:
    """Turn the wishes of one bar into an order, a cancel or nothing; those of a side not traded are false already."""
    if b.says & BARRED:
        enter = enter_short = False
    if a.units == 0.0:
        _decide_flat(a, r, b, orders, lines, enter, leave, enter_short, leave_short)
    elif a.side > 0:
        _decide_held(a, r, b, orders, lines, enter, leave, enter_short)
    else:
        _decide_held(a, r, b, orders, lines, enter_short, leave_short, enter)


@inlined
def _decide_flat(
    a: Any,
    r: Any,
    b: Any,
    orders: F64,
    lines: F64,
    enter: bool,
    leave: bool,
    enter_short: bool,
    leave_short: bool,
) -> None:
    """Decide while nothing is held."""
    if enter and enter_short:
        end_entry(a, orders, CANCELLED, b.t)
        return
    if enter or enter_short:
        conflict = leave if enter else leave_short
        if conflict and r.conflict != ENTER:
            if r.conflict == NOTHING:
                end_entry(a, orders, CANCELLED, b.t)
            return
        begin_order(a, b, orders)
        submit_by_lines(a, r, b, orders, lines, 1 if enter else -1)
    elif (leave and a.entering > 0) or (leave_short and a.entering < 0):
        end_entry(a, orders, CANCELLED, b.t)


@inlined
def _decide_held(a: Any, r: Any, b: Any, orders: F64, lines: F64, enter: bool, leave: bool, enter_other: bool) -> None:
    """Decide while a position is held; the wishes are those of its own side, and to enter the other."""
    if not enter and enter_other and (leave or r.flips != 0):
        submit_exit(a, b, orders, FLIP, np.nan)
        submit_by_lines(a, r, b, orders, lines, -a.side)
    elif leave:
        part = lines[LINE_PART, b.t] if lines.shape[0] != 0 else np.nan
        submit_exit(a, b, orders, SIGNAL, part)
    elif enter and not enter_other and a.entries < r.pyramid:
        begin_order(a, b, orders)
        submit_by_lines(a, r, b, orders, lines, a.side)


@part
def decide_weight(a: Any, r: Any, b: Any, orders: F64, lines: F64, weight: float) -> None:
    """Turn the share of equity that is wanted into an order where it has changed, or is too far from what is held."""
    if weight != weight or (b.says & BARRED and weight != 0.0):
        return
    changed = weight != a.last_weight
    a.last_weight = weight
    if changed:
        a.held_back = 0
    elif a.held_back != 0 or not _is_off(a, r, b, weight):
        return
    if weight == 0.0:
        if a.units == 0.0:
            end_entry(a, orders, CANCELLED, b.t)
        else:
            submit_exit(a, b, orders, SIGNAL, np.nan)
    elif a.units != 0.0 and (weight > 0.0) != (a.side > 0):
        submit_exit(a, b, orders, FLIP, np.nan)
        submit_weight(a, r, b, orders, lines, weight)
    else:
        begin_order(a, b, orders)
        submit_weight(a, r, b, orders, lines, weight)


@part
def _is_off(a: Any, r: Any, b: Any, weight: float) -> bool:
    """Say whether what is held is further from a weight than the band allows."""
    if r.band != r.band:
        return False
    value = a.side * a.units * r.multiplier * b.close
    equity = (a.cash + a.worth_beside) + a.side * (a.units * b.close * r.multiplier)
    return bool(equity > 0.0 and abs(value / equity - weight) > r.band)
