"""Joint: orders to a weight that fill at one instant, solved together with what they cost (docs/portfolio.md)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import SIGNAL, TAKER
from tapehead.kernels.account import VOLUME as BY_VOLUME
from tapehead.kernels.book import give, price, refresh, take
from tapehead.kernels.fills import add, leave
from tapehead.kernels.jit import part
from tapehead.kernels.money import affordable, charge, in_lots, slipped
from tapehead.kernels.orders import end_order
from tapehead.kernels.trading import LEAST_CHANGE, accepted, apart_units, gap_of, take_levels, would_be_behind

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

_NOTHING = 1e-9
"""Share of equity below which an order is of nothing."""


@part
def look(a: Any, r: Any, b: Any, leg: Any, orders: F64, raw: float) -> bool:
    """Say on which side an order to a weight trades at a price; false where it has waited too long."""
    held = a.units * raw * r.multiplier
    apart = a.weight * (a.cash + a.worth_beside + a.side * held) - a.side * held
    leg.sign = 1.0 if apart > 0.0 else -1.0
    adds = a.units == 0.0 or leg.sign == a.side
    if adds and r.max_wait >= 0 and gap_of(a, r, b) > r.max_wait:
        end_order(a, orders, a.weigh_row, names.EXPIRED_IN_GAP, b.t)
        a.weighing = 0
        return False
    return True


@part
def weigh_together(
    chosen: I32,
    count: int,
    accounts: Any,
    rules: Any,
    bars: Any,
    legs: Any,
    book: Any,
    worth: F64,
    gross: F64,
    orders: F64,
) -> int:
    """Set price and units of orders to a weight, of which `chosen` keeps those that come to something; return how many.

    Worth is that at the prices of the orders afterwards.
    """
    for k in range(count):
        if rules[chosen[k]].slipping == BY_VOLUME:
            _solve(chosen, count, accounts, rules, legs, book, worth, gross)
            break
    for k in range(count):
        i = chosen[k]
        a, r, leg = accounts[i], rules[i], legs[i]
        sign = int(leg.sign)
        units = 0.0
        if r.slipping == BY_VOLUME:
            units = abs(leg.units)
            if a.units != 0.0 and sign != a.side:
                units = min(units, a.units)
        raw = leg.price
        leg.price = slipped(r, r, raw, sign, units, a.want_volume) if raw > 0.0 else 0.0
    kept = 0
    for k in range(count):
        i = chosen[k]
        if legs[i].price > 0.0:
            chosen[kept] = i
            kept += 1
        else:
            _drop(accounts[i], bars[i], orders)
    count, before = kept, -1
    while count > 0 and count != before:
        before, kept = count, 0
        _solve(chosen, count, accounts, rules, legs, book, worth, gross)
        for k in range(count):
            i = chosen[k]
            a, leg = accounts[i], legs[i]
            if leg.units * leg.sign > 0.0 and not (a.units == 0.0 and leg.sign != a.weighing):
                chosen[kept] = i
                kept += 1
            else:
                price(i, a, rules[i], leg, worth, gross)
                _drop(a, bars[i], orders)
        count = kept
    return count


@part
def _drop(a: Any, b: Any, orders: F64) -> None:
    """Reject an order that comes to nothing."""
    end_order(a, orders, a.weigh_row, names.ROUNDED, b.t)
    a.weighing = 0


@part
def _solve(chosen: I32, count: int, accounts: Any, rules: Any, legs: Any, book: Any, worth: F64, gross: F64) -> None:
    """Set the signed units of each order so that all weights hold after all charges, at the prices in `legs`."""
    for k in range(count):
        i = chosen[k]
        a, leg = accounts[i], legs[i]
        held = a.units * leg.price * rules[i].multiplier
        worth[i], gross[i] = a.side * held, held
    refresh(book, worth, gross)
    if count == 1:
        i = chosen[0]
        a, leg = accounts[i], legs[i]
        take(a, leg, book, worth[i], gross[i])
        leg.units = apart_units(a, rules[i], int(leg.sign), leg.price)
        a.gross = leg.gross_before
        return
    for k in range(count):
        legs[chosen[k]].known_fee = np.nan
    _one_equity(chosen, count, accounts, rules, legs, book, worth)
    again = False
    for k in range(count):
        i = chosen[k]
        r, leg = rules[i], legs[i]
        if r.bounded:
            fee = r.taker * (abs(leg.units) * leg.price * r.multiplier) + r.fixed
            if fee < r.least or fee > r.most:
                leg.known_fee = r.least if fee < r.least else r.most
                again = True
    if again:
        _one_equity(chosen, count, accounts, rules, legs, book, worth)


@part
def _one_equity(chosen: I32, count: int, accounts: Any, rules: Any, legs: Any, book: Any, worth: F64) -> None:
    """Solve for the equity that is left after all charges, and for units; `known_fee` is a charge that is known."""
    above, below = book.cash + book.total, 1.0
    for k in range(count):
        i = chosen[k]
        r, leg = rules[i], legs[i]
        if leg.known_fee == leg.known_fee:
            above -= leg.known_fee
        else:
            above += r.taker * leg.sign * worth[i] - r.fixed
            below += r.taker * leg.sign * accounts[i].weight
    equity = above / below
    for k in range(count):
        i = chosen[k]
        r, leg = rules[i], legs[i]
        leg.units = (accounts[i].weight * equity - worth[i]) / (leg.price * r.multiplier)


@part
def reduce(
    i: int, a: Any, r: Any, b: Any, leg: Any, book: Any, worth: F64, gross: F64,
    money: F64, marks: I32, ledger: F64, orders: F64, who: I32, locks: F64, raw: float, phase: int,
) -> None:  # fmt: skip
    """Book an order to a weight that sells of what is held."""
    units = abs(leg.units)
    row = a.weigh_row
    a.weighing = 0
    if units >= a.units:
        units = a.units
    else:
        units = in_lots(r, units)
        if not units > LEAST_CHANGE * a.units:
            end_order(a, orders, row, names.ROUNDED, b.t)
            return
    take(a, leg, book, worth[i], gross[i])
    if orders.shape[1] != 0:
        orders[names.ORDER_SIDE, row], orders[names.ORDER_OPENS, row] = leg.sign, 0
    a.gap |= gap_of(a, r, b) > 0
    leave(a, r, b, r, money, marks, ledger, orders, row, units, raw, leg.price, SIGNAL, phase, TAKER)
    give(i, a, r, b, leg, book, worth, gross, money, who, locks, phase)


@part
def purchase(
    i: int, a: Any, r: Any, b: Any, leg: Any, book: Any, worth: F64, gross: F64,
    money: F64, ledger: F64, orders: F64, who: I32, locks: F64, raw: float, phase: int,
) -> None:  # fmt: skip
    """Book an order to a weight that opens a position or adds to it, cut to the cash that is there."""
    sign, units, value = int(leg.sign), abs(leg.units), leg.price * r.multiplier
    row = a.weigh_row
    a.weighing = 0
    take(a, leg, book, worth[i], gross[i])
    status = names.FILLED
    if a.units == 0.0 and would_be_behind(a, r, sign, leg.price, 0.0):
        status = names.LEVEL_BEHIND
    else:
        short = False
        if sign > 0 and r.leverage <= 1.0 and (a.fellows != 0 or a.locked > 0.0):
            there = a.cash - a.locked
            equity = a.cash + a.worth_beside + a.side * (a.units * value)
            if units * value + charge(r, r, units * value, TAKER) > there + _NOTHING * equity:
                units, short = affordable(r, 1.0, there, 0.0, r.taker, value), True
                if not units * value > _NOTHING * equity:
                    units = 0.0
        units = in_lots(r, units)
        if short and not units > 0.0:
            status = names.NO_CASH
        else:
            status = accepted(a, r, sign, leg.price, units)
    if status != names.FILLED:
        end_order(a, orders, row, status, b.t)
    else:
        if orders.shape[1] != 0:
            orders[names.ORDER_SIDE, row], orders[names.ORDER_OPENS, row] = sign, 1
        first = a.units == 0.0
        add(a, r, b, r, ledger, orders, row, sign, units, raw, leg.price, phase, TAKER, int(gap_of(a, r, b) > 0))
        take_levels(a, r, first, leg.price)
    give(i, a, r, b, leg, book, worth, gross, money, who, locks, phase)
