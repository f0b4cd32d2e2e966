"""The engine's rules for market orders, long only, one bar after another: the slow obvious twin of the walk kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """Bars as lists; `step` is the number of each bar on the calendar of the instrument."""

    ts: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    traded: list[bool]
    step: list[int]
    partial: list[bool] = field(default_factory=list)
    warm: int = 0


@dataclass
class Settings:
    """Settings under the engine's names."""

    fill: str = "next_open"
    fee: float = 0.0
    slippage: float = 0.0
    size: float = 1.0
    cash: float = 10_000.0
    max_wait: int | None = None
    on_conflict: str = "nothing"
    close_at_end: bool = False
    delisted: bool = False
    delist_haircut: float = 0.0


@dataclass
class Order:
    """One order, from its decision to its end."""

    enters: bool
    decided: int
    status: str = "waiting"
    bar: int | None = None
    price: float | None = None


@dataclass
class Position:
    """What is held since `bar`; `inside` says whether that bar's own prices came after the entry."""

    bar: int
    inside: bool
    price: float
    quantity: float
    fee: float
    across_gap: bool


@dataclass
class Outcome:
    """What came of it; bars are counted from the first bar at or after the start."""

    orders: list[Order] = field(default_factory=list)
    trades: list[dict[str, float | int | str | bool]] = field(default_factory=list)
    equity: list[float] = field(default_factory=list)
    fees_paid: float = 0.0
    held: int = 0
    cash: float = 0.0
    open: Position | None = None


class Account:
    """Cash, at most one position, and at most one waiting order."""

    def __init__(self, table: Table, settings: Settings) -> None:
        self.table = table
        self.settings = settings
        self.cash = settings.cash
        self.position: Position | None = None
        self.waiting: Order | None = None
        self.out = Outcome()
        self.ruined = False

    def end_waiting(self, status: str) -> None:
        """Take the waiting order off, saying why."""
        if self.waiting is not None:
            self.waiting.status = status
            self.waiting = None

    def submit(self, enters: bool, t: int) -> None:
        """A later decision replaces a waiting one."""
        self.end_waiting("replaced")
        self.waiting = Order(enters, t)
        self.out.orders.append(self.waiting)

    def decide(self, enter: bool, leave: bool, t: int) -> None:
        """One decision a bar (engine.md 2 and 10)."""
        if self.ruined:
            return
        if self.position is not None:
            if leave:
                self.submit(enters=False, t=t)
            return
        if enter and leave:
            choice = self.settings.on_conflict
            if choice == "enter":
                self.submit(enters=True, t=t)
            elif choice == "nothing":
                self.end_waiting("cancelled")
            return
        if enter:
            self.submit(enters=True, t=t)
        elif leave:
            self.end_waiting("cancelled")

    def fill(self, t: int, raw: float, at_open: bool) -> None:
        """Meet the waiting order with a traded price."""
        order = self.waiting
        if order is None:
            return
        apart = self.table.step[t] - self.table.step[order.decided]
        gap = apart - 1 if at_open else apart
        limit = self.settings.max_wait
        if order.enters and limit is not None and gap > limit:
            self.end_waiting("expired_in_gap")
            return
        if order.enters:
            self.buy(order, t, raw, at_open, gap > 0)
        else:
            price = raw * (1 - self.settings.slippage)
            self.sell(t, price, self.settings.fee, "signal", at_open, gap > 0)
            order.status, order.bar, order.price = "filled", t, price
        self.waiting = None

    def buy(self, order: Order, t: int, raw: float, at_open: bool, across_gap: bool) -> None:
        """Spend the asked share of equity, the fee inside it (engine.md 10, numbers)."""
        rate = self.settings.fee
        price = raw * (1 + self.settings.slippage)
        quantity = self.settings.size * self.cash / (price * (1 + rate)) if price > 0 else 0.0
        if not quantity > 0:
            order.status = "rounds_to_zero"
            return
        notional = quantity * price
        fee = notional * rate
        self.cash -= notional + fee
        self.out.fees_paid += fee
        self.position = Position(t, at_open, price, quantity, fee, across_gap)
        order.status, order.bar, order.price = "filled", t, price

    def sell(self, t: int, price: float, rate: float, reason: str, at_open: bool, across_gap: bool) -> None:
        """Close the position at one price and write the trade."""
        held = self.position
        assert held is not None
        notional = held.quantity * price
        fee = notional * rate
        self.cash -= -notional + fee
        self.out.fees_paid += fee
        fees = held.fee + fee
        profit = held.quantity * (price - held.price) - fees
        if self.cash < 0:
            profit -= self.cash
            self.cash = 0.0
        lived = self.bars_lived(held, t, at_open)
        lows = [self.table.low[i] for i in lived] + [held.price, price]
        highs = [self.table.high[i] for i in lived] + [held.price, price]
        self.out.held += len(lived)
        warm = self.table.warm
        self.out.trades.append(
            {
                "side": 1,
                "entry_bar": held.bar - warm,
                "exit_bar": t - warm,
                "entry_price": held.price,
                "exit_price": price,
                "quantity": held.quantity,
                "fees": fees,
                "profit": profit,
                "worst": min(lows) / held.price - 1,
                "best": max(highs) / held.price - 1,
                "reason": reason,
                "ambiguous": False,
                "across_gap": held.across_gap or across_gap,
            }
        )
        self.position = None
        if self.cash <= 0:
            self.ruined = True

    @staticmethod
    def bars_lived(held: Position, t: int, at_open: bool) -> range:
        """Bars whose inside the position saw."""
        return range(held.bar if held.inside else held.bar + 1, t if at_open else t + 1)


def without_partial(table: Table, enter: Sequence[bool], leave: Sequence[bool]) -> tuple[Table, list[bool], list[bool]]:
    """Drop bars whose close has not come yet, and what was signalled on them."""
    if not any(table.partial):
        return table, list(enter), list(leave)
    keep = [i for i, partial in enumerate(table.partial) if not partial]
    columns = {
        name: [getattr(table, name)[i] for i in keep]
        for name in ("ts", "open", "high", "low", "close", "traded", "step")
    }
    warm = sum(1 for i in keep if i < table.warm)
    return Table(**columns, warm=warm), [enter[i] for i in keep], [leave[i] for i in keep]


def simulate_oracle(table: Table, enter: Sequence[bool], leave: Sequence[bool], settings: Settings) -> Outcome:
    """Walk over every bar: open, inside, close (engine.md 1)."""
    table, enter, leave = without_partial(table, enter, leave)
    account = Account(table, settings)
    n = len(table.ts)
    for t in range(n):
        if settings.fill == "next_open" and table.traded[t]:
            account.fill(t, table.open[t], at_open=True)
        if t < table.warm:
            continue
        account.decide(enter[t], leave[t], t)
        if settings.fill == "close" and table.traded[t]:
            account.fill(t, table.close[t], at_open=False)
        if t == n - 1:
            finish(account, t)
        quantity = account.position.quantity if account.position is not None else 0.0
        account.out.equity.append(account.cash + quantity * table.close[t])
    account.out.cash = account.cash
    account.out.open = account.position
    return account.out


def finish(account: Account, t: int) -> None:
    """What the last close does: delisting, close_at_end, orders that found no bar."""
    settings, close = account.settings, account.table.close[t]
    account.end_waiting("unfilled_at_end")
    if account.position is None:
        return
    if settings.delisted:
        account.sell(t, close * (1 - settings.delist_haircut), 0.0, "delist", at_open=False, across_gap=False)
    elif settings.close_at_end:
        account.sell(t, close * (1 - settings.slippage), settings.fee, "end", at_open=False, across_gap=False)
    else:
        held = account.position
        account.out.held += len(account.bars_lived(held, t, at_open=False))
