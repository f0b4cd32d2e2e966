"""Book: the one cash that many instruments trade from, and what each of them stands for in it (docs/portfolio.md).

Every instrument keeps an account of its own (`kernels/account.py`); `take` lends it the cash before a step of a bar,
with what the others are worth, and `give` takes the cash back. A book of one instrument lends it all and nothing
beside.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import AT_OPEN, INSIDE, PROFIT, TAKER, fields
from tapehead.kernels.addresses import floats_at
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.money import charge

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

BOOK: Final = fields(
    "at trades orders held over locks places most_places paid interval tangled foreign stale_most stale_marks"
    " stale_ages sells_at_end notes noted",
    "cash total gross locked interest cash_rate leverage",
)
"""The book. `at` is the next instant, `paid` the time (us) up to which interest is paid; `locks` sales wait to be
spent, of `locked` money and `places` places; `total` and `gross` are the worth of all positions with and without
signs. `tangled`: bars of two instruments may overlap; `foreign`: some are of another currency. `notes` is the address
of rows of NOTE numbers, 0 where none are asked for; `noted` are written, one a fill, no more than there are orders."""

LEG: Final = fields(
    "opens high low close volume flags says ts step enter enters leave leaves enter_short enter_shorts leave_short"
    " leave_shorts target lines rank decides settled facts fact_kinds fact_values n_facts fact_at rates rate_values"
    " n_rates rate_at pos ends seen_at lives delists fees fee_rows",
    "base rate entry_rate mark closed dividends band cash_before fees_before units_before side_before"
    " average_before gross_before by_currency sign units price known_fee",
)
"""An instrument of a book: addresses of its columns, its place in them, and what its order to a weight comes to.

`pos` is its next bar, `ends` when its newest bar ends, `seen_at` the
instant of that bar; `base` its multiplier in its own currency, `rate` what that is worth, `entry_rate` of what is held.
"""

NOTE_AT, NOTE_WHO, NOTE_PHASE, NOTE_TRADES, NOTE_HELD, NOTE_TAKEN, NOTE_CASH, NOTE_CASH_AFTER, NOTE_UNITS = range(9)
NOTE_UNITS_AFTER, NOTE_LOCKED, NOTE_BESIDE, NOTE_MULTIPLIER, NOTE_FEE, NOTE_OWN, NOTE_JOINED = range(9, 16)
NOTE: Final = 16
"""What a fill found and left: instant, instrument and phase, how many trades were closed, positions held and places not
free yet, cash, signed units, cash that buys nothing yet, the worth of the others, the multiplier, the fee, its own
worth before, and whether the step added to a position and closed it."""

LOCK_MONEY, LOCK_PLACES, LOCK_UNTIL, LOCK_SETTLED = range(4)
LOCKS: Final = 4
"""Rows of sales that wait to be spent, shape (LOCKS, n): money, places, until the end of a bar, from an instant on."""


@inlined
def refresh(book: Any, worth: F64, gross: F64) -> None:
    """Add up what all positions are worth, in the order of instruments."""
    total, whole = 0.0, 0.0
    for i in range(worth.shape[0]):
        total += worth[i]
        whole += gross[i]
    book.total, book.gross = total, whole


@inlined
def take(a: Any, leg: Any, book: Any, own: float, own_gross: float) -> None:
    """Lend an instrument the cash, with what the others are worth beside it."""
    a.cash, a.trades, a.orders, a.rows = book.cash, book.trades, book.orders, 0
    a.fellows = book.held - int(a.units != 0.0)
    a.worth_beside, a.gross_beside, a.locked = book.total - own, book.gross - own_gross, book.locked
    a.cash_held, a.fees_held, leg.units_before, leg.side_before = a.cash, a.fees_paid, a.units, a.side
    leg.cash_before, leg.fees_before = a.cash, a.fees_paid
    leg.average_before, leg.gross_before, leg.by_currency = a.average, a.gross, 0.0
    if leg.n_rates != 0 and a.units != 0.0:
        # Here, since a position that is closed in this step writes its profit at once.
        leg.by_currency = a.side * (a.units * a.average) * leg.base * (leg.rate - leg.entry_rate)
        a.gross += leg.by_currency


@part
def give(
    i: int,
    a: Any,
    r: Any,
    b: Any,
    leg: Any,
    book: Any,
    worth: F64,
    gross: F64,
    money: F64,
    who: I32,
    locks: F64,
    phase: int,
) -> None:
    """Take the cash back after a step, and note what it did."""
    closed = a.trades > book.trades
    if leg.n_rates != 0 and a.units != 0.0:
        _settle_rate(a, leg, leg.units_before if not closed else 0.0)
    if book.notes != 0 and (closed or a.units != leg.units_before):
        _note(i, a, r, leg, book, worth, phase)
    for row in range(book.trades, a.trades):
        who[row] = i
        leg.closed += money[PROFIT, row]
    if closed or (a.units < leg.units_before and a.side == leg.side_before):
        _lock_sale(a, r, b, leg, book, locks, phase, closed)
    book.cash, book.trades, book.orders = a.cash, a.trades, a.orders
    book.held = a.fellows + int(a.units != 0.0)
    if a.over != 0:
        book.over = 1
    price(i, a, r, leg, worth, gross)


@part
def _note(i: int, a: Any, r: Any, leg: Any, book: Any, worth: F64, phase: int) -> None:
    """Write down what a fill found and left; `worth` is that of before."""
    # Added up here: the book's own sum is renewed only where something buys by it.
    beside = 0.0
    for other in range(worth.shape[0]):
        if other != i:
            beside += worth[other]
    row = floats_at(book.notes, (book.noted + 1) * NOTE)[book.noted * NOTE :]
    row[NOTE_AT], row[NOTE_WHO], row[NOTE_PHASE], row[NOTE_TRADES] = book.at, i, phase, book.trades
    row[NOTE_HELD], row[NOTE_TAKEN] = a.fellows + int(leg.units_before != 0.0), book.places
    row[NOTE_CASH], row[NOTE_CASH_AFTER] = leg.cash_before, a.cash
    row[NOTE_UNITS], row[NOTE_UNITS_AFTER] = leg.side_before * leg.units_before, a.side * a.units
    row[NOTE_LOCKED], row[NOTE_BESIDE] = a.locked, beside
    row[NOTE_MULTIPLIER], row[NOTE_FEE] = r.multiplier, a.fees_paid - leg.fees_before
    row[NOTE_OWN] = worth[i]
    row[NOTE_JOINED] = leg.units_before != 0.0 and a.units == 0.0 and a.cash_held != leg.cash_before
    book.noted += 1


@part
def _settle_rate(a: Any, leg: Any, before: float) -> None:
    """Take out what the currency made of what is still held; weigh the rate of its entry with that of an addition."""
    if before == 0.0:
        leg.entry_rate = leg.rate
    elif a.units >= before:
        a.gross = leg.gross_before
        if a.units > before:
            old, paid = before * leg.average_before, a.units * a.average
            leg.entry_rate = (leg.entry_rate * old + leg.rate * (paid - old)) / paid
    else:
        a.gross -= leg.by_currency * (a.units / before)


@part
def price(i: int, a: Any, r: Any, leg: Any, worth: F64, gross: F64) -> None:
    """Put down what an instrument is worth at its mark."""
    whole = a.units * leg.mark * r.multiplier if a.units != 0.0 else 0.0
    worth[i], gross[i] = a.side * whole, abs(whole)


@part
def _lock_sale(a: Any, r: Any, b: Any, leg: Any, book: Any, locks: F64, phase: int, closed: bool) -> None:
    """Hold back the money of an exit that nothing may be bought from yet, and its place."""
    # Of the exit alone: what an addition of this bar cost was spent before.
    fee = a.fees_paid - a.fees_held
    change = a.cash - a.cash_held
    if leg.units_before == 0.0:
        value = a.value_out * r.multiplier
        freed = value - charge(r, r, value, TAKER)
        sold = a.side > 0
    else:
        freed = change if leg.side_before > 0 else -change - 2.0 * fee
        sold = leg.side_before > 0
    late = phase != AT_OPEN and leg.delists == 0
    settles = sold and leg.settled != 0 and leg.delists == 0
    if not late and not settles:
        return
    row = book.locks
    locks[LOCK_MONEY, row], locks[LOCK_PLACES, row] = freed, late and closed
    locks[LOCK_UNTIL, row] = b.ts + r.interval if late else 0
    locks[LOCK_SETTLED, row] = leg.lives if settles else 0
    book.locks = row + 1
    # At its close the bar is over; only bars of others that begin before have to wait.
    if phase == INSIDE or settles:
        book.locked += freed
    if phase == INSIDE and late and closed:
        book.places += 1


@part
def release(book: Any, locks: F64, now: int, begin: int) -> None:
    """Free what may be spent at `now`, in an instant that began at `begin` (us).

    A row goes only when an instant has begun after it: the next one may begin before the bar of the sale is over.
    """
    kept = 0
    book.locked, book.places = 0.0, 0
    for row in range(book.locks):
        late = now < locks[LOCK_UNTIL, row]
        if late or begin < locks[LOCK_SETTLED, row]:
            book.locked += locks[LOCK_MONEY, row]
            book.places += int(locks[LOCK_PLACES, row]) if late else 0
        elif begin >= locks[LOCK_UNTIL, row]:
            continue
        for field in range(LOCKS):
            locks[field, kept] = locks[field, row]
        kept += 1
    book.locks = kept
