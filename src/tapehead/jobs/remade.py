"""Remade: a portfolio made again with every order, and what is told of it: its course, the shares, its orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tapehead.jobs.account_of import all_orders
from tapehead.jobs.portfolio import Course
from tapehead.layout.columns import ORDER_STATUSES
from tapehead.model.orders import Orders, no_orders
from tapehead.model.signals import Signals
from tapehead.model.table import Table
from tapehead.model.trades import Trades
from tapehead.portfolio.leg import Leg
from tapehead.portfolio.walk import LegOutcome, Walked

_TURNED_AWAY = ("no_cash", "no_place")


@dataclass(frozen=True, slots=True, eq=False)
class Remade:
    """A portfolio made again: its instruments in the order of names, what their strategy said, and what came of it.

    `signals` are those of the strategy, by instrument; those of a leg may be weights that were made of them. `trades`
    and `orders` are of all instruments; their bars are instants of the clock.
    """

    course: Course
    legs: tuple[Leg, ...]
    signals: Mapping[str, Signals]
    walked: Walked
    trades: Trades
    orders: Orders

    @property
    def names(self) -> list[str]:
        """Instruments, in their order."""
        return [leg.name for leg in self.legs]

    def leg(self, name: str) -> tuple[Leg, LegOutcome]:
        """Return an instrument and what it did."""
        place = self.names.index(name)
        return self.legs[place], self.walked.legs[place]

    def orders_of(self, name: str) -> Orders:
        """Return the orders of an instrument; bars are its own, counted from the start."""
        made = self.leg(name)[1].orders
        return no_orders() if made is None else made


def remade_of(
    course: Course, legs: list[Leg], signals: Mapping[str, Signals], walked: Walked, trades: Trades
) -> Remade:
    """Return a portfolio that was walked with its orders."""
    by_name = {leg.name: leg for leg in legs}
    ordered = tuple(by_name[done.name] for done in walked.legs)
    return Remade(course, ordered, signals, walked, trades, all_orders(ordered, walked))


def course_table(walked: Walked) -> Table:
    """Return what the account was at every instant, a row each.

    Columns `ts` (when it begins, us UTC), `equity`, `cash`, `invested` (worth of all positions, a short's as a positive
    number) and `positions` at its end, in money of the account.
    """
    return Table(
        {
            "ts": walked.clock.copy(),
            "equity": walked.equity.copy(),
            "cash": walked.cash.copy(),
            "invested": walked.exposure.copy(),
            "positions": walked.held.astype(np.int64),
        }
    )


def shares_table(remade: Remade) -> Table:
    """Return what each instrument brought and cost, a row each in the order of names; money of the account.

    Columns `instrument`; `profit`, net, that of what is still held too; `share`, of the profit of all (NaN where that
    is 0); `trades`, closed ones; `fees slippage borrow dividends`; `no_cash no_place`, how many of its orders ended so.
    """
    legs = remade.walked.legs
    profit = np.array([done.share for done in legs])
    total = float(profit.sum())
    columns: dict[str, Any] = {
        "instrument": np.array(remade.names),
        "profit": profit,
        "share": profit / total if total else np.full(len(legs), np.nan),
        "trades": np.array([len(done.trades) for done in legs], np.int64),
        "fees": np.array([done.fees_paid for done in legs]),
        "slippage": np.array([done.slippage_paid for done in legs]),
        "borrow": np.array([done.borrow_paid for done in legs]),
        "dividends": np.array([done.dividends for done in legs]),
    }
    for word in _TURNED_AWAY:
        number = ORDER_STATUSES.index(word)
        counts = [0 if done.orders is None else int(np.count_nonzero(done.orders.status == number)) for done in legs]
        columns[word] = np.array(counts, np.int64)
    return Table(columns)
