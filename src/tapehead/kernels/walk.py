"""The walk: steps from bar of interest to bar of interest, touching no other.

The truth is the step of `kernels/bar.py`. A skip leads from one bar on which something may happen to the next: the next
wish while nothing waits and nothing is held; while a position is held, the first bar that reaches one of its levels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import OHLC, TRADED
from tapehead.kernels.account import VOLUME as BY_VOLUME
from tapehead.kernels.bar import after_decision, before_decision, open_and_inside
from tapehead.kernels.decisions import decide, decide_weight
from tapehead.kernels.jit import inlined, part
from tapehead.kernels.levels import nearest, threatened, trail_of
from tapehead.kernels.orders import waits

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


@inlined
def event_from(events: I32, at: int, t: int) -> int:
    """Return the place of the first event at or after bar t, from a place on."""
    while at < events.shape[0] and events[at] < t:
        at += 1
    return at


@part
def scan(a: Any, r: Any, flags: U8, opens: F64, high: F64, low: F64, t: int, until: int) -> int:
    """Return the first bar in [t, until) that reaches a level of the position, else until; moves the trail on the way.

    The loops are one, written for each side: a product with the side would cost a third of the time.
    """
    side = a.side
    floor, _ = nearest(a, r)
    floor *= side
    ceiling = a.ceiling
    moves = a.trail == a.trail
    if floor != floor and ceiling != ceiling:
        return until
    best, every, wild = a.best, r.all_traded != 0, r.orderly == 0
    # Comparisons are written so that a level that is NaN lets every bar pass.
    if side > 0:
        while t < until:
            if every or flags[t] & TRADED:
                if low[t] <= floor or high[t] >= ceiling or (wild and (opens[t] <= floor or opens[t] >= ceiling)):
                    break
                if moves and high[t] > best:
                    best = high[t]
                    floor = _higher(a, r, best, floor)
            t += 1
    else:
        while t < until:
            if every or flags[t] & TRADED:
                if high[t] >= floor or low[t] <= ceiling or (wild and (opens[t] >= floor or opens[t] <= ceiling)):
                    break
                if moves and low[t] < best:
                    best = low[t]
                    floor = _higher(a, r, best, floor)
            t += 1
    a.best = best
    return t


@part
def _higher(a: Any, r: Any, best: float, floor: float) -> float:
    """Move the trailing level; return the level that acts now."""
    side = a.side
    level = trail_of(r, side, a.width, best)
    if side * level > side * a.trail:
        a.trail = level
        if not side * floor >= side * level:
            return level
    return floor


@inlined
def next_bar(
    a: Any,
    r: Any,
    enter: I32,
    leave: I32,
    enter_short: I32,
    leave_short: I32,
    flags: U8,
    opens: F64,
    high: F64,
    low: F64,
    t: int,
) -> int:
    """Return the next bar after t on which something may happen; the last bar is one."""
    last = r.n - 1
    if t + 1 >= last or waits(a) or r.each_bar != 0:
        return t + 1
    until: int = last
    held = a.units != 0.0
    if not held or r.weighted != 0 or (r.pyramid > 1 if a.side > 0 else r.flips != 0):
        a.at_enter = event_from(enter, a.at_enter, t + 1)
        if a.at_enter < enter.shape[0]:
            until = min(until, enter[a.at_enter])
    if not held or (r.pyramid > 1 if a.side < 0 else r.flips != 0):
        a.at_enter_short = event_from(enter_short, a.at_enter_short, t + 1)
        if a.at_enter_short < enter_short.shape[0]:
            until = min(until, enter_short[a.at_enter_short])
    if held and a.side > 0:
        a.at_leave = event_from(leave, a.at_leave, t + 1)
        if a.at_leave < leave.shape[0]:
            until = min(until, leave[a.at_leave])
    elif held:
        a.at_leave_short = event_from(leave_short, a.at_leave_short, t + 1)
        if a.at_leave_short < leave_short.shape[0]:
            until = min(until, leave_short[a.at_leave_short])
    if held:
        if r.time_stop > 0:
            until = min(until, max(t + 1, a.entry_bar + r.time_stop))
        if r.path == OHLC and a.trail == a.trail:
            return t + 1
        if threatened(a, r):
            return scan(a, r, flags, opens, high, low, t + 1, until)
    return until


@inlined
def is_event(events: I32, at: int, t: int) -> bool:
    """Say whether the event at a place is bar t."""
    return bool(at < events.shape[0] and events[at] == t)


@inlined
def load_bar(
    r: Any,
    b: Any,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    volume: F64,
    flags: U8,
    says: U8,
    ts: I64,
    step: I64,
    t: int,
) -> None:
    """Put one bar into its record: what its rules read of it, since each column is another line of the cache."""
    # Of an unsigned place Numba does not ask whether it counts from the end.
    at = np.uint64(t)
    b.t, b.step, b.open, b.close = t, step[at], opens[at], close[at]
    b.traded = TRADED
    if r.all_traded == 0:
        b.traded = flags[at] & TRADED
    b.high, b.low = high[at], low[at]
    b.ts = ts[at]
    b.says = says[t] if says.shape[0] != 0 else 0
    b.hole, b.close_before, b.volume, b.volume_before = 0, 0.0, 0.0, 0.0
    if t > r.first:
        b.hole = b.ts - (ts[t - 1] + r.interval)
        b.close_before = close[t - 1]
    if r.slipping == BY_VOLUME:
        b.volume = volume[at]
        if t > r.first:
            b.volume_before = volume[t - 1]


@inlined
def decide_by_events(
    a: Any, r: Any, b: Any, orders: F64, lines: F64, enter: I32, leave: I32, enter_short: I32, leave_short: I32
) -> None:
    """Decide by the wishes of the bar, which are rising bars each."""
    t = b.t
    a.at_enter, a.at_leave = event_from(enter, a.at_enter, t), event_from(leave, a.at_leave, t)
    long_in, long_out = is_event(enter, a.at_enter, t), is_event(leave, a.at_leave, t)
    a.at_enter_short = event_from(enter_short, a.at_enter_short, t)
    a.at_leave_short = event_from(leave_short, a.at_leave_short, t)
    short_in, short_out = (
        is_event(enter_short, a.at_enter_short, t),
        is_event(leave_short, a.at_leave_short, t),
    )
    if long_in or long_out or short_in or short_out:
        decide(a, r, b, orders, lines, long_in, long_out, short_in, short_out)


@part
def walk(
    a: Any,
    r: Any,
    b: Any,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    volume: F64,
    flags: U8,
    says: U8,
    ts: I64,
    step: I64,
    enter: I32,
    leave: I32,
    enter_short: I32,
    leave_short: I32,
    target: F64,
    lines: F64,
    fees: F64,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
) -> None:
    """Walk over the bars from `r.first` on.

    `enter`, `leave`, `enter_short`, `leave_short` are rising bars at or after it; with `r.weighted` the wishes are the
    values of `target`, and `enter` the bars at which it changes. `lines` has shape (LINES, n) or (0, 0), `says` (n,) or
    (0,); rows are written from 0 on.
    """
    t = r.first - 1
    while a.over == 0:
        t = next_bar(a, r, enter, leave, enter_short, leave_short, flags, opens, high, low, t)
        if t >= r.n:
            break
        load_bar(r, b, opens, high, low, close, volume, flags, says, ts, step, t)
        open_and_inside(a, r, b, fees, money, marks, ledger, orders)
        before_decision(a, r, b, fees, ledger, orders)
        if r.weighted != 0:
            if a.over == 0:
                decide_weight(a, r, b, orders, lines, target[t])
        elif a.over == 0:
            decide_by_events(a, r, b, orders, lines, enter, leave, enter_short, leave_short)
        after_decision(a, r, b, money, marks, ledger, orders)
