"""Several accounts of the twin that share one purse: rules P3 to P11 of docs/portfolio.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, nan
from typing import Any

from tests.oracles import money
from tests.oracles.account import Account
from tests.oracles.entering import Touch
from tests.oracles.money import to_tick
from tests.oracles.trading import DAY_US, Order, Row, Settings, Table, Wishes

NEVER = -(2**62)
LEVEL_LINES = ("stop_loss_at", "take_profit_at", "trail_at")


@dataclass(frozen=True)
class Fact:
    """What happened to an instrument at `time` (us): a split (new units for one), a dividend (money for one unit)."""

    time: int
    kind: str
    value: float


@dataclass
class Instrument:
    """One instrument of a portfolio; `decides` marks rebalancing dates, `settled` when a sale in a bar is paid.

    `rates`: since when (us) one unit of its currency is how much of the account's; none: it is the account's.
    """

    symbol: str
    table: Table
    wishes: Wishes
    settings: Settings = field(default_factory=Settings)
    rank: Sequence[float] = ()
    decides: Sequence[bool] = ()
    settled: Sequence[int] = ()
    facts: Sequence[Fact] = ()
    rates: Sequence[tuple[int, float]] = ()


@dataclass
class Lock:
    """Money that was sold for and buys nothing yet, and a place that is not free yet.

    Until a moment within the bar (`end`), and until an instant at or after `settled` begins.
    """

    amount: float
    end: int = NEVER
    settled: int = NEVER
    place: bool = False


@dataclass
class Found:
    """What a fill found in the account, and what it left there; places that are not free yet are `taken`.

    `beside` is the worth of all other positions, `own` that of its own, both at their marks.
    """

    begin: int
    symbol: str
    held: int
    taken: int
    cash: float
    locked: float
    units: float
    beside: float
    own: float
    fee: float
    phase: str
    cash_after: float = nan
    units_after: float = nan


@dataclass
class Purse:
    """The one account: its cash, its places, and where the clock stands."""

    cash: float
    max_positions: int | None
    next_session: bool
    seats: list[Seat] = field(default_factory=list)
    begin: int = 0
    now: int = 0
    ruined: bool = False
    locks: list[Lock] = field(default_factory=list)
    trades: list[Row] = field(default_factory=list)
    fills: list[Found] = field(default_factory=list)

    def held(self) -> list[Seat]:
        """Who holds something, in the order of symbols."""
        return [seat for seat in self.seats if seat.position is not None]

    def total(self, prices: dict[str, float] | None = None) -> float:
        """The worth of every position, in the order of symbols; a short's is below 0."""
        total = 0.0
        for seat in self.held():
            total = total + seat.side() * seat.worth(prices)
        return total

    def invested(self, prices: dict[str, float] | None = None) -> float:
        """P4: the same, a short's as a positive number."""
        total = 0.0
        for seat in self.held():
            total = total + seat.worth(prices)
        return total

    def locked(self) -> float:
        """P6, P9: what was sold for and may not be spent yet."""
        total = 0.0
        for lock in self.locks:
            if self.now < lock.end or self.begin < lock.settled:
                total = total + lock.amount
        return total

    def has_place(self) -> bool:
        """P5."""
        if self.max_positions is None:
            return True
        leaving = sum(1 for lock in self.locks if lock.place and self.now < lock.end)
        return len(self.held()) + leaving < self.max_positions


class Seat(Account):
    """An instrument's account whose cash is the purse's."""

    def __init__(self, instrument: Instrument, purse: Purse) -> None:
        self.purse, self.symbol = purse, instrument.symbol
        settings = instrument.settings
        super().__init__(instrument.table, instrument.wishes, settings)
        self.instrument, self.base = instrument, settings.multiplier
        self.bars = {ts: t for t, ts in enumerate(self.table.ts) if t >= self.table.warm}
        self.t = -1
        self.rate, self.entry_rate, self.first_rate, self.rate_age = 1.0, nan, nan, 0
        self.facts = sorted(instrument.facts, key=lambda fact: (fact.time, fact.kind != "dividend"))
        self.dividends = 0.0
        self.splits: list[tuple[int, float]] = []
        self.was_cut = False
        self.plan: list[float] = []

    @property
    def cash(self) -> float:
        """The account's."""
        return self.purse.cash

    @cash.setter
    def cash(self, value: float) -> None:
        self.purse.cash = value

    @property
    def ruined(self) -> bool:
        """The account's."""
        return self.purse.ruined

    @ruined.setter
    def ruined(self, value: bool) -> None:
        self.purse.ruined = value

    def side(self) -> int:
        """Side of what is held."""
        return self.position.side if self.position is not None else 0

    def trades_now(self) -> bool:
        """Whether a traded bar begins at this instant."""
        return self.has_bar() and self.table.traded[self.t]

    def has_bar(self) -> bool:
        """Whether a bar begins at this instant."""
        return self.t >= 0 and self.table.ts[self.t] == self.purse.begin

    def mark(self) -> float:
        """P3: the last close that is over, or the open of the bar that is not."""
        over = self.table.ts[self.t] + self.table.interval <= self.purse.now
        return self.table.close[self.t] if over else self.table.open[self.t]

    def worth(self, prices: dict[str, float] | None = None) -> float:
        """What is held, at a price of its own or at its mark."""
        assert self.position is not None
        price = (prices or {}).get(self.symbol)
        price = self.mark() if price is None else price
        return self.position.quantity * price * self.settings.multiplier

    def learn_rate(self) -> None:
        """P10: the rate known now."""
        known = [one for one in self.instrument.rates if one[0] <= self.purse.now]
        if self.instrument.rates:
            since, self.rate = known[-1]
            self.rate_age = max(self.rate_age, self.purse.now - since)
            self.settings = replace(self.settings, multiplier=self.base * self.rate)

    def beside(self) -> float:
        """P3: what the others are worth: everything less its own."""
        own = self.side() * self.worth() if self.position is not None else 0.0
        return self.purse.total() - own

    def bound(self) -> float:
        """P4: the same, a short's as a positive number."""
        own = self.worth() if self.position is not None else 0.0
        return self.purse.invested() - own

    def equity_at(self, price: float) -> float:
        """P3."""
        own = self.side() * self.worth({self.symbol: price}) if self.position is not None else 0.0
        return (self.purse.cash + self.beside()) + own

    def committed(self, price: float) -> float:
        """P4, P6: all positions, and what was sold and is not paid yet."""
        own = self.worth({self.symbol: price}) if self.position is not None else 0.0
        return own + (self.bound() + self.purse.locked())

    def backing(self) -> float:
        """P9: the cash there would be without the other positions, less what these must keep."""
        m = self.settings.maintenance if self.settings.leverage > 1 else 0.0
        return self.purse.cash + (self.beside() - m * self.bound())

    def is_alone(self) -> bool:
        """P11."""
        return all(seat is self for seat in self.purse.held())

    def ruin(self, t: int) -> None:
        """P11: for everybody, when the instant is over."""
        super().ruin(t)
        for seat in self.purse.seats:
            seat.out.flags.add("ruined")

    def band_at(self, t: int) -> float | None:
        """P7: on a rebalancing date whatever has drifted, on the others nothing."""
        decides = self.instrument.decides
        if not len(decides):
            return self.settings.band
        return (self.settings.band or 0.0) if decides[t] else None

    def rank_at(self, order: Order) -> tuple[bool, float, str]:
        """P4: a key by which the queue is sorted."""
        rank = self.instrument.rank[order.decided] if len(self.instrument.rank) else nan
        return (rank != rank, -rank if rank == rank else 0.0, self.symbol)

    def cut(self, units: float, most: float) -> float:
        """P4: remember whether it was the room that decided."""
        self.was_cut = most <= units and self.bound() + self.purse.locked() > 0
        return min(units, most)

    def reject(self, order: Order, status: str) -> bool:
        """P4: no cash, where it was not the lot."""
        return super().reject(order, "no_cash" if status == "rounds_to_zero" and self.was_cut else status)

    def entry_units(self, order: Order, price: float, row: money.FeeRow, rate: float) -> float:
        """P4, P7: units of the joint solution for a weight; nothing where the room is a rounding error."""
        if order.weight == order.weight:
            return self.plan.pop(0)
        units = super().entry_units(order, price, row, rate)
        crumb = units * price * self.settings.multiplier <= money.TINY * self.equity_at(price)
        return 0.0 if self.was_cut and crumb else units

    def enter(self, order: Order, t: int, where: str, touch: Touch, across_gap: bool) -> bool:
        """P5, P10."""
        if order.weight != order.weight:
            self.was_cut = False
        held = self.position
        if held is None and not self.purse.has_place():
            self.entry, order.bar = None, t
            return self.reject(order, "no_place")
        before = (held.average, held.quantity) if held else (0.0, 0.0)
        found = self.found(where)
        done = super().enter(order, t, where, touch, across_gap)
        if done:
            self.tell(found)
            self.entry_rate = self.rate if held is None else self.rate_with(before[0] * before[1])
            self.first_rate = self.rate if held is None else self.first_rate
        return done

    def found(self, where: str) -> Found:
        """The account before a fill; its `fee` is what was paid so far."""
        purse, held = self.purse, self.position
        taken = sum(1 for lock in purse.locks if lock.place and purse.now < lock.end)
        units = held.side * held.quantity if held is not None else 0.0
        beside = 0.0
        for seat in purse.held():
            beside = beside + (seat.side() * seat.worth() if seat is not self else 0.0)
        own = self.side() * self.worth() if held is not None else 0.0
        paid = self.out.fees_paid
        many = len(purse.held())
        return Found(purse.begin, self.symbol, many, taken, purse.cash, purse.locked(), units, beside, own, paid, where)

    def tell(self, found: Found) -> None:
        """Note what a fill found, and what it left."""
        held = self.position
        found.cash_after, found.fee = self.purse.cash, self.out.fees_paid - found.fee
        found.units_after = held.side * held.quantity if held is not None else 0.0
        self.purse.fills.append(found)

    def rate_with(self, old: float) -> float:
        """P10: the rate of all entries, weighted by value."""
        assert self.position is not None
        paid = self.position.quantity * self.position.average
        return (self.entry_rate * old + self.rate * (paid - old)) / paid

    def gained_by_rate(self) -> float:
        """P10: what the position gained because its currency moved."""
        held = self.position
        if held is None or not self.instrument.rates:
            return 0.0
        return (held.side * (held.quantity * held.average)) * self.base * (self.rate - self.entry_rate)

    def volume(self, t: int) -> float | None:
        """P11: volume of a bar, in units of now."""
        known = super().volume(t)
        for met, k in self.splits:
            known = known * k if known is not None and t < met else known
        return known

    def leave(self, order: Order, t: int, where: str, raw: float, known: int, **more: Any) -> None:
        """P6, P9: what the sale locks."""
        held, whole = self.position, more.get("units") is None
        assert held is not None
        cash, paid, before, by_rate = self.purse.cash, self.out.fees_paid, held.quantity, self.gained_by_rate()
        held.gross = held.gross + by_rate
        found = self.found(where)
        super().leave(order, t, where, raw, known, **more)
        self.tell(found)
        if not whole:
            held.gross = held.gross - by_rate * (held.quantity / before)
        if more.get("free"):
            return
        change, fee = self.purse.cash - cash, self.out.fees_paid - paid
        if where == "inside" and held.where == "inside" and held.entry_bar == t:
            lock = Lock(order.quantity * order.price * self.settings.multiplier - order.fee)
        else:
            lock = Lock(change if held.side > 0 else -change - 2.0 * fee)
        if where != "open":
            lock.end, lock.place = self.table.ts[t] + self.table.interval, whole
        if self.purse.next_session and held.side > 0:
            days = self.instrument.settled
            lock.settled = days[t] if len(days) else (self.table.ts[t] // DAY_US + 1) * DAY_US
        if lock.end > NEVER or lock.settled > NEVER:
            self.purse.locks.append(lock)

    def close(self, t: int, reason: str) -> None:
        """P12: rows of all instruments in one list; P10: of another currency with its rates."""
        super().close(t, reason)
        rates = {"entry_rate": self.first_rate, "exit_rate": self.rate} if self.instrument.rates else {}
        self.purse.trades.append(Row(self.out.trades[-1] | {"instrument": self.symbol} | rates))

    def meet_facts(self) -> None:
        """P11: dividends and splits that are due."""
        while self.facts and self.facts[0].time <= self.purse.begin:
            fact = self.facts.pop(0)
            if fact.kind == "dividend":
                self.earn(fact.value)
            else:
                self.split(fact.value)

    def earn(self, each: float) -> None:
        """A dividend for what is held."""
        held = self.position
        if held is None:
            return
        paid = held.side * (held.quantity * each * self.settings.multiplier)
        self.purse.cash = self.purse.cash + paid
        held.gross = held.gross + paid
        self.dividends = self.dividends + paid

    def split(self, k: float) -> None:
        """One unit becomes k: of what is held and of what waits."""
        held, order, tick = self.position, self.entry, self.settings.tick
        self.splits.append((self.t, k))
        if order is not None:
            order.limit = to_tick(order.limit / k, tick, up=order.side < 0)
            order.stop = to_tick(order.stop / k, tick, up=order.side > 0)
            lines = {name: list(getattr(self.wishes, name)) for name in LEVEL_LINES}
            for line in lines.values():
                if line and isfinite(line[order.decided]):
                    line[order.decided] = line[order.decided] / k
            self.wishes = replace(self.wishes, **lines)
        if held is None:
            return
        held.quantity, held.average = held.quantity * k, held.average / k
        up, levels = held.side < 0, held.levels
        levels.stop = to_tick(levels.stop / k, tick, up=up)
        levels.target = to_tick(levels.target / k, tick, up=not up)
        levels.stop_at, levels.target_at = levels.stop_at / k, levels.target_at / k
        held.trail, held.extreme = to_tick(held.trail / k, tick, up=up), held.extreme / k
        for sums in (held.entered, held.entered_raw, held.left, held.left_raw):
            sums.units, sums.last = sums.units * k, sums.last / k
        held.seen = [price / k for price in held.seen]
        stop, target, trail = held.first
        held.first = (stop / k, target / k, trail / k)
        held.other = held.other / k
