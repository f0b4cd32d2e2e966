"""How the twin trades weights at one instant, and on which bars it looks at them: P7, P8 of docs/portfolio.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from math import fsum, nan

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


def equal_weights(
    instruments: Sequence[Instrument], every: str | Sequence[date], most: int | None
) -> dict[str, tuple[list[float], list[bool]]]:
    """P7: weights, and the bars that decide, of each; a date is the last instant of a period of the whole clock."""
    told = sorted(instruments, key=lambda one: one.symbol)
    clock = sorted({ts for one in told for ts in one.table.ts[one.table.warm :]})
    wants = {one.symbol: wanted(one) for one in told}
    lines = {one.symbol: [nan] * len(one.table.ts) for one in told}
    decides = {one.symbol: [False] * len(one.table.ts) for one in told}
    standing = {one.symbol: 0.0 for one in told}
    begin = min(clock, default=0) - 1
    for at, ends in zip(clock, rebalancing(clock, every), strict=True):
        if not ends:
            continue
        newest = {one.symbol: max((t for t, ts in enumerate(one.table.ts) if ts <= at), default=None) for one in told}
        over = [one.symbol for one in told if one.settings.delisted and newest[one.symbol] == len(one.table.ts) - 1]
        standing |= dict.fromkeys(over, 0.0)
        here = []
        for one in told:
            t = newest[one.symbol]
            if t is not None and one.table.ts[t] > begin and one.symbol not in over:
                here.append((one, t))
        absent = [standing[one.symbol] for one in told if all(one is not each for each, _ in here)]
        shares = shared(here, wants, [weight for weight in absent if weight > 0], most)
        for one, t in here:
            standing[one.symbol] = shares.get(one.symbol, 0.0)
            opens = one.table.ts
            if one.settings.fill == "close":
                asked = t + (opens[t] < at)
            else:
                # Nobody may trade before the bar of the date is over, which the next open must wait for.
                asked = t
                while asked + 1 < len(opens) and opens[asked + 1] < at + one.table.interval:
                    asked += 1
            if asked < len(opens):
                lines[one.symbol][asked], decides[one.symbol][asked] = standing[one.symbol], True
        begin = at
    for name, line in lines.items():
        for t in range(1, len(line)):
            if wants[name][t - 1] and not wants[name][t]:
                line[t] = 0.0
    return {name: (filled(line), decides[name]) for name, line in lines.items()}


def shared(
    here: Sequence[tuple[Instrument, int]], wants: dict[str, list[bool]], kept: Sequence[float], most: int | None
) -> dict[str, float]:
    """P7: what each of the best gets on a date, at most what those who keep their weights leave."""
    ranks = [(one.rank[t] if len(one.rank) else 0.0, one.symbol) for one, t in here if wants[one.symbol][t]]
    best = sorted((-rank, name) for rank, name in ranks if rank == rank)
    if most is not None:
        best = best[: max(most - len(kept), 0)]
    if not best:
        return {}
    whole = min(1.0, here[0][0].settings.leverage)
    share, left = whole / (most or len(best) + len(kept)), whole - fsum(kept)
    if len(best) * share > left + 1e-12:
        share = max(left, 0.0) / len(best)
    return {name: share for _, name in best}


def given_weights(
    instruments: Sequence[Instrument], rows: Sequence[tuple[int, dict[str, float]]], every: str | None = None
) -> dict[str, tuple[list[float], list[bool]]]:
    """P7: what stands at the newest time up to a bar, while its instrument is wanted; a bar with a new time decides."""
    made = {}
    for one in instruments:
        ts, wants = one.table.ts, wanted(one)
        decides = rebalancing(ts, every) if every else [False] * len(ts)
        line = [0.0] * len(ts)
        for t, at in enumerate(ts):
            stands = [
                weights.get(one.symbol, 0.0) for time, weights in sorted(rows, key=lambda row: row[0]) if time <= at
            ]
            line[t] = stands[-1] if stands and wants[t] else 0.0
            decides[t] = decides[t] or any(time <= at and (t == 0 or time > ts[t - 1]) for time, _ in rows)
        made[one.symbol] = (line, decides)
    return made


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
