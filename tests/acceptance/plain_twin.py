"""Two strategies on a list of bars in plain Python: exact integers for averages, Wilder's recursion for strength."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

FEE, SLIPPAGE, CASH = 0.001, 0.0002, 10_000.0
DELISTED_AFTER_S = 30 * 24 * 3_600


class Bar(NamedTuple):
    """One row of the file; `at` in seconds since 1970."""

    at: int
    open: float
    close: float
    volume: float


def read_panel(path: Path) -> dict[str, list[Bar]]:
    """Every row of the panel by symbol, in order of time; nothing is dropped."""
    table = pq.read_table(path, columns=["ticker", "date", "open", "close", "volume"])
    columns: dict[str, list[Any]] = table.set_column(
        1, "date", table["date"].cast("timestamp[s]").cast("int64")
    ).to_pydict()
    bars: dict[str, list[Bar]] = {}
    names = ("ticker", "date", "open", "close", "volume")
    for symbol, *values in zip(*(columns[name] for name in names), strict=True):
        bars.setdefault(symbol, []).append(Bar(*values))
    return {symbol: sorted(rows) for symbol, rows in bars.items()}


def sma_decisions(bars: list[Bar], fast: int = 10, slow: int = 30) -> Iterator[str]:
    """`enter` where the fast mean comes to lie above the slow one, `leave` below; compared as exact fractions."""
    units = [round(Fraction(repr(bar.close)) * 10**12) for bar in bars]
    quick = long = 0
    before = None
    for t, unit in enumerate(units):
        quick += unit - (units[t - fast] if t >= fast else 0)
        long += unit - (units[t - slow] if t >= slow else 0)
        gap = slow * quick - fast * long if t >= slow - 1 else None
        yield crossing(before, gap, before, gap)
        before = gap


def rsi_decisions(bars: list[Bar], period: int = 14, low: float = 30.0, high: float = 70.0) -> Iterator[str]:
    """`enter` where strength climbs out of `low`, `leave` where it falls out of `high`."""
    up = down = 0.0
    before = None
    for t, bar in enumerate(bars):
        strength = None
        if t > 0:
            step = bar.close - bars[t - 1].close
            gain, loss = max(step, 0.0), max(-step, 0.0)
            if t <= period:
                up, down = up + gain, down + loss
                if t == period:
                    up, down = up / period, down / period
            else:
                up, down = (up * (period - 1) + gain) / period, (down * (period - 1) + loss) / period
            if t >= period:
                strength = 50.0 if up + down == 0 else 100 * up / (up + down)
        above = (None if before is None else before - low, None if strength is None else strength - low)
        below = (None if before is None else before - high, None if strength is None else strength - high)
        yield crossing(*above, *below)
        before = strength


def crossing(old_up: Any, new_up: Any, old_down: Any, new_down: Any) -> str:
    """What two steps of a difference mean."""
    if old_up is not None and new_up is not None and new_up > 0 >= old_up:
        return "enter"
    if old_down is not None and new_down is not None and new_down < 0 <= old_down:
        return "leave"
    return ""


@dataclass
class Account:
    """Money, what is held of one instrument since when, and closed trades."""

    cash: float = CASH
    quantity: float = 0.0
    since: int = 0
    price: float = 0.0
    paid: float = 0.0

    def __post_init__(self) -> None:
        self.trades: list[tuple[int, int, float, float, float, float, str]] = []

    def buy(self, t: int, raw: float) -> None:
        """Spend everything, the fee inside it."""
        self.price, self.since = raw * (1 + SLIPPAGE), t
        self.quantity = self.cash / (self.price * (1 + FEE))
        self.paid = self.quantity * self.price * FEE
        self.cash -= self.quantity * self.price + self.paid

    def sell(self, t: int, price: float, rate: float, reason: str) -> None:
        """Sell everything."""
        fee = self.quantity * price * rate
        self.cash += self.quantity * price - fee
        profit = self.quantity * (price - self.price) - (self.paid + fee)
        self.trades.append((self.since, t, self.price, price, self.quantity, profit, reason))
        self.quantity = 0.0


def trade(bars: list[Bar], decisions: Iterator[str], latest: int) -> tuple[list[Any], float]:
    """Closed trades and total return: orders wait for the next bar with volume and fill at its open.

    `latest` is the last time of the whole market: a series that ends long before it is sold at its last close.
    """
    account, order = Account(), ""
    for t, (bar, decision) in enumerate(zip(bars, decisions, strict=True)):
        if order and bar.volume > 0:
            if order == "enter":
                account.buy(t, bar.open)
            else:
                account.sell(t, bar.open * (1 - SLIPPAGE), FEE, "signal")
            order = ""
        if account.quantity:
            order = "leave" if decision == "leave" else order
        elif decision:
            order = "enter" if decision == "enter" else ""
    if account.quantity and latest - bars[-1].at > DELISTED_AFTER_S:
        account.sell(len(bars) - 1, bars[-1].close, 0.0, "delist")
    return account.trades, (account.cash + account.quantity * bars[-1].close) / CASH - 1
