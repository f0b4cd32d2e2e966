"""How the twin trades weights at one instant, and on which bars it looks at them: P7, P8 of docs/portfolio.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from math import nan

from tests.oracles import money
from tests.oracles.filling import gap_of
from tests.oracles.purse import Instrument, Purse, Seat
from tests.oracles.trading import Order


@dataclass(eq=False)
class Weighed:
    """One order to a weight at the instant it fills."""

    seat: Seat
    order: Order
    raw: float
    row: money.FeeRow
    side: int
    price: float = nan
    asked: float = nan
    rate: float = 0.0
    fixed: float = 0.0
    units: float = nan

    def begin(self) -> None:
        """Charges as the schedule says them, without its bounds."""
        self.rate, self.fixed = self.row.taker, self.row.fixed

    def unit(self, price: float) -> float:
        """Money of one unit."""
        return price * self.seat.settings.multiplier

    def value(self, price: float) -> float:
        """What is held, signed."""
        held = self.seat.position
        return held.side * (held.quantity * price * self.seat.settings.multiplier) if held else 0.0

    def reduces(self) -> bool:
        """Whether it takes from what is held."""
        held = self.seat.position
        return held is not None and held.side != self.side


def weigh(purse: Purse, where: str, raws: dict[str, float]) -> list[Weighed]:
    """P7: the orders of this instant with their units; those that come to nothing have ended."""
    chosen = []
    for seat in purse.seats:
        order = seat.entry
        if seat.symbol not in raws or order is None or order.weight != order.weight:
            continue
        raw, held = raws[seat.symbol], seat.position
        row = money.row_at(seat.fees, seat.time_of(seat.t, where))
        one = Weighed(seat, order, raw, row, order.side)
        if held is not None:
            one.side = 1 if order.weight * seat.equity_at(raw) > one.value(raw) else -1
        gap, most = gap_of(seat, order, seat.t, where), seat.settings.max_wait
        if most is not None and gap > most and not one.reduces():
            seat.end(order, "expired_in_gap", seat.t)
            continue
        chosen.append(one)
    told = list(chosen)
    chosen = priced(purse, [one for one in chosen if one.raw > 0])
    for one in told:
        if one not in chosen:
            one.seat.end(one.order, "rounds_to_zero", one.seat.t)
    return chosen


def priced(purse: Purse, chosen: list[Weighed]) -> list[Weighed]:
    """M1: slip by what the raw prices ask for, then solve at the prices that come of it."""
    asked: dict[str, float] = {}
    if any(one.seat.settings.slippage_kind == "volume" for one in chosen):
        asked = solve(purse, chosen, {one.seat.symbol: one.raw for one in chosen})
    for one in chosen:
        settings, held = one.seat.settings, one.seat.position
        one.asked = asked.get(one.seat.symbol, 0.0)
        units = one.asked
        if held is not None:
            units = min(units, held.quantity) if one.reduces() else abs(units)
        elif settings.slippage_kind == "volume" and not units > 0:
            continue
        one.price = money.slipped(settings, one.raw, one.side > 0, units, one.seat.volume(one.order.decided))
    left = [one for one in chosen if one.price > 0]
    while left:
        units_of = solve(purse, left, {one.seat.symbol: one.price for one in left})
        for one in left:
            one.units = units_of[one.seat.symbol]
        if all(one.units > 0 for one in left):
            break
        left = [one for one in left if one.units > 0]
    return left


def solve(purse: Purse, chosen: list[Weighed], prices: dict[str, float]) -> dict[str, float]:
    """P7: units in the direction of each order, so that every weight is right after all charges of the instant."""
    if len(chosen) == 1:
        one = chosen[0]
        price = prices[one.seat.symbol]
        own = one.value(price)
        equity = purse.cash + (purse.total(prices) - own) + own
        x = money.units_to_weight(one.order.weight, equity, own, one.unit(price), one.side, one.row)
        return {one.seat.symbol: one.side * x}
    worth = purse.cash + purse.total(prices)
    for one in chosen:
        one.begin()
    units = jointly(worth, chosen, prices)
    again = False
    for one in chosen:
        cost = one.row.taker * (abs(units[one.seat.symbol]) * one.unit(prices[one.seat.symbol])) + one.row.fixed
        if money.bounded(one.row) and (cost < one.row.least or cost > one.row.most):
            one.rate, one.fixed = 0.0, one.row.least if cost < one.row.least else one.row.most
            again = True
    return jointly(worth, chosen, prices) if again else units


def jointly(worth: float, chosen: list[Weighed], prices: dict[str, float]) -> dict[str, float]:
    """E' is equity less all charges; the charge of an order is F + r |w E' - x|, its sign known."""
    above, below = worth, 1.0
    for one in chosen:
        above = above + ((one.rate * one.side) * one.value(prices[one.seat.symbol]) - one.fixed)
        below = below + (one.rate * one.side) * one.order.weight
    after = above / below
    return {
        one.seat.symbol: one.side
        * ((one.order.weight * after - one.value(prices[one.seat.symbol])) / one.unit(prices[one.seat.symbol]))
        for one in chosen
    }


def shrink(purse: Purse, one: Weighed, price: float) -> float:
    """P8: what the cash at hand buys of it."""
    seat = one.seat
    if one.side < 0 or seat.settings.leverage > 1:
        return one.units
    others = any(held is not seat for held in purse.held())
    if not others and not purse.locked() > 0:
        return one.units
    cash, value = purse.cash - purse.locked(), one.units * one.unit(price)
    crumb = money.TINY * seat.equity_at(price)
    if not value + money.charge(one.row, one.row.taker, value) > cash + crumb:
        return one.units
    seat.was_cut = True
    most = money.fitting(one.row, one.row.taker, money.by_cash(cash, one.unit(price)))
    return most if most * one.unit(price) > crumb else 0.0


def day_of(ts: int) -> date:
    """UTC."""
    return datetime.fromtimestamp(ts / 1e6, UTC).date()


def period_of(day: date, every: str) -> tuple[int, ...]:
    """The day, week (from Monday), month or quarter."""
    if every == "week":
        return tuple(day.isocalendar()[:2])
    parts = {"day": day.timetuple()[:3], "month": (day.year, day.month), "quarter": (day.year, (day.month - 1) // 3)}
    return tuple(parts[every])


def rebalancing(ts: Sequence[int], every: str | Sequence[date]) -> list[bool]:
    """P7: whether a bar is the last one of its period, which the next bar tells."""
    if every == "bar":
        return [True] * len(ts)
    days = [day_of(one) for one in ts]
    pairs = list(pairwise(days))
    if isinstance(every, str):
        ends = [period_of(a, every) != period_of(b, every) for a, b in pairs]
    else:
        ends = [any(a <= asked < b for asked in every) for a, b in pairs]
    return [*ends, *[False for _ in days[:1]]]


def equal_weights(instruments: Sequence[Instrument], most: int | None) -> dict[str, list[float]]:
    """P7: on each rebalancing date the best by rank get the same weight, the others nothing."""
    lines = {one.symbol: [nan] * len(one.table.ts) for one in instruments}
    wants = {one.symbol: wanted(one) for one in instruments}
    dates: dict[int, list[tuple[Instrument, int]]] = {}
    for one in instruments:
        for t, ts in enumerate(one.table.ts):
            if one.decides[t]:
                dates.setdefault(ts, []).append((one, t))
    for here in dates.values():
        ranks = [(one.rank[t] if len(one.rank) else 0.0, one, t) for one, t in here if wants[one.symbol][t]]
        best = sorted((pair for pair in ranks if pair[0] == pair[0]), key=lambda pair: (-pair[0], pair[1].symbol))[
            :most
        ]
        for one, t in here:
            lines[one.symbol][t] = 0.0
        for _, one, t in best:
            lines[one.symbol][t] = 1 / (len(best) if most is None else most)
    for name, line in lines.items():
        for t in range(1, len(line)):
            if wants[name][t - 1] and not wants[name][t]:
                line[t] = 0.0
    return {name: filled(line) for name, line in lines.items()}


def wanted(one: Instrument) -> list[bool]:
    """P7: held from a wish to enter to one to leave, or while the target is above 0."""
    wishes, now, out = one.wishes, False, []
    for t in range(len(one.table.ts)):
        target = wishes.value("target", t)
        if len(wishes.target):
            now = target > 0 if target == target else now
        elif wishes.says("leave", t):
            now = False
        elif wishes.says("enter", t):
            now = True
        out.append(now)
    return out


def filled(line: list[float]) -> list[float]:
    """What was said last."""
    said, out = nan, []
    for value in line:
        said = value if value == value else said
        out.append(said)
    return out
