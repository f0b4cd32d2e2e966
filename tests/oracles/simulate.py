"""The engine's rules, one bar after another: the slow obvious twin, made from docs/engine.md alone."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracles import money
from tests.oracles.account import Account
from tests.oracles.deciding import ask, is_last_of_session, side_ignored
from tests.oracles.filling import at_open, fill_market, in_between, leave_now
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
