"""The step: what one bar does to the account, phase after phase (engine.md: L1 to L5).

A walk is a run of steps, and so is a bar-by-bar strategy:

    open_and_inside(...)      what accrued over a hole; resting orders and levels; what waits for the open
    before_decision(...)      borrow and interest of the bar; trailing levels; what expires
    decide(...)               or a strategy's own orders: begin_order, then submit_* of `orders`
    after_decision(...)       time exit and square-off; fill="close"; the end of the session and of the data

Every function takes the same records: `a` the account (ACCOUNT), `r` the terms (TERMS), `b` the bar (BAR). `money`,
`marks`, `ledger` and `orders` are the rows written; orders of no column are not. Shapes and fields:
`kernels/account.py`. Functions of fills and money also take `more`: the terms again, or None from `kernels/plain.py`,
for which they are compiled without what its rules do not ask for.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import (
    AT_CLOSE,
    AT_OPEN,
    FREE,
    INSIDE,
    LATE,
    LATER_DAY,
    MAKER,
    OHLC,
    OPTIMISTIC,
    PESSIMISTIC,
    SESSION_END,
    TAKER,
    TARGET,
)
from tapehead.kernels.fills import count_held, leave, write_ledger
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.levels import (
    BY_LIMIT,
    BY_STOP,
    HELD,
    NOT_LEFT,
    beyond,
    first_way,
    nearest,
    ratchet,
    settle,
    threatened,
    walk_bar,
)
from tapehead.kernels.money import roll_fees, slipped
from tapehead.kernels.orders import end_all, end_entry, rests, submit_exit, waits, write_order
from tapehead.kernels.trading import enter, leave_by, leave_waiting, left_at, weigh

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

DAY_US = 86_400_000_000.0
YEAR = 365.0


@inlined
def open_and_inside(a: Any, r: Any, b: Any, fees: F64, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """Take the bar from its open to just before its close."""
    cross_hole(a, r, b, fees, ledger)
    begin_bar(a, r, b, orders)
    if b.traded == 0:
        return
    if a.units != 0.0:
        leave_jumped(a, r, b, money, marks, ledger, orders)
    if waits(a):
        if r.at_open != 0:
            _fill_market(a, r, b, money, marks, ledger, orders, b.open, AT_OPEN)
        if rests(a) and (a.units == 0.0 or a.entering == a.side):
            enter_at_open(a, r, b, ledger, orders)
    left = False
    if a.units != 0.0:
        meet_levels(a, r, b, money, marks, ledger, orders, HELD, b.open)
        left = a.units == 0.0
    if not left and rests(a) and (a.units == 0.0 or a.entering == a.side):
        enter_inside(a, r, b, money, marks, ledger, orders)


@inlined
def cross_hole(a: Any, r: Any, b: Any, fees: F64, ledger: F64) -> None:
    """Take the account over the hole before the bar."""
    roll_fees(r, fees, b.ts)
    if b.hole > 0:
        accrue(a, r, b, ledger, b.close_before, b.hole)


@inlined
def begin_bar(a: Any, r: Any, b: Any, orders: F64) -> None:
    """Begin the bar: its levels are those of the close before; what rests for a day may end."""
    a.trail_before, a.best_before = a.trail, a.best
    if r.day != 0 and b.says & LATER_DAY and b.t > a.want_bar + 1 and rests(a):
        end_entry(a, orders, names.EXPIRED, b.t)


@inlined
def accrue(a: Any, r: Any, b: Any, ledger: F64, close: float, elapsed_us: int) -> None:
    """Book what some time costs and earns, where anything accrues."""
    if r.carries != 0:
        _book(a, r, b, ledger, close, elapsed_us)


@part
def _book(a: Any, r: Any, b: Any, ledger: F64, close: float, elapsed_us: int) -> None:
    """Book borrow, then interest, of some time."""
    days = elapsed_us / DAY_US
    before = a.cash
    if a.side < 0 and a.units != 0.0 and r.borrow > 0.0:
        cost = a.units * close * r.multiplier * r.borrow * days / YEAR
        a.cash -= cost
        a.borrow += cost
        a.borrow_paid += cost
    if r.cash_rate != 0.0:
        short = a.units * a.average * r.multiplier if a.side < 0 and a.units != 0.0 else 0.0
        earned = max(a.cash - short, 0.0) * r.cash_rate * days / YEAR
        a.cash += earned
        a.interest += earned
    if a.cash != before:
        write_ledger(a, ledger, b.t)


@inlined
def leave_jumped(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """Leave at the open where it has jumped a level, if there is any."""
    if threatened(a, r):
        _leave_at_open(a, r, b, money, marks, ledger, orders)


@part
def _leave_at_open(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """Leave at the open where it has jumped a level of the position."""
    mark = a.side * b.open
    floor, reason = nearest(a, r)
    if mark <= floor:
        leave_by(a, r, b, money, marks, ledger, orders, b.open, reason, AT_OPEN, TAKER)
    elif mark >= a.side * a.ceiling:
        leave_by(a, r, b, money, marks, ledger, orders, b.open, TARGET, AT_OPEN, TAKER)


@inlined
def _fill_market(
    a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64, raw: float, phase: int
) -> None:
    """Fill the market orders that wait: exits, then entries."""
    if a.leaving != 0 and a.units != 0.0:
        leave_waiting(a, r, b, money, marks, ledger, orders, raw, phase)
    if a.entering != 0 and not rests(a):
        enter(a, r, b, ledger, orders, raw, phase, True, np.nan, TAKER)
    if a.weighing != 0:
        weigh(a, r, b, money, marks, ledger, orders, raw, phase)


@part
def enter_at_open(a: Any, r: Any, b: Any, ledger: F64, orders: F64) -> None:
    """Fill a resting entry that the open has jumped, or trigger it."""
    sign = a.entering
    mark = sign * b.open
    cap = np.nan
    if a.trigger == a.trigger:
        if not mark >= sign * a.trigger:
            return
        if a.limit == a.limit:
            if mark > sign * a.limit:
                a.trigger = np.nan
                return
            cap = a.limit
        enter(a, r, b, ledger, orders, b.open, AT_OPEN, True, cap, TAKER)
    elif mark <= sign * beyond(a.limit, -sign * r.reach, r.tick):
        enter(a, r, b, ledger, orders, b.open, AT_OPEN, False, cap, TAKER)


@part
def enter_inside(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """Fill a resting entry that price reached inside the bar, then look at what came after it."""
    sign = a.entering
    best, worst = (b.high, b.low) if sign > 0 else (b.low, b.high)
    before = a.entries if a.units != 0.0 else 0
    how, raw = BY_LIMIT, b.open
    if a.trigger == a.trigger:
        if not sign * best >= sign * a.trigger:
            return
        if a.limit == a.limit and sign * a.trigger > sign * a.limit:
            a.trigger = np.nan
            return
        how, raw = BY_STOP, a.trigger
        enter(a, r, b, ledger, orders, raw, INSIDE, True, a.limit, TAKER)
    elif sign * worst <= sign * beyond(a.limit, -sign * r.reach, r.tick):
        raw = min(a.limit, b.open) if sign > 0 else max(a.limit, b.open)
        enter(a, r, b, ledger, orders, raw, INSIDE, False, np.nan, MAKER)
    if a.units != 0.0 and a.entries != before:
        a.cash_held, a.fees_held = a.cash, a.fees_paid
        meet_levels(a, r, b, money, marks, ledger, orders, how, raw)


@inlined
def meet_levels(
    a: Any,
    r: Any,
    b: Any,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    how: int,
    raw: float,
) -> None:
    """Leave inside the bar where a level is met, if there is any."""
    if threatened(a, r):
        _leave_inside(a, r, b, money, marks, ledger, orders, how, raw)


@part
def _leave_inside(
    a: Any,
    r: Any,
    b: Any,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    how: int,
    raw: float,
) -> None:
    """Leave inside the bar where a level of the position is met; `raw` is the price at which its time in it begins."""
    side = a.side
    start, close = side * raw, side * b.close
    low, high = (b.low, b.high) if side > 0 else (-b.high, -b.low)
    floor, reason = nearest(a, r)
    ceiling = side * a.ceiling
    walks = r.path == OHLC
    if not (walks and a.trail == a.trail) and not (start <= floor or low <= floor or high >= ceiling):
        return
    worst = settle(PESSIMISTIC, how, start, low, high, close, floor, ceiling)
    best = settle(OPTIMISTIC, how, start, low, high, close, floor, ceiling)
    level = floor if floor < start else start
    chosen = best if r.path == OPTIMISTIC else worst
    # What the two rules would have got, before a walk moves the trail.
    stop_price = side * level
    target_price = side * max(side * a.target, start)
    worst_price = left_at(a, r, b, stop_price, reason)
    a.ambiguous |= worst != best
    other = worst != best and worst != NOT_LEFT and best != NOT_LEFT
    if walks:
        if how != HELD and a.entries > 1:
            chosen, floor, reason = _walk_again(a, r, b, how, start)
        else:
            chosen, floor = walk_bar(a, r, b, first_way(b, how, side), start)
            _, reason = nearest(a, r)
        stop_price = side * floor
    if chosen == 1:
        a.other_price = worst_price if other else np.nan
        role = MAKER if how == HELD else TAKER
        leave_by(a, r, b, money, marks, ledger, orders, target_price, TARGET, INSIDE, role)
    elif chosen == 0:
        a.other_price = target_price if other else np.nan
        leave_by(a, r, b, money, marks, ledger, orders, stop_price, reason, INSIDE, TAKER)


@part
def _walk_again(a: Any, r: Any, b: Any, how: int, start: float) -> tuple[int, float, int]:
    """Walk the bar from an addition on, with the trailing level of the bar's start; what moved already stays moved."""
    trail, best = a.trail, a.best
    a.trail, a.best = a.trail_before, a.best_before
    chosen, floor = walk_bar(a, r, b, first_way(b, how, a.side), start)
    _, reason = nearest(a, r)
    if not a.side * a.trail >= a.side * trail:
        a.trail = trail
    if not a.side * a.best >= a.side * best:
        a.best = best
    return chosen, floor, reason


@inlined
def before_decision(a: Any, r: Any, b: Any, fees: F64, ledger: F64, orders: F64) -> None:
    """Take the bar to its close, up to the moment at which the strategy is asked."""
    a.ordered = 0
    roll_fees(r, fees, b.ts + r.interval)
    accrue(a, r, b, ledger, b.close, r.interval)
    move_levels(a, r, b, orders)


@inlined
def move_levels(a: Any, r: Any, b: Any, orders: F64) -> None:
    """Move the trailing level by the bar, and end what may rest no longer."""
    if b.traded != 0 and a.units != 0.0 and a.trail == a.trail and r.path != OHLC:
        inside = a.entry_bar == b.t and a.entry_phase == INSIDE
        ratchet(a, r, b.close if inside else b.high if a.side > 0 else b.low)
    if r.valid_bars > 0 and b.t >= a.want_bar + r.valid_bars and rests(a):
        end_entry(a, orders, names.EXPIRED, b.t)
    if b.says & LATE:
        end_entry(a, orders, names.CANCELLED, b.t)


@inlined
def after_decision(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """Take the close to its end: exits by time, fills at the close, ends."""
    ask_by_time(a, r, b, orders)
    if r.at_open == 0 and b.traded != 0 and waits(a):
        _fill_market(a, r, b, money, marks, ledger, orders, b.close, AT_CLOSE)
    end_session(a, r, b, money, marks, ledger, orders)
    if b.t == r.n - 1:
        end_data(a, r, b, money, marks, ledger, orders)


@inlined
def ask_by_time(a: Any, r: Any, b: Any, orders: F64) -> None:
    """Decide the exits that time asks for: after so many bars, and before the session ends."""
    if a.units != 0.0:
        if r.time_stop > 0 and b.t - a.entry_bar >= r.time_stop and a.ordered == 0 and a.leaving == 0:
            submit_exit(a, b, orders, names.TIME, np.nan)
        if b.says & LATE and not leaves_whole(a):
            submit_exit(a, b, orders, names.SQUARE_OFF, np.nan)


@inlined
def end_session(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """Leave at the last close of a session what may not be held over it."""
    if b.says & SESSION_END and r.overnight == 0 and a.units != 0.0:
        if b.traded != 0:
            a.held_back = 1
            leave_now(a, r, b, money, marks, ledger, orders, names.SQUARE_OFF, b.close, TAKER)
        elif not leaves_whole(a):
            submit_exit(a, b, orders, names.SQUARE_OFF, np.nan)


@part
def leaves_whole(a: Any) -> bool:
    """Say whether an exit of the whole position waits."""
    return a.leaving != 0 and not a.part < 1.0


@part
def leave_now(
    a: Any,
    r: Any,
    b: Any,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    reason: int,
    raw: float,
    role: int,
) -> None:
    """Sell everything at this close; a delisting pays neither slippage nor charge."""
    row = write_order(a, orders, b.t, -a.side, 0, reason)
    price = slipped(r, r, raw, -a.side, a.units, b.volume) if role == TAKER else raw
    leave(a, r, b, r, money, marks, ledger, orders, row, a.units, raw, price, reason, AT_CLOSE, role)


@part
def end_data(a: Any, r: Any, b: Any, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """End the data: orders that wait find no bar; a position is sold, written off, or stays open."""
    if waits(a):
        end_all(a, orders, names.UNFILLED, -1)
    if a.units == 0.0:
        return
    if r.ending == names.DELIST:
        leave_now(a, r, b, money, marks, ledger, orders, names.DELISTED, b.close * (1.0 - r.haircut), FREE)
    elif r.ending == names.SELL_AT_END:
        if b.traded == 0:
            a.seen |= 1 << names.UNTRADED_END
        leave_now(a, r, b, money, marks, ledger, orders, names.END, b.close, TAKER)
    else:
        a.seen |= 1 << names.STILL_OPEN
        count_held(a, b.t)
