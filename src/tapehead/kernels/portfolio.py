"""The portfolio's walk: instant after instant of many instruments that share one cash (docs/portfolio.md).

What one bar does to one instrument is `kernels/bar.py`, step by step; here stands who comes when, and what each may
spend.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import AT_CLOSE, AT_OPEN, DELIST, INSIDE, LEDGER, MARKS, MONEY, ORDER, numbers, record
from tapehead.kernels.addresses import floats_at, longs_at
from tapehead.kernels.bar import (
    accrue,
    ask_by_time,
    begin_bar,
    cross_hole,
    end_data,
    end_session,
    enter_at_open,
    enter_inside,
    leave_jumped,
    leave_now,
    meet_levels,
    move_levels,
)
from tapehead.kernels.book import BOOK, LEG, LOCKS, give, price, refresh, release, take
from tapehead.kernels.jit import inlined, kernel, part
from tapehead.kernels.joint import look, purchase, reduce, weigh_together
from tapehead.kernels.legs import (
    decide_bar,
    has_no_place,
    line_up,
    may_be_spent,
    meets_inside,
    meets_open,
    next_wish,
    pay_interest,
    set_rate,
    stand_on,
    take_facts,
)
from tapehead.kernels.levels import HELD
from tapehead.kernels.money import roll_fees
from tapehead.kernels.orders import end_all, end_entry, rests, waits
from tapehead.kernels.trade import new_accounts, new_bar, some_terms
from tapehead.kernels.trading import enter, leave_waiting

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

EQUITY, CASH, EXPOSURE, HELD_COUNT, LIVED = range(5)
POINTS: Final = 5
"""Rows of what is told of every instant, shape (POINTS, n_instants)."""
DONE, WANTS_ROOM = numbers(2)
_NEVER: Final = 2**62
_SLACK: Final = 4
"""Trades, orders and locks that one instrument makes in one instant at most, orders twice as many."""


@kernel
def walk_portfolio(
    clock: I64, until: int, books: Any, legs: Any, accounts: Any, rules: Any, bars: Any, next_ts: I64, wants: I64,
    worth: F64, gross: F64, busy: I32, chosen: I32, keys: F64, money: F64, marks: I32, ledger: F64,
    orders: F64, who: I32, owners: I32, locks: F64, points: F64, samples: I64, shares: F64,
) -> int:  # fmt: skip
    """Walk over the instants up to `until`, or as far as there is room to write; say which (DONE, WANTS_ROOM).

    Parameters
    ----------
    clock : int64 array, shape (n_instants,)
        When each begins, us, rising.
    books, legs, accounts, rules, bars
        Records: one book, and of each instrument in the order of names.
    next_ts, wants : int64 arrays, shape (n,)
        When the next bar of each begins (2**62: none), and from which bar on something may happen.
    worth, gross, busy, chosen, keys
        Room, shape (n,) each.
    money, marks, orders, who, owners
        Rows written, and of which instrument each trade and each order is.
    ledger : float64 array, shape (LEDGER, 1)
    locks : float64 array, shape (LOCKS, room)
    points : float64 array, shape (POINTS, n_instants)
    samples, shares : int64 array, shape (k,), float64 array, shape (n, k)
        Instants, and the profit of each instrument so far at each of them.
    """
    book = books[0]
    n = accounts.shape[0]
    lined = orders.shape[1] != 0
    sample = np.searchsorted(samples, book.at)
    while book.at < until:
        slack = _SLACK * n
        if book.trades + slack > money.shape[1] or book.locks + slack > locks.shape[1]:
            return int(WANTS_ROOM)
        if lined and book.orders + 2 * slack > orders.shape[1]:
            return int(WANTS_ROOM)
        now = clock[book.at]
        count = 0
        for i in range(n):
            if next_ts[i] == now:
                leg = legs[i]
                pos = leg.pos
                leg.seen_at = book.at
                leg.ends = now + rules[i].interval
                if pos >= wants[i]:
                    busy[count] = i
                    count += 1
                else:
                    leg.pos = pos + 1
                    next_ts[i] = longs_at(leg.ts, rules[i].n)[pos + 1] if pos + 1 < rules[i].n else _NEVER
        _opens(now, count, book, legs, accounts, rules, bars, worth, gross, busy, chosen, keys, money, marks,
               ledger, orders, who, owners, locks)  # fmt: skip
        lived = book.held > 0
        before = book.trades
        _inside(count, book, legs, accounts, rules, bars, worth, gross, busy, chosen, keys, money, marks, ledger,
                orders, who, owners, locks)  # fmt: skip
        lived |= book.held > 0 or book.trades > before
        _closes(now, count, clock, book, legs, accounts, rules, bars, next_ts, wants, worth, gross, busy, chosen,
                keys, money, marks, ledger, orders, who, owners, locks)  # fmt: skip
        _mark(book, legs, accounts, rules, bars, points)
        points[LIVED, book.at] = lived
        if sample < samples.shape[0] and samples[sample] == book.at:
            for i in range(n):
                shares[i, sample] = legs[i].closed + open_profit(accounts[i], rules[i], legs[i])
            sample += 1
        book.at += 1
    return int(DONE)


@part
def open_profit(a: Any, r: Any, leg: Any) -> float:
    """Return the net profit of an open position at its mark."""
    if a.units == 0.0:
        return 0.0
    made = a.gross + a.side * (a.units * (leg.mark - a.average)) * r.multiplier - a.fees - a.borrow
    if leg.n_rates != 0:
        made += a.side * (a.units * a.average) * leg.base * (leg.rate - leg.entry_rate)
    return float(made)


@part
def _reprice(now: int, book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, worth: F64, gross: F64) -> None:
    """Mark what is held and has no bar now: at its last close, or at the open of a bar that has not ended."""
    for i in range(accounts.shape[0]):
        leg = legs[i]
        if leg.n_rates != 0:
            set_rate(rules[i], leg, now)
        if accounts[i].units != 0.0:
            if book.tangled != 0 and leg.pos > 0:
                leg.mark = bars[i].close if leg.ends <= now else bars[i].open
            price(i, accounts[i], rules[i], leg, worth, gross)


@part
def _opens(
    now: int, count: int, book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, worth: F64, gross: F64, busy: I32,
    chosen: I32, keys: F64, money: F64, marks: I32, ledger: F64, orders: F64, who: I32, owners: I32,
    locks: F64,
) -> None:  # fmt: skip
    """Take an instant from its holes to the end of what fills at opens."""
    if book.locks > 0:
        release(book, locks, now, now)
    if book.tangled != 0 or book.foreign != 0:
        _reprice(now, book, legs, accounts, rules, bars, worth, gross)
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        stand_on(a, r, b, leg)
        take(a, leg, book, 0.0, 0.0)
        fees = floats_at(leg.fees, 6 * leg.fee_rows).reshape((leg.fee_rows, 6))
        cross_hole(a, r, b, fees, ledger)
        book.cash = a.cash
        if leg.n_rates != 0:
            a.gross = leg.gross_before
    pay_interest(book, accounts, rules, now)
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        if leg.fact_at < leg.n_facts:
            take_facts(i, a, r, b, leg, book, worth, gross)
    for k in range(count):
        i = busy[k]
        legs[i].mark = bars[i].open
        price(i, accounts[i], rules[i], legs[i], worth, gross)
    refresh(book, worth, gross)
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        made = book.orders
        begin_bar(a, r, b, orders)
        if b.traded == 0 or a.units == 0.0:
            continue
        if may_be_spent(a, r):
            refresh(book, worth, gross)
        take(a, leg, book, worth[i], gross[i])
        leave_jumped(a, r, b, money, marks, ledger, orders)
        if r.at_open != 0 and a.leaving != 0 and a.units != 0.0:
            leave_waiting(a, r, b, money, marks, ledger, orders, b.open, AT_OPEN)
        give(i, a, r, b, leg, book, worth, gross, money, who, locks, AT_OPEN)
        _own(owners, made, book, i)
    _buy(AT_OPEN, count, book, legs, accounts, rules, bars, worth, gross, busy, chosen, keys, money, marks, ledger,
         orders, who, owners, locks)  # fmt: skip


@inlined
def _own(owners: I32, made: int, book: Any, i: int) -> None:
    """Note of which instrument the orders are that were written."""
    if owners.shape[0] != 0:
        for row in range(made, book.orders):
            owners[row] = i


@part
def _buy(
    phase: int, count: int, book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, worth: F64, gross: F64,
    busy: I32, chosen: I32, keys: F64, money: F64, marks: I32, ledger: F64, orders: F64, who: I32, owners: I32,
    locks: F64,
) -> None:  # fmt: skip
    """Fill orders to a weight together, then what opens a position or adds to one, in their order."""
    found = 0
    looked = False
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        leg.units = 0.0
        if a.weighing != 0 and b.traded != 0 and (r.at_open != 0) == (phase == AT_OPEN):
            if not looked:
                refresh(book, worth, gross)
                looked = True
            leg.price = b.open if phase == AT_OPEN else b.close
            take(a, leg, book, worth[i], gross[i])
            a.gross = leg.gross_before
            if look(a, r, b, leg, orders, leg.price):
                chosen[found] = i
                found += 1
    if found > 0:
        found = weigh_together(chosen, found, accounts, rules, bars, legs, book, worth, gross, orders)
        for k in range(found):
            i = chosen[k]
            price(i, accounts[i], rules[i], legs[i], worth, gross)
        for k in range(found):
            i = chosen[k]
            a, leg = accounts[i], legs[i]
            if a.units != 0.0 and leg.sign != a.side:
                raw = bars[i].open if phase == AT_OPEN else bars[i].close
                reduce(
                    i,
                    a,
                    rules[i],
                    bars[i],
                    leg,
                    book,
                    worth,
                    gross,
                    money,
                    marks,
                    ledger,
                    orders,
                    who,
                    locks,
                    raw,
                    phase,
                )
    found = 0
    for k in range(count):
        i = busy[k]
        a, r, b = accounts[i], rules[i], bars[i]
        if b.traded == 0:
            continue
        market = (r.at_open != 0) == (phase == AT_OPEN) and ((a.entering != 0 and not rests(a)) or a.weighing != 0)
        resting = phase == AT_OPEN and rests(a) and (a.units == 0.0 or a.entering == a.side)
        if market or resting:
            chosen[found] = i
            found += 1
    line_up(chosen, found, keys, legs, accounts, rules)
    for k in range(found):
        i = chosen[k]
        refresh(book, worth, gross)
        _buy_one(
            phase, i, accounts[i], rules[i], bars[i], legs[i], book, worth, gross, money, ledger, orders, who, locks
        )


@part
def _buy_one(
    phase: int, i: int, a: Any, r: Any, b: Any, leg: Any, book: Any, worth: F64, gross: F64, money: F64, ledger: F64,
    orders: F64, who: I32, locks: F64,
) -> None:  # fmt: skip
    """Fill what one instrument wants to buy, or reject it."""
    raw = b.open if phase == AT_OPEN else b.close
    resting = rests(a)
    if has_no_place(a, book) and (not resting or meets_open(a, r, b)):
        end_entry(a, orders, names.NO_PLACE, b.t)
        return
    if a.weighing != 0:
        purchase(i, a, r, b, leg, book, worth, gross, money, ledger, orders, who, locks, raw, phase)
        return
    take(a, leg, book, worth[i], gross[i])
    if resting:
        enter_at_open(a, r, b, ledger, orders)
    else:
        enter(a, r, b, ledger, orders, raw, phase, True, np.nan, names.TAKER)
    give(i, a, r, b, leg, book, worth, gross, money, who, locks, phase)


@part
def _inside(
    count: int, book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, worth: F64, gross: F64, busy: I32,
    chosen: I32, keys: F64, money: F64, marks: I32, ledger: F64, orders: F64, who: I32, owners: I32, locks: F64,
) -> None:  # fmt: skip
    """Meet the levels of positions inside their bars, then the entries that rest."""
    found = 0
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        if b.traded == 0:
            continue
        left = False
        if a.units != 0.0:
            if may_be_spent(a, r):
                refresh(book, worth, gross)
            made = book.orders
            take(a, leg, book, worth[i], gross[i])
            meet_levels(a, r, b, money, marks, ledger, orders, HELD, b.open)
            give(i, a, r, b, leg, book, worth, gross, money, who, locks, INSIDE)
            _own(owners, made, book, i)
            left = a.units == 0.0
        if not left and rests(a) and (a.units == 0.0 or a.entering == a.side):
            chosen[found] = i
            found += 1
    line_up(chosen, found, keys, legs, accounts, rules)
    for k in range(found):
        i = chosen[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        if has_no_place(a, book) and meets_inside(a, r, b):
            end_entry(a, orders, names.NO_PLACE, b.t)
            continue
        refresh(book, worth, gross)
        made = book.orders
        take(a, leg, book, worth[i], gross[i])
        enter_inside(a, r, b, money, marks, ledger, orders)
        give(i, a, r, b, leg, book, worth, gross, money, who, locks, INSIDE)
        _own(owners, made, book, i)


@part
def _closes(
    now: int, count: int, clock: I64, book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, next_ts: I64,
    wants: I64, worth: F64, gross: F64, busy: I32, chosen: I32, keys: F64, money: F64, marks: I32,
    ledger: F64, orders: F64, who: I32, owners: I32, locks: F64,
) -> None:  # fmt: skip
    """Take the closes of an instant: what accrues, decisions, fills at closes, ends."""
    ends = now + book.interval
    if book.locks > 0:
        release(book, locks, ends, now)
    if book.tangled != 0 or book.foreign != 0:
        _reprice(ends, book, legs, accounts, rules, bars, worth, gross)
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        a.ordered = 0
        fees = floats_at(leg.fees, 6 * leg.fee_rows).reshape((leg.fee_rows, 6))
        roll_fees(r, fees, b.ts + r.interval)
        if a.units != 0.0:
            a.cash, a.rows = book.cash, 0
            accrue(a, r, b, ledger, b.close, r.interval)
            book.cash = a.cash
        leg.mark = b.close
        price(i, a, r, leg, worth, gross)
    pay_interest(book, accounts, rules, ends)
    refresh(book, worth, gross)
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        move_levels(a, r, b, orders)
        if book.over == 0:
            made = book.orders
            take(a, leg, book, worth[i], gross[i])
            a.gross = leg.gross_before
            decide_bar(a, r, b, leg, orders)
            book.orders = a.orders
            _own(owners, made, book, i)
        ruined = book.over != 0
        if not ruined:
            made = book.orders
            a.orders = made
            ask_by_time(a, r, b, orders)
            book.orders = a.orders
            _own(owners, made, book, i)
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        if r.at_open == 0 and b.traded != 0 and a.leaving != 0 and a.units != 0.0:
            take(a, leg, book, worth[i], gross[i])
            leave_waiting(a, r, b, money, marks, ledger, orders, b.close, AT_CLOSE)
            give(i, a, r, b, leg, book, worth, gross, money, who, locks, AT_CLOSE)
    if book.locks > 0:
        release(book, locks, ends, now)
    _buy(AT_CLOSE, count, book, legs, accounts, rules, bars, worth, gross, busy, chosen, keys, money, marks, ledger,
         orders, who, owners, locks)  # fmt: skip
    final = book.at == clock.shape[0] - 1
    for k in range(count):
        i = busy[k]
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        made = book.orders
        last = b.t == r.n - 1
        if a.units != 0.0 or (last and waits(a)):
            take(a, leg, book, worth[i], gross[i])
            end_session(a, r, b, money, marks, ledger, orders)
            if last:
                leg.delists = int(r.ending == DELIST)
                end_data(a, r, b, money, marks, ledger, orders)
            give(i, a, r, b, leg, book, worth, gross, money, who, locks, AT_CLOSE)
            _own(owners, made, book, i)
        leg.pos = b.t + 1
        next_ts[i] = longs_at(leg.ts, r.n)[leg.pos] if not last else _NEVER
        wants[i] = leg.pos if a.units != 0.0 or waits(a) else next_wish(r, leg, leg.pos)
    if final and book.sells_at_end != 0:
        _sell_all(book, legs, accounts, rules, bars, worth, gross, money, marks, ledger, orders, who, owners, locks)
    if book.over != 0:
        for i in range(accounts.shape[0]):
            accounts[i].orders = book.orders
            end_all(accounts[i], orders, names.RUINED, bars[i].t)
            accounts[i].seen |= 1 << names.RUINED
            wants[i] = rules[i].n


@part
def _sell_all(
    book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, worth: F64, gross: F64, money: F64, marks: I32,
    ledger: F64, orders: F64, who: I32, owners: I32, locks: F64,
) -> None:  # fmt: skip
    """Sell what is still held at the end of the clock, each at its own last close."""
    for i in range(accounts.shape[0]):
        a, r, b, leg = accounts[i], rules[i], bars[i], legs[i]
        if a.units == 0.0:
            continue
        a.seen &= ~(1 << names.STILL_OPEN)
        if b.traded == 0 or leg.seen_at != book.at:
            a.seen |= 1 << names.UNTRADED_END
        made = book.orders
        take(a, leg, book, worth[i], gross[i])
        leave_now(a, r, b, money, marks, ledger, orders, names.END, b.close, names.TAKER)
        give(i, a, r, b, leg, book, worth, gross, money, who, locks, AT_CLOSE)
        _own(owners, made, book, i)


@part
def _mark(book: Any, legs: Any, accounts: Any, rules: Any, bars: Any, points: F64) -> None:
    """Tell what the account is worth after an instant, and how old the marks are."""
    equity, exposure = book.cash, 0.0
    if book.held > 0:
        for i in range(accounts.shape[0]):
            a, leg = accounts[i], legs[i]
            if a.units == 0.0:
                continue
            value = (a.side * a.units) * rules[i].multiplier * leg.mark
            equity += value
            exposure += abs(value)
            age = book.at - leg.seen_at
            book.stale_most = max(book.stale_most, age)
            book.stale_ages += age
            book.stale_marks += 1
    points[EQUITY, book.at], points[CASH, book.at] = equity, book.cash
    points[EXPOSURE, book.at], points[HELD_COUNT, book.at] = exposure, book.held


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    clock, room = np.arange(n), np.zeros(1, np.int32)
    books, legs, rules = record(BOOK, most_places=1), np.zeros(1, LEG).view(np.recarray), some_terms(n).copy()
    rows = (np.empty((MONEY, n)), np.empty((MARKS, n), np.int32), np.empty((LEDGER, 1)), np.empty((ORDER, 0)))
    walk_portfolio(
        clock, 0, books, legs, new_accounts(1.0), rules, new_bar(), np.zeros(1, np.int64), np.zeros(1, np.int64),
        np.zeros(1), np.zeros(1), room, room, np.zeros(1), *rows, np.empty(n, np.int32), np.empty(0, np.int32),
        np.empty((LOCKS, n)), np.empty((POINTS, n)), np.zeros(1, np.int64), np.empty((1, 1)),
    )  # fmt: skip
