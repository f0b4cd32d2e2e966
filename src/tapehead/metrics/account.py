"""Account: what one simulation did to its money, bar by bar; all that metrics beyond the sums are made from."""

import math
from typing import NamedTuple

import numpy as np

from tapehead.metrics.gains import Points, returns_of
from tapehead.model.bars import F64, I64, Bars
from tapehead.model.calendar import Calendar, calendar
from tapehead.model.interval import Interval
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades

GRID_SHARE = 0.98
"""With less of the grid present, returns are taken on the grid with equity carried over the holes."""
_DAY = Interval.parse("1d")


class Opened(NamedTuple):
    """A position still open at the last close; `at_open` says that it was there from the open of its first bar."""

    entry_bar: int
    at_open: bool
    profit: float


class Account(NamedTuple):
    """One simulation, from its start on.

    Attributes
    ----------
    bars : Bars
        From the asked start on, without warm-up.
    rules : Rules
        By which it was traded; equity begins at `rules.cash`, before bar 0.
    equity : float64 array, shape (n_bars,)
        At each close.
    units : float64 array, shape (n_bars,)
        Held after each close, negative where short.
    trades : Trades
        Closed ones.
    opened : Opened or None
        What is not closed.
    fees_paid : float
        Of all fills.
    points : mapping of str to float, optional
        Money a point of each instrument, where several share the account; else that of the rules.
    """

    bars: Bars
    rules: Rules
    equity: F64
    units: F64
    trades: Trades
    opened: Opened | None = None
    fees_paid: float = 0.0
    points: Points | None = None

    @property
    def clock(self) -> Calendar:
        """Return the calendar of the instrument."""
        return calendar(self.rules.calendar)

    @property
    def gains(self) -> F64:
        """Return the net profit of each closed trade over the money its entries bought for, shape (n_trades,)."""
        return returns_of(self.trades, self.rules.multiplier if self.points is None else self.points)

    @property
    def periods(self) -> float:
        """Return how many bars make a year."""
        return self.clock.periods_a_year(self.bars.series.interval)

    @property
    def is_intraday(self) -> bool:
        """Say whether a day has several bars."""
        return self.bars.series.interval.us < _DAY.us


class Returns(NamedTuple):
    """Returns of equal periods, oldest first, and how many make a year."""

    values: F64
    periods: float

    def excess(self, rf: float) -> F64:
        """Return what is above a yearly effective rate."""
        return self.values - self.free(rf) if rf else self.values

    def free(self, rf: float) -> float:
        """Return that rate for one period."""
        return math.expm1(math.log1p(rf) / self.periods)


def changes(values: F64, start: float) -> F64:
    """Return value over value before, less 1; the first against `start`. Not finite after a value of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return values / np.concatenate(([start], values[:-1])) - 1.0


def bar_returns(account: Account, values: F64 | None = None) -> Returns:
    """Return the returns of bars, or of grid steps where under 98 % of the grid is present.

    Parameters
    ----------
    account : Account
    values : float64 array, shape (n_bars,), optional
        In place of its equity, from the same cash.
    """
    bars = account.bars
    moves = changes(account.equity if values is None else values, account.rules.cash)
    steps = account.clock.steps(bars.ts, bars.series.interval)
    return Returns(_on_grid(moves, steps), account.periods)


def daily_returns(account: Account) -> Returns:
    """Return the returns of days (sessions), each from the last close of the day before to its own."""
    bars = account.bars
    days = account.clock.steps(bars.ts, _DAY)
    last = np.flatnonzero(np.diff(days, append=days[-1] + 1))
    moves = changes(account.equity[last], account.rules.cash)
    return Returns(_on_grid(moves, days[last]), account.clock.periods_a_year(_DAY))


def _on_grid(moves: F64, steps: I64) -> F64:
    """Lay moves on the grid where too much of it is missing; an absent step is a return of 0."""
    grid = int(steps[-1] - steps[0]) + 1
    if len(moves) >= GRID_SHARE * grid:
        return moves
    out = np.zeros(grid)
    out[steps - steps[0]] = moves
    return out
