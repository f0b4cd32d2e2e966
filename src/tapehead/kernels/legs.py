"""Legs: what one instrument of a portfolio reads, decides and wants to buy (docs/portfolio.md)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import LINES
from tapehead.kernels.addresses import bytes_at, floats_at, ints_at, longs_at
from tapehead.kernels.bar import DAY_US, YEAR
from tapehead.kernels.book import price
from tapehead.kernels.decisions import decide_weight
from tapehead.kernels.facts import DIVIDEND, pay_dividend, split
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.levels import beyond
from tapehead.kernels.walk import decide_by_events, load_bar

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


@inlined
def may_be_spent(a: Any, r: Any) -> bool:
    """Say whether a step reads what the others are worth: the account may be liquidated."""
    return bool(a.side < 0 or r.leverage > 1.0)


@part
def stand_on(a: Any, r: Any, b: Any, leg: Any) -> None:
    """Put the next bar of an instrument into its record."""
    n = r.n
    says = bytes_at(leg.says, n if leg.says != 0 else 0)
    load_bar(
        r, b, floats_at(leg.opens, n), floats_at(leg.high, n), floats_at(leg.low, n), floats_at(leg.close, n),
        floats_at(leg.volume, n), bytes_at(leg.flags, n), says, longs_at(leg.ts, n), longs_at(leg.step, n), leg.pos,
    )  # fmt: skip
    if leg.settled != 0:
        leg.lives = longs_at(leg.settled, n)[leg.pos]
    leg.delists = 0


@part
def set_rate(r: Any, leg: Any, now: int) -> None:
    """Put the newest rate of a currency in force that is known at a time."""
    known, values = longs_at(leg.rates, leg.n_rates), floats_at(leg.rate_values, leg.n_rates)
    while leg.rate_at + 1 < leg.n_rates and known[leg.rate_at + 1] <= now:
        leg.rate_at += 1
    while leg.rate_at > 0 and known[leg.rate_at] > now:
        leg.rate_at -= 1
    leg.rate = values[leg.rate_at]
    r.multiplier = leg.base * leg.rate


@part
def take_facts(i: int, a: Any, r: Any, b: Any, leg: Any, book: Any, worth: F64, gross: F64) -> None:
    """Apply the facts that are due at the beginning of a bar."""
    due, kinds = longs_at(leg.facts, leg.n_facts), ints_at(leg.fact_kinds, leg.n_facts)
    values = floats_at(leg.fact_values, leg.n_facts)
    while leg.fact_at < leg.n_facts and due[leg.fact_at] <= b.ts:
        if kinds[leg.fact_at] == DIVIDEND:
            if a.units != 0.0:
                a.cash = book.cash
                pay_dividend(a, r, leg, values[leg.fact_at])
                book.cash = a.cash
        else:
            split(a, r, leg, values[leg.fact_at])
            b.volume_before *= values[leg.fact_at]
        leg.fact_at += 1
    price(i, a, r, leg, worth, gross)


@part
def decide_bar(a: Any, r: Any, b: Any, leg: Any, orders: F64) -> None:
    """Ask what is wanted at the close of a bar."""
    n = r.n
    lines = floats_at(leg.lines, LINES * n if leg.lines != 0 else 0)
    rows = lines.reshape((LINES, n)) if leg.lines != 0 else lines.reshape((0, 0))
    if r.weighted == 0:
        decide_by_events(
            a, r, b, orders, rows, ints_at(leg.enter, leg.enters), ints_at(leg.leave, leg.leaves),
            ints_at(leg.enter_short, leg.enter_shorts), ints_at(leg.leave_short, leg.leave_shorts),
        )  # fmt: skip
        return
    if leg.decides != 0:
        # Off its dates a portfolio is not brought back to weights that have not changed.
        r.band = leg.band if bytes_at(leg.decides, n)[b.t] != 0 else np.nan
    decide_weight(a, r, b, orders, rows, floats_at(leg.target, n)[b.t])


@part
def next_wish(r: Any, leg: Any, t: int) -> int:
    """Return the first bar from t on at which a strategy wishes anything."""
    if r.weighted != 0 and (leg.decides != 0 or r.each_bar != 0):
        return t
    first: int = r.n
    for which in range(4):
        count = (
            leg.enters
            if which == 0
            else leg.leaves
            if which == 1
            else leg.enter_shorts
            if which == 2
            else leg.leave_shorts
        )
        at = (
            leg.enter if which == 0 else leg.leave if which == 1 else leg.enter_short if which == 2 else leg.leave_short
        )
        events = ints_at(at, count)
        place = np.searchsorted(events, t)
        if place < count:
            first = min(first, events[place])
    return first


@part
def meets_open(a: Any, r: Any, b: Any) -> bool:
    """Say whether the open fills the entry that rests."""
    sign = a.entering
    mark = sign * b.open
    if a.trigger == a.trigger:
        return mark >= sign * a.trigger and not (a.limit == a.limit and mark > sign * a.limit)
    return bool(mark <= sign * beyond(a.limit, -sign * r.reach, r.tick))


@part
def meets_inside(a: Any, r: Any, b: Any) -> bool:
    """Say whether the bar fills the entry that rests."""
    sign = a.entering
    best, worst = (b.high, b.low) if sign > 0 else (b.low, b.high)
    if a.trigger == a.trigger:
        reached = sign * best >= sign * a.trigger
        return bool(reached and not (a.limit == a.limit and sign * a.trigger > sign * a.limit))
    return bool(sign * worst <= sign * beyond(a.limit, -sign * r.reach, r.tick))


@inlined
def has_no_place(a: Any, book: Any) -> bool:
    """Say whether a new position finds all places taken."""
    return bool(a.units == 0.0 and book.held + book.places >= book.most_places)


@part
def line_up(chosen: I32, count: int, keys: F64, legs: Any, accounts: Any, rules: Any) -> None:
    """Put those that want to buy in order: the greatest rank of the bar of their decision first, then by name."""
    for k in range(count):
        i = chosen[k]
        key = np.inf
        if legs[i].rank != 0:
            rank = floats_at(legs[i].rank, rules[i].n)[accounts[i].want_bar]
            if rank == rank:
                key = -rank
        at = k
        while at > 0 and keys[at - 1] > key:
            keys[at] = keys[at - 1]
            chosen[at] = chosen[at - 1]
            at -= 1
        keys[at] = key
        chosen[at] = i


@part
def pay_interest(book: Any, accounts: Any, rules: Any, until: int) -> None:
    """Pay the interest of the time since the last payment, on the cash that is not the proceeds of shorts."""
    elapsed = until - book.paid
    if elapsed <= 0:
        return
    book.paid = until
    if book.cash_rate == 0.0:
        return
    days = elapsed / DAY_US
    short = 0.0
    if book.held > 0:
        for i in range(accounts.shape[0]):
            a = accounts[i]
            if a.side < 0 and a.units != 0.0:
                short += a.units * a.average * rules[i].multiplier
    earned = max(book.cash - short, 0.0) * book.cash_rate * days / YEAR
    book.cash += earned
    book.interest += earned
