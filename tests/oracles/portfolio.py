"""Many instruments and one account, one instant after another: the slow obvious twin, made from docs/portfolio.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.oracles import money
from tests.oracles.deciding import ask, is_last_of_session
from tests.oracles.entering import Touch, met_at_open
from tests.oracles.filling import (
    enter_inside,
    gap_of,
    leave_at_market,
    leave_by,
    leave_inside,
    leave_now,
    may_meet,
    stand_of,
)
from tests.oracles.inside import jumped
from tests.oracles.purse import Fact, Found, Instrument, Purse, Seat
from tests.oracles.simulate import TOLD, end_of_day, move_trail, remember, side_ignored, without_partial
from tests.oracles.trading import Held, Order, Row
from tests.oracles.weighing import Weighed, equal_weights, given_weights, rebalancing, shrink, weigh

__all__ = ["Fact", "Instrument", "Portfolio", "equal_weights", "given_weights", "portfolio_oracle", "rebalancing"]


@dataclass
class Portfolio:
    """What came of it; one value an instant of the clock where nothing else is said.

    `exposure` is the worth of all positions, a short's as a positive number; `held` how many there are; `lived`
    whether something was held at any time of the instant.
    """

    trades: list[Row] = field(default_factory=list)
    fills: list[Found] = field(default_factory=list)
    orders: dict[str, list[Order]] = field(default_factory=dict)
    clock: list[int] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    cash: list[float] = field(default_factory=list)
    exposure: list[float] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    lived: list[bool] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    dividends: dict[str, float] = field(default_factory=dict)
    interest: float = 0.0
    fees_paid: float = 0.0
    borrow: float = 0.0
    slippage: float = 0.0
    stale_most: int = 0
    stale_mean: float = 0.0
    rate_age: dict[str, int] = field(default_factory=dict)
    open: dict[str, Held] = field(default_factory=dict)
    flags: dict[str, set[str]] = field(default_factory=dict)


def whole(one: Instrument) -> Instrument:
    """H5: without the bars that are not over."""
    if not any(one.table.partial):
        return one
    keep = [i for i, partial in enumerate(one.table.partial) if not partial]
    table, wishes = without_partial(one.table, one.wishes)
    lines = {name: [getattr(one, name)[i] for i in keep if len(getattr(one, name))] for name in ("rank", "decides")}
    settled = [one.settled[i] for i in keep if len(one.settled)]
    return replace(one, table=table, wishes=wishes, settled=settled, **lines)


def portfolio_oracle(
    instruments: Sequence[Instrument], max_positions: int | None = None, settle: str = "T+0"
) -> Portfolio:
    """Walk over the union of all bars: holes, facts, opens, inside, closes."""
    instruments = sorted((whole(one) for one in instruments), key=lambda one: one.symbol)
    purse = Purse(instruments[0].settings.cash, max_positions, settle == "T+1")
    purse.seats = [Seat(one, purse) for one in instruments]
    clock = sorted({ts for seat in purse.seats for ts in seat.bars})
    out = Portfolio(clock=clock, trades=purse.trades, fills=purse.fills)
    paid_to = out.clock[0] if out.clock else 0
    ages: list[int] = []
    for now in out.clock:
        begin(purse, now)
        lived = sum(seat.out.held for seat in purse.seats)
        paid_to = over_holes(purse, out, paid_to)
        for seat in here(purse):
            seat.meet_facts()
        opens(purse)
        insides(purse)
        paid_to = closes(purse, out, paid_to)
        absent = any(not seat.has_bar() for seat in purse.held())
        if now == out.clock[-1]:
            close_all(purse)
        if purse.ruined:
            for seat in purse.seats:
                seat.end_all("ruined", max(seat.t, 0))
        note(purse, out, absent or sum(seat.out.held for seat in purse.seats) > lived)
        ages += [sum(seat.table.ts[seat.t] < at <= now for at in out.clock) for seat in purse.held()]
    out.stale_most, out.stale_mean = max(ages, default=0), sum(ages) / len(ages) if ages else 0.0
    return told(purse, out)


def here(purse: Purse) -> list[Seat]:
    """Who has a bar at this instant."""
    return [seat for seat in purse.seats if seat.has_bar()]


def begin(purse: Purse, now: int) -> None:
    """P1: the clock moves on."""
    purse.begin = now
    for seat in purse.seats:
        seat.t = seat.bars.get(now, seat.t)
    at(purse, now)
    for seat in here(purse):
        if side_ignored(seat, seat.t):
            seat.out.flags.add("side_ignored")


def at(purse: Purse, moment: int) -> None:
    """P3, P10: prices and rates are those of a moment."""
    purse.now = moment
    for seat in purse.seats:
        if seat.has_bar() or seat.position is not None:
            seat.learn_rate()


def charge_borrow(seat: Seat, price: float, us: int) -> None:
    """C1, C2."""
    held = seat.position
    if held is not None and held.side < 0 and seat.settings.borrow:
        cost = money.carry(held.quantity * price * seat.settings.multiplier, seat.settings.borrow, us)
        seat.cash = seat.cash - cost
        seat.out.borrow += cost
        held.borrow += cost


def pay_interest(purse: Purse, out: Portfolio, paid_to: int, until: int) -> int:
    """P9: C3, C4 for the account, once for every moment."""
    rate = purse.seats[0].settings.cash_rate
    if until > paid_to and rate:
        short = 0.0
        for seat in purse.held():
            held = seat.position
            if held is not None and held.side < 0:
                short = short + held.quantity * held.average * seat.settings.multiplier
        earned = money.carry(max(purse.cash - short, 0.0), rate, until - paid_to)
        purse.cash = purse.cash + earned
        out.interest += earned
    return max(until, paid_to)


def over_holes(purse: Purse, out: Portfolio, paid_to: int) -> int:
    """P2: between the end of the bars before and this instant."""
    for seat in here(purse):
        table, t = seat.table, seat.t
        ended = table.ts[t - 1] + table.interval if t > table.warm else table.ts[t]
        if table.ts[t] > ended:
            charge_borrow(seat, table.close[t - 1], table.ts[t] - ended)
    return pay_interest(purse, out, paid_to, purse.begin)


def opens(purse: Purse) -> None:
    """P2: exits, weights, the queue."""
    for seat in here(purse):
        end_of_day(seat, seat.t)
    active = [seat for seat in here(purse) if seat.trades_now()]
    for seat in active:
        price = seat.table.open[seat.t]
        if seat.position is not None and seat.has_levels():
            found = jumped(stand_of(seat, price, from_open=True), price)
            if found is not None:
                leave_by(seat, seat.t, "open", found)
        if seat.settings.fill == "next_open":
            leave_waiting(seat, "open", price)
    markets = {seat.symbol: seat.table.open[seat.t] for seat in active if seat.settings.fill == "next_open"}
    fill(purse, "open", markets, [seat for seat in active if seat.entry is not None and seat.entry.rests])


def leave_waiting(seat: Seat, where: str, price: float) -> None:
    """A market exit that waits."""
    if seat.exit is not None:
        leave_at_market(seat, seat.exit, seat.t, where, price, gap_of(seat, seat.exit, seat.t, where) > 0)


def fill(purse: Purse, where: str, raws: dict[str, float], resting: list[Seat]) -> None:
    """P4, P7, P8: weights are solved, what they reduce is sold, and then the queue is served."""
    weighed = weigh(purse, where, raws)
    for one in weighed:
        if one.reduces():
            reduce(one, where)
    buying = {one.seat.symbol: one for one in weighed if one.seat.entry is one.order}
    queue = [seat for seat in purse.seats if seat.symbol in raws or seat in resting]
    waiting = [(seat, seat.entry) for seat in queue if seat.entry is not None]
    for seat, order in sorted(waiting, key=lambda pair: pair[0].rank_at(pair[1])):
        if seat.symbol in buying:
            buy(purse, buying[seat.symbol], where)
        elif order.rests and seat in resting:
            meet(seat, order)
        elif not order.rests and seat.symbol in raws:
            enter(seat, order, where, raws[seat.symbol])


def reduce(one: Weighed, where: str) -> None:
    """Z9, P8: sell down to the weight."""
    seat, order = one.seat, one.order
    held, settings = seat.position, seat.settings
    assert held is not None
    sells_all = one.units >= held.quantity
    units = money.lots(one.units, settings.lot)
    if not (sells_all or units > money.TINY * held.quantity):
        seat.end(order, "rounds_to_zero", seat.t)
        return
    order.side, order.opens = one.side, False
    held.across_gap |= gap_of(seat, order, seat.t, where) > 0
    seat.entry = None
    asked = min(one.asked, held.quantity)
    seat.leave(order, seat.t, where, one.raw, order.decided, units=None if sells_all else units, asked=asked)


def buy(purse: Purse, one: Weighed, where: str) -> None:
    """P8: add up to the weight, as far as cash goes."""
    seat, order = one.seat, one.order
    told = order.side, order.opens
    seat.was_cut = False
    units = shrink(purse, one, one.price)
    seat.plan = [one.asked, units] if seat.settings.slippage_kind == "volume" else [units]
    order.side, order.opens = one.side, True
    seat.enter(order, seat.t, where, Touch(one.raw, slips=True), gap_of(seat, order, seat.t, where) > 0)
    if order.status != "filled":
        order.side, order.opens = told


def enter(seat: Seat, order: Order, where: str, raw: float) -> None:
    """H3, P4: a market entry or addition."""
    gap, most = gap_of(seat, order, seat.t, where), seat.settings.max_wait
    placed = seat.position is not None or seat.purse.has_place()
    if placed and most is not None and gap > most:
        seat.end(order, "expired_in_gap", seat.t)
    else:
        seat.enter(order, seat.t, where, Touch(raw, slips=True), gap > 0)


def meet(seat: Seat, order: Order) -> None:
    """E2, E3: what the open does to a resting entry."""
    if may_meet(seat, order):
        touch = met_at_open(order, seat.settings, seat.table.open[seat.t])
        if touch is not None:
            seat.enter(order, seat.t, "open", touch, across_gap=False)


def insides(purse: Purse) -> None:
    """P9: levels of all that is held, then the resting entries in the order of the queue."""
    active = [seat for seat in here(purse) if seat.trades_now()]
    trails = {seat.symbol: seat.position.trail if seat.position is not None else None for seat in active}
    stayed = [seat for seat in active if not leave_inside(seat, seat.t)]
    waiting = [(seat, seat.entry) for seat in stayed if seat.entry is not None]
    for seat, _ in sorted(waiting, key=lambda pair: pair[0].rank_at(pair[1])):
        enter_inside(seat, seat.t, trails[seat.symbol])


def closes(purse: Purse, out: Portfolio, paid_to: int) -> int:
    """P2: carry, trailing levels, decisions, what fills at a close, ends."""
    active = here(purse)
    until = purse.begin + active[0].table.interval
    at(purse, until)
    for seat in active:
        remember(seat, seat.t)
        charge_borrow(seat, seat.table.close[seat.t], seat.table.interval)
    paid_to = pay_interest(purse, out, paid_to, until)
    for seat in active:
        move_trail(seat, seat.t)
        order, lasts = seat.entry, seat.settings.valid_bars
        if order is not None and order.rests and lasts is not None and seat.t >= order.decided + lasts:
            seat.end(order, "expired", seat.t)
    for seat in active:
        ask(seat, seat.t)
    filling = [seat for seat in active if seat.settings.fill == "close" and seat.trades_now()]
    for seat in filling:
        leave_waiting(seat, "close", seat.table.close[seat.t])
    fill(purse, "close", {seat.symbol: seat.table.close[seat.t] for seat in filling}, [])
    for seat in active:
        if seat.position is not None and is_last_of_session(seat, seat.t) and seat.trades_now():
            leave_now(seat, seat.t, "square_off", seat.table.close[seat.t])
    for seat in active:
        finish(seat)
    return paid_to


def finish(seat: Seat) -> None:
    """H6, H7: the last bar of an instrument."""
    if seat.t < len(seat.table.ts) - 1:
        return
    seat.end_all("unfilled_at_end", None)
    if seat.position is not None and seat.settings.delisted:
        seat.out.flags.add("delisted")
        price = seat.table.close[seat.t] * (1 - seat.settings.delist_haircut)
        leave_now(seat, seat.t, "delist", price, free=True)


def close_all(purse: Purse) -> None:
    """H8, P11: at the end of the clock."""
    for seat in purse.held():
        if seat.settings.close_at_end:
            if not seat.trades_now():
                seat.out.flags.add("untraded_at_end")
            leave_now(seat, seat.t, "end", seat.table.close[seat.t])


def note(purse: Purse, out: Portfolio, lived: bool) -> None:
    """P12: the account at the end of an instant."""
    held = purse.held()
    equity, invested = purse.cash, 0.0
    for seat in held:
        assert seat.position is not None
        worth = seat.position.quantity * seat.settings.multiplier * seat.mark()
        equity, invested = equity + seat.side() * worth, invested + worth
    out.equity.append(equity)
    out.cash.append(purse.cash)
    out.exposure.append(invested)
    out.held.append(len(held))
    out.lived.append(lived)


def told(purse: Purse, out: Portfolio) -> Portfolio:
    """P12: sums, flags, and what is still open."""
    for seat in purse.seats:
        name, one, held = seat.symbol, seat.out, seat.position
        one.orders.sort(key=lambda order: order.decided)
        one.flags |= {order.status for order in one.orders} & (TOLD | {"no_cash", "no_place"})
        one.flags |= {"across_gap"} if any(trade["across_gap"] for trade in one.trades) else set()
        share = 0.0
        for trade in one.trades:
            share = share + float(trade["profit"])
        if held is not None:
            one.flags |= {"open_at_end"} | ({"across_gap"} if held.across_gap else set())
            worth = held.side * (held.quantity * (seat.mark() - held.average)) * seat.settings.multiplier
            gross = held.gross + worth
            gross = gross + seat.gained_by_rate() if seat.instrument.rates else gross
            profit = gross - held.fees - held.borrow
            out.open[name] = Held(held.entry_bar, held.side, held.quantity, held.average, held.fees, profit)
            share = share + profit
        out.orders[name], out.flags[name], out.shares[name] = one.orders, one.flags, share
        out.dividends[name] = seat.dividends
        out.rate_age[name] = seat.rate_age
        out.fees_paid += one.fees_paid
        out.borrow += one.borrow
        out.slippage += one.slippage
    return out
