"""The plain walk: from decision to fill to exit, without a step between, where rules ask for nothing unusual.

Market orders on bars that all traded, one rate of fees, slippage by a fraction of price, sizes up to the whole equity,
one entry at a time; long, short, or both; a stop, a target and a trail by fractions of the entry; no lots, ticks,
sessions, borrow or interest (`_is_plain` of `simulation/terms.py`). The truth is the step of `kernels/bar.py`: under
those rules an order waits for one open at most, so that a position is one decision, one fill, one scan and one exit.
Money moves by the functions of `kernels/fills.py`, as in the step.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import AT_CLOSE, AT_OPEN, ENTER, FLIP, INSIDE, LIQUIDATION, SIGNAL, TAKER, TARGET
from tapehead.kernels.fills import add, close_out, count_held
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.levels import liquidation_of, nearest, place_levels, threatened, trail_of
from tapehead.kernels.money import sized_units, slipped
from tapehead.kernels.trading import gap_of, is_behind

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


@inlined
def _next(bars: I32, at: int, t: int) -> int:
    """Return the place of the first of some rising bars at or after bar t, from a place on."""
    while at < bars.shape[0] and bars[np.uint64(at)] < t:
        at += 1
    return at


@inlined
def _bar_at(bars: I32, at: int, n: int) -> int:
    """Return the bar at a place, n behind the last one."""
    return int(bars[np.uint64(at)]) if at < bars.shape[0] else n


@inlined
def _stand_on(r: Any, b: Any, high: F64, low: F64, step: I64, t: int) -> None:
    """Put what a fill reads of a bar into its record: each column is another line of the cache."""
    at = np.uint64(t)
    b.t = t
    if r.slippage != 0.0:
        b.high, b.low = high[at], low[at]
    if r.regular == 0:
        b.step = step[at]


@inlined
def _decide_at(a: Any, r: Any, step: I64, t: int) -> None:
    """Note the bar of a decision."""
    a.want_bar = t
    if r.regular == 0:
        a.want_step = step[np.uint64(t)]


@inlined
def _open_position(a: Any, r: Any, b: Any, ledger: F64, orders: F64, sign: int, raw: float, phase: int) -> bool:
    """Fill an entry, or say that it is rejected."""
    gap = gap_of(a, r, b) if r.regular == 0 else 0
    if r.max_wait >= 0 and gap > r.max_wait:
        a.seen |= 1 << names.EXPIRED_IN_GAP
        return False
    price = slipped(r, None, raw, sign, 0.0, 0.0)
    if price > 0.0 and r.leveled != 0 and is_behind(a, r, sign, price, 0.0):
        a.seen |= 1 << names.LEVEL_BEHIND
        return False
    units = sized_units(r, None, 0.0, a.cash, 0.0, price, 0.0, 0.0) if price > 0.0 else 0.0
    if not 0.0 < units < np.inf:
        a.seen |= 1 << names.ROUNDED
        return False
    add(a, r, b, None, ledger, orders, 0, sign, units, raw, price, phase, TAKER, int(gap > 0))
    if r.leveled != 0:
        place_levels(a, r)
        a.trail = trail_of(r, sign, r.trail, price)
        a.first_stop, a.first_target, a.first_trail = a.stop, a.target, a.trail
    return True


@inlined
def _given_up(
    r: Any, own: I32, out: I32, other: I32, at_own: int, at_out: int, at_other: int, t: int
) -> tuple[int, bool, int, int, int]:
    """Return the first bar from t on that wishes a position away, whether it wishes the other side, and the places."""
    n: int = r.n
    at_out = _next(out, at_out, t)
    bar = _bar_at(out, at_out, n)
    if other.shape[0] == 0:
        return bar, False, at_own, at_out, at_other
    if r.flips != 0:
        at_other = _next(other, at_other, t)
        turn = _bar_at(other, at_other, n)
        while turn <= bar and turn < n:
            at_own = _next(own, at_own, turn)
            if _bar_at(own, at_own, n) != turn:
                break
            at_other += 1
            turn = _bar_at(other, at_other, n)
        bar = min(bar, turn)
    at_own, at_other = _next(own, at_own, bar), _next(other, at_other, bar)
    turns = bar < n and _bar_at(other, at_other, n) == bar and _bar_at(own, at_own, n) != bar
    return bar, turns, at_own, at_out, at_other


@inlined
def _scan(
    adverse: F64,
    favourable: F64,
    opens: F64,
    side: float,
    t: int,
    until: int,
    floor: float,
    ceiling: float,
    best: float,
    share: float,
    wild: bool,
) -> tuple[int, float]:
    """Return the first bar in [t, until) that reaches a level, else until, and the best price before it.

    Prices, levels and `best` times the side; a trail acts at `share` of the best price, and is none where that is
    minus infinity.
    """
    moves = best > -np.inf
    while t < until:
        k = np.uint64(t)
        good = side * favourable[k]
        level = best * share
        level = level if level > floor else floor
        if side * adverse[k] <= level or good >= ceiling:
            break
        if wild and (side * opens[k] <= level or side * opens[k] >= ceiling):
            break
        if moves:
            best = good if good > best else best
        t += 1
    return t, best


@inlined
def _left_at(
    a: Any, r: Any, opens: F64, adverse: F64, favourable: F64, t: int, fresh: bool, only_open: bool
) -> tuple[bool, float, int, int]:
    """Say whether a bar takes the position out, at which price, by which level and in which phase.

    At the open of a `fresh` bar the position was bought, and no level has been jumped.
    """
    side, k = a.side, np.uint64(t)
    floor, reason = nearest(a, r)
    start, ceiling = side * opens[k], side * a.ceiling
    if not fresh:
        if start <= floor:
            return True, opens[k], reason, AT_OPEN
        if start >= ceiling:
            return True, opens[k], TARGET, AT_OPEN
    if only_open:
        return False, 0.0, reason, INSIDE
    down, up = start <= floor or side * adverse[k] <= floor, side * favourable[k] >= ceiling
    target = side * max(ceiling, start)
    if not down:
        return up, target, TARGET, INSIDE
    if up and not start <= floor:
        a.ambiguous, a.other_price = 1, target
    return True, side * (floor if floor < start else start), reason, INSIDE


@inlined
def _outlived(
    a: Any, r: Any, opens: F64, high: F64, low: F64, t: int, until: int, fresh: bool
) -> tuple[int, bool, float, int, int]:
    """Hold from bar t on; return the first bar in [t, until) that takes the position out, or `until`, and how."""
    side = a.side
    adverse, favourable = (low, high) if side > 0 else (high, low)
    floor, ceiling = side * a.stop, side * a.ceiling
    spent = side * liquidation_of(a, r)
    floor = spent if spent == spent and not floor >= spent else floor
    # Below all and above all where there is none: a NaN would be passed on by the trail.
    floor = floor if floor == floor else -np.inf
    ceiling = ceiling if ceiling == ceiling else np.inf
    trails = r.trail == r.trail
    share = 1.0 - side * r.trail if trails else 1.0
    best = side * a.average if trails else -np.inf
    left, raw, reason, phase = False, 0.0, TARGET, INSIDE
    while t < until:
        before = t
        t, best = _scan(adverse, favourable, opens, side * 1.0, t, until, floor, ceiling, best, share, r.orderly == 0)
        fresh = fresh and t == before
        if trails:
            a.trail = side * (best * share)
        if t >= until:
            break
        left, raw, reason, phase = _left_at(a, r, opens, adverse, favourable, t, fresh, False)
        if left:
            break
        if trails:
            best = max(best, side * favourable[np.uint64(t)])
            a.trail = side * (best * share)
        t, fresh = t + 1, False
    return t, left, raw, reason, phase


@part
def walk_plain(
    a: Any,
    r: Any,
    b: Any,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    step: I64,
    enter: I32,
    leave: I32,
    enter_short: I32,
    leave_short: I32,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
) -> None:
    """Walk over the bars from `r.first` on; the wishes are rising bars at or after it. Orders have no column."""
    n: int = r.n
    delay: int = r.at_open
    phase = AT_OPEN if delay != 0 else AT_CLOSE
    prices = opens if delay != 0 else close
    ins = outs = shorts = covers = 0
    t: int = r.first
    sign = 0
    a.stop_at = a.target_at = a.trail_at = a.own_stop = a.own_target = np.nan
    while a.over == 0:
        if sign == 0:
            ins, shorts = _next(enter, ins, t), _next(enter_short, shorts, t)
            long_bar, short_bar = _bar_at(enter, ins, n), _bar_at(enter_short, shorts, n)
            t = min(long_bar, short_bar)
            if t >= n:
                break
            sign = 1 if long_bar < short_bar else -1
            outs, covers = _next(leave, outs, t), _next(leave_short, covers, t)
            away = _bar_at(leave, outs, n) if sign > 0 else _bar_at(leave_short, covers, n)
            if long_bar == short_bar or (away == t and r.conflict != ENTER):
                t, sign = t + 1, 0
                continue
        _decide_at(a, r, step, t)
        at = t + delay
        if at >= n:
            a.seen |= 1 << names.UNFILLED
            break
        _stand_on(r, b, high, low, step, at)
        if not _open_position(a, r, b, ledger, orders, sign, prices[np.uint64(at)], phase):
            t, sign = t + 1, 0
            continue
        began, ins_before, shorts_before = at + 1 - delay, ins, shorts
        if sign > 0:
            t, turns, ins, outs, shorts = _given_up(r, enter, leave, enter_short, ins, outs, shorts, began)
        else:
            t, turns, shorts, covers, ins = _given_up(r, enter_short, leave_short, enter, shorts, covers, ins, began)
        left, raw, reason, how = False, 0.0, SIGNAL, phase
        held = threatened(a, r)
        at = min(t + 1, n)
        if held:
            at, left, raw, reason, how = _outlived(a, r, opens, high, low, began, at, delay != 0)
        if left:
            # Wishes between this bar and the one that would have ended it are heard again.
            t, turns, ins, shorts = at, False, ins_before, shorts_before
        else:
            if t >= n:
                break
            at = t + delay
            if at >= n:
                a.seen |= 1 << names.UNFILLED
                break
            _decide_at(a, r, step, t)
            if held and delay != 0:
                left, raw, reason, how = _left_at(a, r, opens, opens, opens, at, False, True)
            if not left:
                raw, reason, how = prices[np.uint64(at)], FLIP if turns else SIGNAL, phase
            t = t if turns else t + 1
        sign = -sign if turns else 0
        _stand_on(r, b, high, low, step, at)
        if not left:
            a.gap |= int(gap_of(a, r, b) > 0) if r.regular == 0 else 0
        price = raw if reason in (TARGET, LIQUIDATION) else slipped(r, None, raw, -a.side, 0.0, 0.0)
        close_out(a, r, b, None, money, marks, ledger, orders, 0, a.units, raw, price, reason, how, TAKER)
    if a.units != 0.0:
        _stand_on(r, b, high, low, step, n - 1)
        _end(a, r, b, close[np.uint64(n - 1)], money, marks, ledger, orders)


@inlined
def _end(a: Any, r: Any, b: Any, raw: float, money: F64, marks: I32, ledger: F64, orders: F64) -> None:
    """End the data: the position is sold at the last close, or stays open."""
    if r.ending == names.SELL_AT_END:
        price = slipped(r, None, raw, -a.side, 0.0, 0.0)
        close_out(a, r, b, None, money, marks, ledger, orders, 0, a.units, raw, price, names.END, AT_CLOSE, TAKER)
    else:
        a.seen |= 1 << names.STILL_OPEN
        count_held(a, b.t)
