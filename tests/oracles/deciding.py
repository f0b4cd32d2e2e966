"""What the twin's strategy decides at a close: rules D1 to D16 and S1 to S5 of docs/engine.md."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan

from tests.oracles.account import Account
from tests.oracles.money import to_tick
from tests.oracles.trading import DAY_US, Order

MINUTE_US = 60_000_000


@dataclass
class Asked:
    """What one bar says, seen from the side that is held (or from the long side, while flat)."""

    enter: bool
    leave: bool
    enter_other: bool
    leave_other: bool


def minutes(text: str) -> int:
    """A time of day in us after midnight."""
    return (int(text[:2]) * 60 + int(text[3:5])) * MINUTE_US


def instant(account: Account, t: int, clock: str) -> int:
    """The instant of the bar's session that bears a time of day."""
    session = account.table.session(t)
    return session.open + (minutes(clock) - session.clock) % DAY_US


def is_late(account: Account, t: int) -> bool:
    """S2: no regular close is left before the time to square off."""
    off = account.settings.square_off
    step = account.table.interval
    return bool(off) and account.table.ts[t] + step + step > instant(account, t, off)


def is_outside(account: Account, t: int) -> bool:
    """S1: the close lies outside the entry window."""
    window = account.settings.entry_window
    if not window:
        return False
    begin, end = instant(account, t, window[:5]), instant(account, t, window[6:])
    if begin > end:
        begin -= DAY_US
    return not begin <= account.table.ts[t] + account.table.interval <= end


def is_last_of_session(account: Account, t: int) -> bool:
    """S4: the close at which what is held may not stay."""
    closes = account.table.session(t).close
    return not account.settings.overnight and account.table.ts[t] + account.table.interval >= closes


def may_enter(account: Account, t: int) -> bool:
    """S1, S2, S4: whether anything may be entered."""
    ends = account.settings.fill == "close" and is_last_of_session(account, t)
    return not (is_late(account, t) or is_outside(account, t) or ends)


def sides(account: Account, t: int) -> tuple[Asked, float]:
    """D1, S5: conditions of the sides that are traded, seen from the long side, and the target."""
    wishes, side, allowed = account.wishes, account.settings.side, may_enter(account, t)
    long, short = side != "short", side != "long"
    target = wishes.value("target", t)
    if target * (1 if long else -1) < 0 and not (long and short):
        target = 0.0
    if target != 0 and not allowed:
        target = nan
    asked = Asked(
        enter=long and allowed and wishes.says("enter", t),
        leave=long and wishes.says("leave", t),
        enter_other=short and allowed and wishes.says("enter_short", t),
        leave_other=short and wishes.says("leave_short", t),
    )
    return asked, target


def side_ignored(account: Account, t: int) -> bool:
    """D1: something was said for a side that is not traded."""
    side, wishes = account.settings.side, account.wishes
    if side == "both" or not account.speaks[t]:
        return False
    names = ("enter_short", "leave_short") if side == "long" else ("enter", "leave")
    against = wishes.value("target", t) * (1 if side == "long" else -1) < 0
    return any(wishes.says(name, t) for name in names) or against


def entry(account: Account, t: int, side: int, *, belongs: bool = False) -> Order:
    """D11, V4: an entry with the levels that stand beside it."""
    tick = account.settings.tick
    limit, stop = account.wishes.value("limit", t), account.wishes.value("stop", t)
    limit = to_tick(limit, tick, up=side < 0) if isfinite(limit) else nan
    stop = to_tick(stop, tick, up=side > 0) if isfinite(stop) else nan
    return Order(t, side, opens=True, limit=limit, stop=stop, belongs=belongs)


def ask(account: Account, t: int) -> None:
    """The strategy speaks, then the clock does."""
    if account.ruined:
        return
    if not account.speaks[t] and account.runs_free:
        return
    if is_late(account, t):
        account.end(account.entry, "cancelled", t)
    asked, target = sides(account, t)
    if len(account.wishes.target):
        gave = decide_target(account, t, target)
    elif account.position is None:
        gave = decide_flat(account, t, asked)
    else:
        mirrored = Asked(asked.enter_other, asked.leave_other, asked.enter, asked.leave)
        gave = decide_held(account, t, asked if account.position.side > 0 else mirrored)
    leave_by_the_clock(account, t, gave)


def decide_flat(account: Account, t: int, asked: Asked) -> bool:
    """D2, D3, D4: say whether it gave an order."""
    if asked.enter and asked.enter_other:
        account.end_all("cancelled", t)
        return False
    if asked.enter or asked.enter_other:
        conflict = asked.leave if asked.enter else asked.leave_other
        choice = account.settings.on_conflict if conflict else "enter"
        if choice == "enter":
            account.submit(t, entering=entry(account, t, 1 if asked.enter else -1))
            return True
        if choice == "nothing":
            account.end_all("cancelled", t)
        return False
    for leave, side in ((asked.leave, 1), (asked.leave_other, -1)):
        if leave and account.entry is not None and account.entry.side == side:
            account.end(account.entry, "cancelled", t)
    return False


def decide_held(account: Account, t: int, asked: Asked) -> bool:
    """D5 to D8: say whether it gave an order."""
    held, settings = account.position, account.settings
    assert held is not None
    side = held.side
    if asked.enter_other and not asked.enter and (asked.leave or settings.flip):
        account.submit(t, Order(t, -side, opens=False, reason="flip"), entry(account, t, -side))
        return True
    if asked.leave:
        part = account.wishes.value("part", t)
        account.submit(t, Order(t, -side, opens=False, part=part if part < 1 else nan))
        return True
    if asked.enter and not asked.enter_other and held.entered.count < settings.pyramid:
        account.submit(t, entering=entry(account, t, side, belongs=True))
        return True
    return False


def decide_target(account: Account, t: int, target: float) -> bool:
    """D13, D14, D15: say whether it gave an order."""
    if target != target:
        return False
    held, close = account.position, account.table.close[t]
    equity, band = account.equity_at(close), account.band_at(t)
    changed = target != account.last_target
    account.last_target = target
    if changed:
        account.spent = False
    elif band is None or account.spent or not equity > 0:
        return False
    else:
        weight = held.side * held.quantity * account.settings.multiplier * close / equity if held else 0.0
        if not abs(weight - target) > band:
            return False
    return to_weight(account, t, target, equity)


def to_weight(account: Account, t: int, target: float, equity: float) -> bool:
    """D14: the order that a weight means."""
    held, side = account.position, (target > 0) - (target < 0)
    if held is None:
        if side == 0:
            account.end(account.entry, "cancelled", t)
            return False
        account.submit(t, entering=Order(t, side, opens=True, weight=target))
    elif side == 0:
        account.submit(t, Order(t, -held.side, opens=False))
    elif side != held.side:
        leaving = Order(t, side, opens=False, reason="flip")
        account.submit(t, leaving, Order(t, side, opens=True, weight=target))
    else:
        value = held.quantity * account.table.close[t] * account.settings.multiplier
        adds = abs(target) * equity >= value
        order = Order(t, side, opens=adds, weight=target, belongs=True)
        account.submit(t, entering=order)
    return True


def leave_by_the_clock(account: Account, t: int, gave: bool) -> None:
    """D12, S3, S4: exits that nobody signalled."""
    held, settings = account.position, account.settings
    if held is None:
        return
    n = settings.time_stop
    if n is not None and t - held.entry_bar >= n and not gave and account.exit is None:
        account.submit(t, Order(t, -held.side, opens=False, reason="time"))
    overnight = is_last_of_session(account, t) and not account.table.traded[t]
    if (is_late(account, t) or overnight) and not (account.exit is not None and account.exit.whole_exit):
        account.submit(t, Order(t, -held.side, opens=False, reason="square_off"))
