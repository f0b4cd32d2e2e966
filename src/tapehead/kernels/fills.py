"""Fills: what buying and selling do to the account, and the row that a closed position leaves.

engine.md: M1 to M8, V1 to V5, Z8 to Z11, R1 to R3.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import AT_CLOSE, AT_OPEN
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.money import charge
from tapehead.kernels.orders import end_entry, end_order, fill_order

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@inlined
def write_ledger(a: Any, ledger: F64, t: int) -> None:
    """Write cash and signed units after bar t; a bar has one row."""
    row = a.rows
    if row > 0 and ledger[names.ROW_BAR, row - 1] == t:
        row -= 1
    ledger[names.ROW_BAR, row] = t
    ledger[names.ROW_CASH, row] = a.cash
    ledger[names.ROW_UNITS, row] = a.side * a.units + 0.0
    a.rows = row + 1


@inlined
def pay(a: Any, r: Any, b: Any, more: Any, sign: int, units: float, raw: float, price: float, role: int) -> float:
    """Move the cash of a fill (sign 1 buys, -1 sells) and its sums; return the charge."""
    value = units * price * r.multiplier
    fee = charge(r, more, value, role)
    a.cash -= sign * value + fee
    a.fees += fee
    a.fees_paid += fee
    lost = abs(price - raw) * units * r.multiplier
    a.slippage += lost
    a.slippage_paid += lost
    a.lowest = min(a.lowest, price)
    a.highest = max(a.highest, price)
    if price != raw and (price > b.high or price < b.low):
        a.seen |= 1 << names.BEYOND_BAR
    return fee


@part
def leave(
    a: Any,
    r: Any,
    b: Any,
    more: Any,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    row: int,
    units: float,
    raw: float,
    price: float,
    reason: int,
    phase: int,
    role: int,
) -> None:
    """Do what `close_out` does."""
    close_out(a, r, b, more, money, marks, ledger, orders, row, units, raw, price, reason, phase, role)


@inlined
def close_out(
    a: Any,
    r: Any,
    b: Any,
    more: Any,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    row: int,
    units: float,
    raw: float,
    price: float,
    reason: int,
    phase: int,
    role: int,
) -> None:
    """Sell units of the position (short: buy back); `row` is that of the order. Closes the trade with the last unit."""
    fee = pay(a, r, b, more, -a.side, units, raw, price, role)
    a.gross += (a.side * (units * (price - a.average))) * r.multiplier
    fill_order(a, orders, row, b.t, units, raw, price, fee, role)
    whole = units >= a.units
    if more is not None:
        a.sold += units
        a.value_out += price * units
        a.raw_out += raw * units
        a.exits += 1
    a.units = 0.0 if whole else a.units - units
    if whole:
        _close_trade(a, r, b, more, money, marks, orders, units, raw, price, reason, phase)
    write_ledger(a, ledger, b.t)


@inlined
def _close_trade(
    a: Any,
    r: Any,
    b: Any,
    more: Any,
    money: F64,
    marks: I32,
    orders: F64,
    units: float,
    raw: float,
    price: float,
    reason: int,
    phase: int,
) -> None:
    """Write the row of a trade that has come to its end, and end what belonged to its position."""
    row = a.trades
    profit = a.gross - a.fees - a.borrow
    shortfall = 0.0
    if a.cash <= 0.0 and (more is None or a.fellows == 0):
        if a.cash < 0.0:
            shortfall = -a.cash
            profit += shortfall
            a.cash = 0.0
            a.seen |= 1 << names.SHORT_OF_CASH
        a.over = 1
        a.seen |= 1 << names.RUINED
    one_in, one_out = more is None or a.entries == 1, more is None or a.exits == 1
    money[names.ENTRY_PRICE, row] = a.average if one_in else a.value_in / a.bought
    money[names.EXIT_PRICE, row] = price if one_out else a.value_out / a.sold
    money[names.QUANTITY, row] = a.bought
    money[names.FEES, row] = a.fees
    money[names.PROFIT, row] = profit
    marks[names.SIDE, row] = a.side
    marks[names.ENTRY_BAR, row] = a.entry_bar
    marks[names.EXIT_BAR, row] = b.t
    marks[names.REASON, row] = reason
    marks[names.GAP, row] = a.gap
    if more is not None or r.brief == 0:
        _tell_more(a, b, more, money, marks, units, raw, shortfall, phase)
    a.trades = row + 1
    count_held(a, b.t if phase != AT_OPEN else b.t - 1)
    if more is not None:
        _drop_orders(a, b, orders)
    if reason == names.LIQUIDATION:
        a.seen |= 1 << names.LIQUIDATED
    if a.over != 0:
        _ruin(a, b, orders)


@inlined
def _tell_more(
    a: Any, b: Any, more: Any, money: F64, marks: I32, units: float, raw: float, shortfall: float, phase: int
) -> None:
    """Write those columns of a trade that neither digest nor sums are made of."""
    row = a.trades
    one_in, one_out = more is None or a.entries == 1, more is None or a.exits == 1
    money[names.WORST, row], money[names.BEST, row] = a.lowest, a.highest
    money[names.ENTRY_WANTED, row] = a.raw_in if one_in else a.raw_in / a.bought
    money[names.EXIT_WANTED, row] = raw if one_out else a.raw_out / a.sold
    money[names.SLIPPAGE, row] = a.slippage
    money[names.BORROW, row] = a.borrow
    money[names.SHORTFALL, row] = shortfall
    money[names.STOP_AT, row] = a.first_stop
    money[names.TARGET_AT, row] = a.first_target
    money[names.TRAIL_AT, row] = a.first_trail
    money[names.OTHER_PRICE, row] = a.other_price
    marks[names.AMBIGUOUS, row] = a.ambiguous
    marks[names.DECISION_BAR, row] = a.decided
    marks[names.FILLS, row] = 2 if more is None else a.entries + a.exits
    marks[names.ENTRY_PHASE, row] = a.entry_phase
    marks[names.EXIT_PHASE, row] = phase


@inlined
def count_held(a: Any, last: int) -> None:
    """Count the bars that the position lived in up to `last`, none twice."""
    first = a.entry_bar if a.entry_phase != AT_CLOSE else a.entry_bar + 1
    first = max(first, a.held_until + 1)
    if last >= first:
        a.held += last - first + 1
        a.held_until = last


@part
def _drop_orders(a: Any, b: Any, orders: F64) -> None:
    """Cancel what belonged to the position that was just closed; the entry half of a flip stays."""
    if a.leaving != 0:
        end_order(a, orders, a.leave_row, names.CANCELLED, b.t)
        a.leaving = 0
    if a.entering == a.side or a.weighing == a.side:
        end_entry(a, orders, names.CANCELLED, b.t)


@part
def _ruin(a: Any, b: Any, orders: F64) -> None:
    """End what waits, since no cash is left to fill it."""
    if a.leaving != 0:
        end_order(a, orders, a.leave_row, names.RUINED, b.t)
        a.leaving = 0
    end_entry(a, orders, names.RUINED, b.t)


@inlined
def add(
    a: Any,
    r: Any,
    b: Any,
    more: Any,
    ledger: F64,
    orders: F64,
    row: int,
    sign: int,
    units: float,
    raw: float,
    price: float,
    phase: int,
    role: int,
    gap: int,
) -> None:
    """Buy units (sign -1: sell short), opening a position or adding to it; levels are placed, checks are done."""
    if a.units == 0.0:
        a.side = sign
        a.entry_bar, a.entry_phase, a.decided = b.t, phase, a.want_bar
        a.gap = a.ambiguous = a.exits = a.entries = 0
        a.fees = a.slippage = a.borrow = a.gross = 0.0
        a.lowest = a.highest = price
        a.other_price = np.nan
        a.bought = units
        a.raw_in = raw
        a.average = price
        if more is not None:
            a.value_in = price * units
            a.sold = a.value_out = a.raw_out = 0.0
    else:
        if a.entries == 1:
            a.raw_in *= a.bought
        a.average = (a.average * a.units + price * units) / (a.units + units)
        a.bought += units
        a.value_in += price * units
        a.raw_in += raw * units
    a.entries += 1
    a.gap |= gap
    fee = pay(a, r, b, more, sign, units, raw, price, role)
    a.units += units
    fill_order(a, orders, row, b.t, units, raw, price, fee, role)
    write_ledger(a, ledger, b.t)
