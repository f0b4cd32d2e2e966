"""The engine's rules, one bar after another: the slow obvious twin, made from docs/engine.md alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from tests.oracles import inside, money
from tests.oracles.account import Account
from tests.oracles.deciding import ask, is_last_of_session, side_ignored
from tests.oracles.entering import Touch, limit_met, met_at_open, met_inside, stop_met
from tests.oracles.inside import Exit, Prices, Stand
from tests.oracles.position import trail_from
from tests.oracles.trading import COLUMNS, Held, Order, Outcome, Row, Session, Settings, Table, Wishes

__all__ = ["Order", "Outcome", "Row", "Session", "Settings", "Table", "Wishes", "simulate_oracle"]

TOLD = {
    "rounds_to_zero",
    "below_minimum",
    "level_behind_fill",
    "expired_in_gap",
    "no_stop",
    "ruined",
    "unfilled_at_end",
}
"""R5: ends of orders that are told as flags."""


def without_partial(table: Table, wishes: Wishes) -> tuple[Table, Wishes]:
    """H5: drop bars whose close has not come yet, and what was signalled on them."""
    if not any(table.partial):
        return table, wishes
    keep = [i for i, partial in enumerate(table.partial) if not partial]
    columns = {name: [getattr(table, name)[i] for i in keep] for name in COLUMNS}
    kept = Table(**columns, warm=sum(1 for i in keep if i < table.warm), interval=table.interval)
    kept.volume = None if table.volume is None else [table.volume[i] for i in keep]
    kept.sessions = None if table.sessions is None else [table.sessions[i] for i in keep]
    return kept, wishes.at(keep)


def simulate_oracle(
    table: Table, enter: Sequence[bool], leave: Sequence[bool], settings: Settings, **lines: Sequence[float]
) -> Outcome:
    """Walk over every bar: open, inside, close (L1 to L4)."""
    table, wishes = without_partial(table, Wishes(enter, leave, **lines))
    account = Account(table, wishes, settings)
    for t in range(table.warm, len(table.ts)):
        if account.nothing_can_happen(t):
            remember(account, t)
            mark(account, t)
            continue
        if side_ignored(account, t):
            account.out.flags.add("side_ignored")
        accrue_hole(account, t)
        end_of_day(account, t)
        if table.traded[t]:
            at_open(account, t)
            in_between(account, t)
        at_close(account, t)
        mark(account, t)
    return told(account)


def accrue(account: Account, price: float, us: int) -> None:
    """C1, C3 and, over holes, C2, C4: what is borrowed costs, what is idle earns."""
    held, settings = account.position, account.settings
    if settings.borrow == settings.cash_rate == 0.0:
        return
    short = 0.0
    if held is not None and held.side < 0:
        cost = money.carry(held.quantity * price * settings.multiplier, settings.borrow, us)
        account.cash = account.cash - cost
        account.out.borrow += cost
        held.borrow += cost
        short = held.quantity * held.average * settings.multiplier
    earned = money.carry(max(account.cash - short, 0.0), settings.cash_rate, us)
    account.cash = account.cash + earned
    account.out.interest += earned


def accrue_hole(account: Account, t: int) -> None:
    """L1: between the end of the bar before and this open."""
    table = account.table
    if t > table.warm and table.ts[t] > table.ts[t - 1] + table.interval:
        accrue(account, table.close[t - 1], table.ts[t] - (table.ts[t - 1] + table.interval))


def end_of_day(account: Account, t: int) -> None:
    """E8: a resting entry ends with the session day of the first bar in which it could fill."""
    order = account.entry
    if account.settings.day and order is not None and order.rests:
        first = account.table.session(order.decided + 1)
        if account.table.session(t).open > first.open:
            account.end(order, "expired", t)


def at_open(account: Account, t: int) -> None:
    """L2: jumped levels, market exits, the entry."""
    price = account.table.open[t]
    held = account.position
    if held is not None and account.has_levels():
        found = inside.jumped(stand_of(account, price, from_open=True), price)
        if found is not None:
            leave_by(account, t, "open", found)
    if account.settings.fill == "next_open":
        fill_market(account, t, "open", price)
    order = account.entry
    if order is not None and order.rests and may_meet(account, order):
        touch = met_at_open(order, account.settings, price)
        if touch is not None:
            account.enter(order, t, "open", touch, across_gap=False)


def may_meet(account: Account, order: Order) -> bool:
    """D11: an entry of the other side never fills while a position is held."""
    return account.position is None or account.position.side == order.side


def fill_market(account: Account, t: int, where: str, raw: float) -> None:
    """Market exits, then the market entry (H2, H3)."""
    if account.exit is not None:
        across = gap_of(account, account.exit, t, where) > 0
        leave_at_market(account, account.exit, t, where, raw, across)
    order = account.entry
    if order is None or order.rests:
        return
    gap, most = gap_of(account, order, t, where), account.settings.max_wait
    late = most is not None and gap > most
    if order.belongs and order.weight == order.weight:
        rebalance(account, order, t, where, raw, gap > 0, late)
    elif late:
        account.end(order, "expired_in_gap", t)
    else:
        account.enter(order, t, where, Touch(raw, slips=True), gap > 0)


def gap_of(account: Account, order: Order, t: int, where: str) -> int:
    """H2: calendar steps without a traded bar between decision and fill."""
    apart = account.table.step[t] - account.table.step[order.decided]
    return apart - 1 if where == "open" else apart


def leave_at_market(account: Account, order: Order, t: int, where: str, raw: float, across: bool) -> None:
    """Z11: all of it, or a part in lots."""
    held = account.position
    assert held is not None
    units = None
    if order.part == order.part:
        units = money.lots(order.part * held.quantity, account.settings.lot)
        if not units > money.TINY * held.quantity:
            account.end(order, "rounds_to_zero", t)
            return
        units = None if units >= held.quantity else units
    held.across_gap |= across
    account.leave(order, t, where, raw, order.decided, units=units)


def rebalance(account: Account, order: Order, t: int, where: str, raw: float, across: bool, late: bool) -> None:
    """Z9: to a weight of the side that is held; R4: an order that does not fill keeps what it was decided as."""
    held, told = account.position, (order.side, order.opens)
    assert held is not None
    wanted = order.weight * account.equity_at(raw)
    direction = 1 if wanted > held.side * (held.quantity * raw * account.settings.multiplier) else -1
    order.side, order.opens = direction, direction == held.side
    if not order.opens:
        reduce(account, order, t, where, raw, across)
    elif late:
        account.end(order, "expired_in_gap", t)
    else:
        account.enter(order, t, where, Touch(raw, slips=True), across)
    if order.status != "filled":
        order.side, order.opens = told


def reduce(account: Account, order: Order, t: int, where: str, raw: float, across: bool) -> None:
    """Z9: sell down to a weight; the price slips by the units that the raw price asks for."""
    held, settings = account.position, account.settings
    assert held is not None
    row = money.row_at(account.fees, account.time_of(t, where))
    asked = min(account.entry_units(order, raw, row, row.taker), held.quantity)
    price = money.slipped(settings, raw, order.side > 0, asked, account.volume(order.decided))
    units = account.entry_units(order, price, row, row.taker)
    whole = units >= held.quantity
    units = money.lots(units, settings.lot)
    if not whole and not (units > money.TINY * held.quantity and isfinite(units)):
        account.end(order, "rounds_to_zero", t)
        return
    account.entry = None
    held.across_gap |= across
    account.leave(order, t, where, raw, order.decided, units=None if whole else units, asked=asked)


def stand_of(account: Account, start: float, *, from_open: bool) -> Stand:
    """The position as it stands in this bar."""
    held = account.position
    assert held is not None
    return Stand(held, account.settings, account.cash, start, from_open, held.trail)


def leave_by(account: Account, t: int, where: str, found: Exit) -> None:
    """R4: an exit by a level is decided at its entry, and is a row when filled."""
    held = account.position
    assert held is not None
    if where == "inside" and held.since_open(t):
        held.seen.append(account.table.open[t])
    account.out.held += where == "inside"
    order = Order(held.entry_bar, -held.side, opens=False, reason=found.reason, maker=found.maker)
    account.out.orders.append(order)
    account.leave(order, t, where, found.raw, t - 1, slips=found.slips)


def in_between(account: Account, t: int) -> None:
    """L3: the levels of the position, then the resting entry and what happens after it."""
    table = account.table
    if account.entry is None and not account.has_levels():
        return
    prices = Prices(table.open[t], table.high[t], table.low[t], table.close[t])
    trail = account.position.trail if account.position is not None else None
    if account.position is not None:
        stand = stand_of(account, prices.open, from_open=True)
        both = [inside.whole_bar(stand, prices, path) for path in ("pessimistic", "optimistic")]
        if settle(account, t, stand, both, prices.walk()):
            return
    order = account.entry
    if order is None or not order.rests or not may_meet(account, order):
        return
    touch = met_inside(order, account.settings, prices)
    if touch is None or not account.enter(order, t, "inside", touch, across_gap=False):
        return
    after_entry(account, t, order, touch, prices, trail)


def after_entry(account: Account, t: int, order: Order, touch: Touch, prices: Prices, trail: float | None) -> None:
    """I8, I9, I12: what the rest of the bar does to a position that was entered, or added to, inside it."""
    held = account.position
    assert held is not None
    stand = stand_of(account, touch.raw, from_open=False)
    if trail is not None:
        stand.trail = trail
    stops = order.stop == order.stop
    rule = inside.after_stop if stops else inside.after_limit
    both = [rule(stand, prices, path) for path in ("pessimistic", "optimistic")]

    def fills(price: float) -> bool:
        return stop_met(order, price) if stops else limit_met(order, account.settings, price)

    kept = held.trail, held.extreme
    left = settle(account, t, stand, both, list(inside.ways_after(order, prices, fills)))
    if not left and trail is not None:
        held.trail, held.extreme = kept


def settle(account: Account, t: int, stand: Stand, both: list[Exit | None], ways: list[tuple[int, float]]) -> bool:
    """I4, I6, I13: what the path makes of the bar; say whether the position was left."""
    held, path = stand.position, account.settings.path
    held.ambiguous |= inside.disagree(both)
    if path == "ohlc":
        walked = inside.walk(stand, ways)
        chosen = walked.exit
        if chosen is None:
            held.trail, held.extreme = walked.trail, walked.extreme
    else:
        chosen = both[path == "optimistic"]
    if chosen is None:
        return False
    other = inside.other_price(chosen, both) if inside.disagree(both) else None
    if other is not None:
        held.other = other.raw
        if other.slips:
            known = account.volume(t - 1)
            held.other = money.slipped(account.settings, other.raw, held.side < 0, held.quantity, known)
    leave_by(account, t, "inside", chosen)
    return True


def at_close(account: Account, t: int) -> None:
    """L4."""
    table, settings = account.table, account.settings
    remember(account, t)
    accrue(account, table.close[t], table.interval)
    move_trail(account, t)
    order = account.entry
    lasts = settings.valid_bars
    if order is not None and order.rests and lasts is not None and t >= order.decided + lasts:
        account.end(order, "expired", t)
    ask(account, t)
    if settings.fill == "close" and table.traded[t]:
        fill_market(account, t, "close", table.close[t])
    if account.position is not None and is_last_of_session(account, t) and table.traded[t]:
        leave_now(account, t, "square_off", table.close[t])
    if t == len(table.ts) - 1:
        finish(account, t)


def remember(account: Account, t: int) -> None:
    """R2, R3: a bar lived in to its close."""
    held = account.position
    if held is None:
        return
    account.out.held += 1
    held.seen += [account.table.high[t], account.table.low[t]] if held.since_open(t) else [account.table.close[t]]


def move_trail(account: Account, t: int) -> None:
    """V6."""
    held, table = account.position, account.table
    if held is None or held.distance != held.distance or not table.traded[t]:
        return
    side = held.side
    seen = (table.high[t] if side > 0 else table.low[t]) if held.since_open(t) else table.close[t]
    held.extreme = max(held.extreme, seen) if side > 0 else min(held.extreme, seen)
    level = trail_from(account.settings, side, held.extreme, held.distance)
    held.trail = max(held.trail, level) if side > 0 else min(held.trail, level)


def leave_now(account: Account, t: int, reason: str, raw: float, *, free: bool = False) -> None:
    """S4, H7, H8: an exit decided and filled at this close."""
    held = account.position
    assert held is not None
    order = Order(t, -held.side, opens=False, reason=reason)
    account.out.orders.append(order)
    account.leave(order, t, "close", raw, t, slips=not free, free=free)


def finish(account: Account, t: int) -> None:
    """H6, H7, H8: what the last close does."""
    settings, close = account.settings, account.table.close[t]
    account.end_all("unfilled_at_end", None)
    if account.position is None:
        return
    if settings.delisted:
        account.out.flags.add("delisted")
        leave_now(account, t, "delist", close * (1 - settings.delist_haircut), free=True)
    elif settings.close_at_end:
        if not account.table.traded[t]:
            account.out.flags.add("untraded_at_end")
        leave_now(account, t, "end", close)


def mark(account: Account, t: int) -> None:
    """M6."""
    held = account.position
    worth = held.side * (held.quantity * account.settings.multiplier * account.table.close[t]) if held else 0.0
    account.out.equity.append(account.cash + worth)
    account.out.cashes.append(account.cash)
    account.out.units.append(held.side * held.quantity if held is not None else 0.0)


def told(account: Account) -> Outcome:
    """R4, R5: rows in order, flags, and what is still open."""
    out, held = account.out, account.position
    out.orders.sort(key=lambda order: order.decided)
    out.flags |= {order.status for order in out.orders} & TOLD
    out.flags |= {"across_gap"} if any(trade["across_gap"] for trade in out.trades) else set()
    out.cash = account.cash
    if held is not None:
        out.flags.add("open_at_end")
        out.flags |= {"across_gap"} if held.across_gap else set()
        worth = held.side * (held.quantity * (account.table.close[-1] - held.average)) * account.settings.multiplier
        profit = held.gross + worth - held.fees - held.borrow
        out.open = Held(held.entry_bar, held.side, held.quantity, held.average, held.fees, profit)
    return out
