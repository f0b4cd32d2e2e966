"""How the twin fills a bar: levels that the open jumped, orders that wait, and what happens inside (L2, L3)."""

from __future__ import annotations

from math import isfinite

from tests.oracles import inside, money
from tests.oracles.account import Account
from tests.oracles.entering import Touch, limit_met, met_at_open, met_inside, stop_met
from tests.oracles.inside import Exit, Prices, Stand
from tests.oracles.trading import Order


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
    fills = whole or (isfinite(units) and units > money.TINY * held.quantity)
    if not (price > 0 and fills):
        account.end(order, "rounds_to_zero", t)
        return
    account.entry = None
    held.across_gap |= across
    account.leave(order, t, where, raw, order.decided, units=None if whole else units, asked=asked)


def stand_of(account: Account, start: float, *, from_open: bool) -> Stand:
    """The position as it stands in this bar."""
    held = account.position
    assert held is not None
    return Stand(held, account.settings, account.backing(), start, from_open, held.trail)


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
    trail = account.position.trail if account.position is not None else None
    if not leave_inside(account, t):
        enter_inside(account, t, trail)


def prices_of(account: Account, t: int) -> Prices:
    """One bar."""
    table = account.table
    return Prices(table.open[t], table.high[t], table.low[t], table.close[t])


def leave_inside(account: Account, t: int) -> bool:
    """I1 to I7: the levels of what is held; say whether one of them closed it."""
    if account.position is None or not account.has_levels():
        return False
    prices = prices_of(account, t)
    stand = stand_of(account, prices.open, from_open=True)
    both = [inside.whole_bar(stand, prices, path) for path in ("pessimistic", "optimistic")]
    return settle(account, t, stand, both, prices.walk())


def enter_inside(account: Account, t: int, trail: float | None) -> None:
    """E4 to E6: the resting entry; `trail` is the level that the position began the bar with."""
    order = account.entry
    if order is None or not order.rests or not may_meet(account, order):
        return
    prices = prices_of(account, t)
    touch = met_inside(order, account.settings, prices)
    if touch is not None and account.enter(order, t, "inside", touch, across_gap=False):
        after_entry(account, t, order, touch, prices, trail)


def after_entry(account: Account, t: int, order: Order, touch: Touch, prices: Prices, trail: float | None) -> None:
    """I8, I9, I12: what the rest of the bar does to a position that was entered, or added to, inside it."""
    held = account.position
    assert held is not None
    stand = stand_of(account, touch.raw, from_open=False)
    stops = order.stop == order.stop
    rule = inside.after_stop if stops else inside.after_limit
    both = [rule(stand, prices, path) for path in ("pessimistic", "optimistic")]

    if trail is not None:
        stand.trail = trail

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


def leave_now(account: Account, t: int, reason: str, raw: float, *, free: bool = False) -> None:
    """S4, H7, H8: an exit decided and filled at this close."""
    held = account.position
    assert held is not None
    order = Order(t, -held.side, opens=False, reason=reason)
    account.out.orders.append(order)
    account.leave(order, t, "close", raw, t, slips=not free, free=free)
