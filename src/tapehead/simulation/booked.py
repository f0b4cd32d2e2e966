"""book: trades that somebody else made, summed up as those of a simulation are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels import moments as sums
from tapehead.kernels import trade as told
from tapehead.kernels.jit import readonly
from tapehead.kernels.trade import new_accounts, sum_up
from tapehead.model.bars import F64, I64, Bars
from tapehead.model.given_trades import GivenTrades
from tapehead.model.moments import Moments
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.trades import Trades, no_trades
from tapehead.simulation.ledger import Ledger
from tapehead.simulation.simulate import observations_of, trades_of
from tapehead.simulation.terms import terms


class Booked(NamedTuple):
    """What given trades came to; `open_profit` is that of all open positions at the last close, None where none is."""

    trades: Trades
    moments: Moments
    final_equity: float
    fees_paid: float
    open_profit: float | None
    ledger: Ledger


def book(bars: Bars, given: GivenTrades, rules: Rules) -> Booked:
    """Sum up trades on the bars they were made on.

    Parameters
    ----------
    bars : Bars
        No warm-up; `given` counts them from 0.
    given : GivenTrades
        In any order; several may be open at a time, on both sides.
    rules : Rules
        Their `cash` is equity before the first trade.

    Returns
    -------
    Booked
        Equity moves by each trade's own profit; excursions are those of the bars between entry and exit.
    """
    closed = np.flatnonzero(given.exit_bar >= 0)
    closed = closed[np.argsort(given.entry_bar[closed], kind="stable")]
    open_ = np.flatnonzero(given.exit_bar < 0)
    made = given.at(closed)
    profit = _profits(made, rules.multiplier)
    money, marks = _rows_of(made, profit)
    ledger, held = _ledger(given, open_, made, profit, rules, len(bars))
    a, r = (
        new_accounts(rules.cash),
        terms(bars, rules, Signals(enter=np.zeros(len(bars), np.bool_)), unit=1, all_traded=True, lined=False),
    )
    fees = float(given.fees.sum())
    a["trades"], a["rows"], a["held"], a["fees_paid"] = closed.size, ledger.shape[1], held, fees
    blocks, out = np.empty((1, sums.BLOCKS, sums.POWERS)), np.empty((1, told.TOLD))
    prices = (readonly(bars.open), readonly(bars.high), readonly(bars.low), readonly(bars.close))
    sum_up(a, r, rules.cash, *prices, readonly(bars.ts), money, marks, ledger, blocks, out)
    told_of = out[0].tolist()
    open_gross = given.side[open_] * given.quantity[open_] * (float(bars.close[-1]) - given.entry_price[open_])
    open_profit = float((open_gross * rules.multiplier - given.fees[open_]).sum()) if open_.size else None
    return Booked(
        trades_of(bars, money, marks, None) if closed.size else no_trades(),
        _moments(bars, rules, told_of),
        told_of[sums.FINAL],
        fees,
        open_profit,
        Ledger(ledger),
    )


def _profits(made: GivenTrades, multiplier: float) -> F64:
    """Return net profits: as given, else reckoned from prices and fees."""
    gross = made.side * made.quantity * (made.exit_price - made.entry_price) * multiplier
    profits: F64 = np.where(np.isnan(made.profit), gross - made.fees, made.profit)
    return profits


def _rows_of(made: GivenTrades, profit: F64) -> tuple[F64, NDArray[np.int32]]:
    """Return closed trades as the kernels hold them."""
    n = made.side.shape[0]
    money, marks = np.zeros((names.MONEY, n)), np.zeros((names.MARKS, n), np.int32)
    money[[names.ENTRY_PRICE, names.ENTRY_WANTED]] = made.entry_price
    money[[names.EXIT_PRICE, names.EXIT_WANTED]] = made.exit_price
    money[names.QUANTITY], money[names.FEES], money[names.PROFIT] = made.quantity, made.fees, profit
    money[names.WORST] = np.minimum(made.entry_price, made.exit_price)
    money[names.BEST] = np.maximum(made.entry_price, made.exit_price)
    money[[names.STOP_AT, names.TARGET_AT, names.TRAIL_AT, names.OTHER_PRICE]] = np.nan
    marks[names.SIDE], marks[names.REASON], marks[names.FILLS] = made.side, made.reason, 2
    marks[[names.ENTRY_BAR, names.DECISION_BAR]], marks[names.EXIT_BAR] = made.entry_bar, made.exit_bar
    marks[[names.ENTRY_PHASE, names.EXIT_PHASE]] = names.INSIDE
    return money, marks


def _ledger(
    given: GivenTrades, open_: I64, made: GivenTrades, profit: F64, rules: Rules, n_bars: int
) -> tuple[F64, int]:
    """Return the rows of the account, and on how many bars something was held."""
    held = given.at(open_)
    entered = made.side * made.quantity
    opened = held.side * held.quantity
    spent = entered * made.entry_price * rules.multiplier
    bar = np.concatenate((made.entry_bar, made.exit_bar, held.entry_bar)).astype(np.int64)
    cash = np.concatenate((-spent, spent + profit, -opened * held.entry_price * rules.multiplier - held.fees))
    units = np.concatenate((entered, -entered, opened))
    # What is open at a time: units of both sides may cancel, and are held all the same.
    count = np.concatenate((np.ones(entered.size), -np.ones(entered.size), np.ones(opened.size)))
    at, place = np.unique(bar, return_inverse=True)
    rows = np.zeros((names.LEDGER, at.size))
    rows[names.ROW_BAR] = at
    rows[names.ROW_CASH] = rules.cash + np.cumsum(np.bincount(place, cash, at.size))
    rows[names.ROW_UNITS] = _exact(np.cumsum(np.bincount(place, units, at.size)), count, place, at.size)
    left = np.cumsum(np.bincount(place, count, at.size))
    spans = np.diff(np.append(at, n_bars))
    return rows, int(spans[left > 0].sum())


def _exact(units: F64, count: F64, place: I64, rows: int) -> F64:
    """Return units with 0 where nothing is open: sums of what came and went leave a rest."""
    units[np.cumsum(np.bincount(place, count, rows)) == 0] = 0.0
    return units


def _moments(bars: Bars, rules: Rules, out: list[float]) -> Moments:
    """Return the sums of the kernel by name."""
    return Moments(
        observations_of(bars, rules),
        out[sums.SUM],
        out[sums.SQUARES],
        out[sums.DOWNSIDE],
        out[sums.DRAWDOWN],
        int(out[sums.WET_BARS]),
        int(out[sums.WET_US]),
        int(out[told.HELD]),
        int(out[sums.WINS]),
        out[sums.WON],
        out[sums.LOST],
    )
