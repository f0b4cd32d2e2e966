"""The twin's account: cash, at most one position, what waits, and every fill (docs/engine.md, money and sizes)."""

from __future__ import annotations

from math import inf, isfinite, nan

from tests.oracles import money
from tests.oracles.entering import Touch
from tests.oracles.position import Position, behind, levels_after, trail_distance, trail_from
from tests.oracles.trading import Order, Outcome, Row, Settings, Table, Wishes


class Account:
    """Everything that changes while the bars go by."""

    def __init__(self, table: Table, wishes: Wishes, settings: Settings) -> None:
        self.table, self.wishes, self.settings = table, wishes, settings
        self.fees = settings.fee_rows()
        self.cash = settings.cash
        self.position: Position | None = None
        self.exit: Order | None = None
        self.entry: Order | None = None
        self.ruined = False
        self.spent = False
        self.last_target = nan
        self.runs_free = settings.time_stop is None and not settings.square_off and settings.overnight
        self.out = Outcome()
        said = [getattr(wishes, name) for name in ("enter", "leave", "enter_short", "leave_short")]
        said = [line for line in said if len(line)]
        weights = len(wishes.target) > 0
        self.speaks = [weights or any(line[t] for line in said) for t in range(len(table.ts))]

    def nothing_can_happen(self, t: int) -> bool:
        """A shortcut: nothing waits, earns or costs, no level stands, no clock runs, and the bar says nothing."""
        if self.exit is not None or self.entry is not None or self.settings.cash_rate or self.speaks[t]:
            return False
        if self.position is not None and (self.has_levels() or not self.runs_free):
            return False
        return t < len(self.speaks) - 1

    def has_levels(self) -> bool:
        """Whether a price inside a bar can close what is held."""
        held = self.position
        if held is None:
            return False
        levels = (held.levels.stop, held.levels.target, held.trail)
        return held.side < 0 or self.settings.leverage > 1 or any(level == level for level in levels)

    def end(self, order: Order | None, status: str, bar: int | None) -> None:
        """Take a waiting order off, saying why."""
        if order is None:
            return
        order.status, order.bar = status, bar
        if order is self.exit:
            self.exit = None
        else:
            self.entry = None

    def end_all(self, status: str, bar: int | None) -> None:
        """Take off all that waits."""
        self.end(self.exit, status, bar)
        self.end(self.entry, status, bar)

    def submit(self, t: int, leaving: Order | None = None, entering: Order | None = None) -> None:
        """D9: one thing waits."""
        self.end_all("replaced", t)
        self.exit, self.entry = leaving, entering
        self.out.orders += [order for order in (leaving, entering) if order is not None]

    def time_of(self, t: int, where: str) -> int:
        """L6."""
        return self.table.ts[t] + (self.table.interval if where == "close" else 0)

    def volume(self, t: int) -> float | None:
        """Volume of a bar, where there is any."""
        return None if self.table.volume is None else self.table.volume[t]

    def note_slip(self, t: int, raw: float, price: float) -> None:
        """M1: a slipped price beyond its bar."""
        if price != raw and (price > self.table.high[t] or price < self.table.low[t]):
            self.out.flags.add("slipped_beyond_bar")

    def equity_at(self, price: float) -> float:
        """E: cash and what is held at one price."""
        held = self.position
        if held is None:
            return self.cash
        return self.cash + held.side * (held.quantity * price * self.settings.multiplier)

    def pay(self, direction: int, value: float, cost: float) -> None:
        """M2."""
        self.cash = self.cash - (direction * value + cost)
        self.out.fees_paid += cost

    def enter(self, order: Order, t: int, where: str, touch: Touch, across_gap: bool) -> bool:
        """Fill an entry or an addition, or reject it; say whether it filled."""
        self.entry = None
        order.bar = t
        row = money.row_at(self.fees, self.time_of(t, where))
        rate = row.maker if touch.maker else row.taker
        if not touch.raw > 0:
            return self.reject(order, "rounds_to_zero")
        price = self.entry_price(order, touch, row, rate)
        if isinstance(price, str):
            return self.reject(order, price)
        units = money.lots(self.entry_units(order, price, row, rate), self.settings.lot)
        return self.enter_at(order, t, where, touch, price, units, across_gap)

    def reject(self, order: Order, status: str) -> bool:
        """Z10."""
        order.status = status
        return False

    def entry_price(self, order: Order, touch: Touch, row: money.FeeRow, rate: float) -> float | str:
        """M1, V5 and the first three of Z10: the filled price, or why there is none."""
        settings, held = self.settings, self.position
        if settings.sizing == "risk" and order.weight != order.weight and not isfinite(self.own_stop(order, touch.raw)):
            return "no_stop"
        price = touch.raw
        if touch.slips:
            units = 0.0
            if settings.slippage_kind == "volume":
                units = self.entry_units(order, touch.raw, row, rate)
                if order.weight == order.weight and held is not None:
                    units = abs(units)
                elif not (units > 0 and isfinite(units)):
                    return "rounds_to_zero"
            price = money.slipped(settings, touch.raw, order.side > 0, units, self.volume(order.decided))
            if touch.most == touch.most:
                price = min(price, touch.most) if order.side > 0 else max(price, touch.most)
        if not price > 0:
            return "rounds_to_zero"
        if held is None:
            levels = levels_after(settings, self.wishes, order.decided, order.side, price, None)
            distance = trail_distance(settings, self.wishes, order.decided, price)
            trail = trail_from(settings, order.side, price, distance)
            if behind(order.side, price, [levels.stop, trail], levels.target):
                return "level_behind_fill"
        return price

    def own_stop(self, order: Order, price: float) -> float:
        """Z4: the stop of this entry alone."""
        return levels_after(self.settings, self.wishes, order.decided, order.side, price, None).stop

    def entry_units(self, order: Order, price: float, row: money.FeeRow, rate: float) -> float:
        """Z1 to Z9: units before lots; 0 or less, or NaN, where nothing can be bought."""
        settings, held = self.settings, self.position
        unit, equity = price * settings.multiplier, self.equity_at(price)
        value = held.quantity * price * settings.multiplier if held else 0.0
        if order.weight == order.weight:
            signed = held.side * value if held else 0.0
            return order.side * money.units_to_weight(order.weight, equity, signed, unit, order.side, row)
        own = self.wishes.value("size", order.decided)
        size = own if isfinite(own) else settings.size
        if settings.sizing == "units":
            units = size
        elif settings.sizing == "risk":
            units = money.by_risk(settings, size, equity, price, self.own_stop(order, price), row)
        elif settings.sizing == "cash":
            units = money.fitting(row, rate, money.by_cash(size, unit))
        else:
            units = money.fitting(row, rate, money.by_fraction(size, equity, unit))
        most = money.fitting(row, rate, money.cap(settings.leverage, equity, self.committed(price), unit))
        return self.cut(units, most)

    def committed(self, price: float) -> float:
        """V: the money that is in positions already."""
        return self.position.quantity * price * self.settings.multiplier if self.position else 0.0

    def cut(self, units: float, most: float) -> float:
        """Z6: what is wanted, and what leverage allows."""
        return min(units, most)

    def enter_at(
        self, order: Order, t: int, where: str, touch: Touch, price: float, units: float, across_gap: bool
    ) -> bool:
        """Z8, V5, M2, M3: the size is known."""
        settings, held = self.settings, self.position
        nothing = money.TINY * held.quantity if held else 0.0
        if not (nothing < units < inf):
            return self.reject(order, "rounds_to_zero")
        value = units * price * settings.multiplier
        if value < settings.min_notional:
            return self.reject(order, "below_minimum")
        average = (held.average * held.quantity + price * units) / (held.quantity + units) if held else price
        old = held.levels if held else None
        levels = levels_after(settings, self.wishes, order.decided, order.side, average, old)
        if held is None:
            distance = trail_distance(settings, self.wishes, order.decided, price)
            trail = trail_from(settings, order.side, price, distance)
            held = Position(order.side, t, where, order.decided, levels, distance, trail, price)
            held.first = (levels.stop, levels.target, trail)
            self.position = held
        elif behind(order.side, price, [levels.stop], levels.target):
            return self.reject(order, "level_behind_fill")
        row = money.row_at(self.fees, self.time_of(t, where))
        cost = money.charge(row, row.maker if touch.maker else row.taker, value)
        self.pay(order.side, value, cost)
        held.levels, held.average, held.quantity = levels, average, held.quantity + units
        held.entered.add(price, units)
        held.entered_raw.add(touch.raw, units)
        held.across_gap |= across_gap
        self.filled(order, t, touch.raw, price, units, cost, touch.maker)
        return True

    def filled(
        self, order: Order, t: int, raw: float, price: float, units: float, cost: float, maker: bool = False
    ) -> None:
        """What every fill adds to order and position."""
        held = self.position
        assert held is not None
        order.status, order.bar, order.wanted, order.price = "filled", t, raw, price
        order.quantity, order.fee, order.maker, order.trade = units, cost, maker, len(self.out.trades)
        lost = abs(price - raw) * units * self.settings.multiplier
        held.fees += cost
        held.slippage += lost
        self.out.slippage += lost
        held.seen.append(price)
        self.note_slip(t, raw, price)

    def leave(
        self,
        order: Order,
        t: int,
        where: str,
        raw: float,
        known: int,
        *,
        units: float | None = None,
        asked: float | None = None,
        slips: bool = True,
        free: bool = False,
    ) -> None:
        """Sell all that is held, or `units` of it; `known` is the bar whose volume the order could know."""
        settings, held = self.settings, self.position
        assert held is not None
        if order is self.exit:
            self.exit = None
        amount = held.quantity if units is None else units
        price = raw
        if slips:
            asked = amount if asked is None else asked
            price = money.slipped(settings, raw, held.side < 0, asked, self.volume(known))
        value = amount * price * settings.multiplier
        row = money.row_at(self.fees, self.time_of(t, where))
        cost = 0.0 if free else money.charge(row, row.maker if order.maker else row.taker, value)
        self.pay(-held.side, value, cost)
        held.gross = held.gross + (held.side * (amount * (price - held.average))) * settings.multiplier
        held.left.add(price, amount)
        held.left_raw.add(raw, amount)
        self.filled(order, t, raw, price, amount, cost, order.maker)
        if units is None:
            self.close(t, order.reason)
        else:
            held.quantity = held.quantity - amount

    def close(self, t: int, reason: str) -> None:
        """The position is gone: its row, what the account cannot pay (M8), what belonged to it (D10)."""
        held = self.position
        assert held is not None
        shortfall = 0.0
        if self.cash < 0 and self.is_alone():
            shortfall = -self.cash
            self.cash = 0.0
            self.out.flags.add("shortfall")
        row: Row = held.row(self.table.warm, t, reason, shortfall)
        self.out.trades.append(row)
        self.position = None
        self.spent = self.spent or reason not in ("signal", "flip")
        self.out.flags |= {"liquidated"} if reason == "liquidation" else set()
        self.end(self.exit, "cancelled", t)
        if self.entry is not None and self.entry.belongs:
            self.end(self.entry, "cancelled", t)
        if self.cash <= 0 and self.is_alone():
            self.ruin(t)

    def ruin(self, t: int) -> None:
        """D16: nothing is left to trade with."""
        self.ruined = True
        self.out.flags.add("ruined")
        self.end_all("ruined", t)

    def is_alone(self) -> bool:
        """M8: whether the account holds no position of another instrument."""
        return True

    def backing(self) -> float:
        """Q1: the money that stands behind the position."""
        return self.cash

    def band_at(self, t: int) -> float | None:
        """D13: how far a weight may have drifted at this close."""
        return self.settings.band
