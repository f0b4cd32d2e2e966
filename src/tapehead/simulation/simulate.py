"""Simulate: signals and rules become trades and moments; pure."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.crossed import event_bars
from tapehead.indicators.memo import Memo
from tapehead.kernels import moments as sums
from tapehead.kernels import walk as walking
from tapehead.kernels.jit import readonly
from tapehead.kernels.trade import trade
from tapehead.layout.columns import DELIST, TRADED
from tapehead.model.bars import I64, U8, Bars
from tapehead.model.calendar import calendar
from tapehead.model.moments import Moments
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.trades import Trades, no_trades, plain_trades
from tapehead.simulation.survey import survey

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

_CONFLICTS = {"nothing": walking.NOTHING, "enter": walking.ENTER, "ignore": walking.IGNORE}
_SEEN = (
    (walking.UNFILLED, "unfilled_at_end"),
    (walking.EXPIRED, "expired_in_gap"),
    (walking.ROUNDED, "rounds_to_zero"),
    (walking.STILL_OPEN, "open_at_end"),
    (walking.UNTRADED_END, "untraded_at_end"),
)


class Position(NamedTuple):
    """A position that is still open: bar counted from the start, quantity, filled price, fee paid, profit so far."""

    entry_bar: int
    quantity: float
    entry_price: float
    fees: float
    profit: float


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """Rows of the walk as the kernels keep them, an open position last; bars counted from the first bar read.

    `reach` holds worst and best of each closed row, `sums` the moments in the kernel's order.
    """

    rows: int
    bars: I32
    money: F64
    reach: F64
    sums: list[float]


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Outcome of one simulation: closed trades, moments, the open position, and what happened, in words."""

    trades: Trades
    moments: Moments
    position: Position | None
    final_equity: float
    fees_paid: float
    flags: tuple[str, ...]


def simulate(bars: Bars, signals: Signals, rules: Rules, memo: Memo) -> Simulated:
    """Trade signals on bars.

    Parameters
    ----------
    bars : Bars
        Strictly rising; the first `bars.warm` are for indicators only. None of them flagged partial.
    signals : Signals
        Conditions of shape (n_bars,), checked.
    rules : Rules
        Fills, costs, size, and the facts of the instrument.
    memo : Memo
        Comparisons already made for these signals are taken from it.

    Returns
    -------
    Simulated
        Trades, moments and flags; see engine.md for every rule.

    Notes
    -----
    Time is proportional to decisions plus bars on which a position is held. Releases the GIL in kernels.
    """
    if len(bars) <= bars.warm:
        return _nothing(rules)
    with memo:
        enter, leave = _from(event_bars(signals.enter), bars.warm), _from(event_bars(signals.leave), bars.warm)
        ignored = any(_from(event_bars(c), bars.warm).size for c in (signals.enter_short, signals.leave_short))
    ledger, seen, fees = _trade(bars, rules, enter, leave)
    moments, final = _moments(bars, rules, ledger.sums), ledger.sums[sums.FINAL]
    closed = ledger.rows - (1 if seen & walking.STILL_OPEN else 0)
    trades = _trades(bars, ledger, closed)
    position = _position(bars, ledger) if closed < ledger.rows else None
    flags = [word for bit, word in _SEEN if seen & bit]
    flags += ["across_gap"] if ledger.bars[: ledger.rows, walking.GAP].any() else []
    flags += ["delisted"] if closed and trades.reason[-1] == DELIST else []
    flags += ["side_ignored"] if ignored else []
    return Simulated(trades, moments, position, final, fees, tuple(flags))


def _from(events: I32, start: int) -> I32:
    """Return the events at or after bar `start`."""
    return events[np.searchsorted(events, start) :] if start else events


def _trade(bars: Bars, rules: Rules, enter: I32, leave: I32) -> tuple[Ledger, int, float]:
    """Walk over the events and sum up what came of them."""
    capacity = enter.shape[0]
    where = np.empty((capacity, walking.BAR_FIELDS), np.int32)
    money, reach = np.empty((capacity, walking.MONEY_COLUMNS)), np.empty((capacity, 2))
    out = np.empty(sums.MOMENTS)
    step, unit = _steps(bars, rules)
    at_open = rules.fill == "next_open"
    rows, seen, fees = trade(
        readonly(bars.open if at_open else bars.close),
        readonly(bars.high),
        readonly(bars.low),
        readonly(bars.close),
        readonly(bars.ts),
        bars.series.interval.us,
        _traded(bars.flags),
        step,
        unit,
        readonly(enter),
        readonly(leave),
        bars.warm,
        1 if at_open else 0,
        rules.taker,
        rules.slippage,
        rules.size,
        rules.cash,
        -1 if rules.max_wait is None else rules.max_wait,
        _CONFLICTS[rules.on_conflict],
        walking.DELIST if rules.delisted else walking.SELL_AT_END if rules.close_at_end else walking.OPEN_END,
        rules.delist_haircut,
        where,
        money,
        out,
        reach,
    )
    return Ledger(rows, where[:rows], money[:rows], reach[:rows], out.tolist()), seen, fees


def _traded(flags: U8) -> U8 | None:
    """Return the flags only where some bar did not trade, so that the kernel without the test can run."""
    return None if survey(flags).common & TRADED else readonly(flags)


def _steps(bars: Bars, rules: Rules) -> tuple[I64, int]:
    """Return calendar steps and their unit: times themselves around the clock, session steps elsewhere."""
    if rules.calendar == "24/7":
        return readonly(bars.ts), bars.series.interval.us
    return readonly(calendar(rules.calendar).steps(bars.ts, bars.series.interval)), 1


def _moments(bars: Bars, rules: Rules, out: list[float]) -> Moments:
    """Return the sums of the kernel by name."""
    return Moments(
        observations=_observations(bars, rules),
        total=out[sums.SUM],
        squares=out[sums.SQUARES],
        downside=out[sums.DOWNSIDE],
        drawdown=out[sums.DRAWDOWN],
        wet_bars=int(out[sums.WET_BARS]),
        wet_us=int(out[sums.WET_US]),
        held=int(out[sums.HELD]),
        wins=int(out[sums.WINS]),
        won=out[sums.WON],
        lost=out[sums.LOST],
    )


GRID_SHARE = 0.98
"""With less of the grid present, returns are taken on the grid with equity carried over the holes."""


def _observations(bars: Bars, rules: Rules) -> int:
    """Return the number of returns: bars, or grid steps where too many are missing (a carried return is 0)."""
    present = len(bars) - bars.warm
    steps = calendar(rules.calendar).step_count(int(bars.ts[bars.warm]), int(bars.ts[-1]), bars.series.interval)
    return present if present >= GRID_SHARE * steps else steps


def _trades(bars: Bars, ledger: Ledger, closed: int) -> Trades:
    """Return the closed rows as trades, bars counted from the start."""
    if closed == 0:
        return no_trades()
    where, money, reach = ledger.bars[:closed], ledger.money[:closed], ledger.reach[:closed]
    columns = [money[:, k].copy() for k in range(walking.PROFIT + 1)]
    return plain_trades(
        side=np.ones(closed, np.int8),
        entry_bar=where[:, walking.ENTRY_BAR] - np.int32(bars.warm),
        exit_bar=where[:, walking.EXIT_BAR] - np.int32(bars.warm),
        entry_price=columns[walking.ENTRY_PRICE],
        exit_price=columns[walking.EXIT_PRICE],
        quantity=columns[walking.QUANTITY],
        fees=columns[walking.FEES],
        profit=columns[walking.PROFIT],
        worst=reach[:, 0].copy(),
        best=reach[:, 1].copy(),
        reason=where[:, walking.REASON].astype(np.uint8),
        ambiguous=np.zeros(closed, bool),
        across_gap=where[:, walking.GAP].astype(bool),
    )


def _position(bars: Bars, ledger: Ledger) -> Position:
    """Return the open last row, marked at the last close without exit cost."""
    row = ledger.money[-1]
    quantity, price, fees = (float(row[k]) for k in (walking.QUANTITY, walking.ENTRY_PRICE, walking.FEES))
    profit = quantity * (float(bars.close[-1]) - price) - fees
    return Position(int(ledger.bars[-1, walking.ENTRY_BAR]) - bars.warm, quantity, price, fees, profit)


def _nothing(rules: Rules) -> Simulated:
    """Return the outcome of a range without a bar."""
    return Simulated(no_trades(), Moments(0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0.0, 0.0), None, rules.cash, 0.0, ())
