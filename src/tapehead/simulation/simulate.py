"""Simulate: signals and rules become trades, a ledger and moments; pure."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import SignalsError
from tapehead.indicators.crossed import event_bars
from tapehead.indicators.memo import Memo
from tapehead.kernels import account as names
from tapehead.kernels import moments as sums
from tapehead.kernels import trade as told
from tapehead.kernels.addresses import address_of
from tapehead.kernels.jit import readonly
from tapehead.kernels.trade import new_accounts, new_bar, sum_up, trade
from tapehead.layout.columns import DELIST, ORDER_DTYPES, ORDER_STATUSES, TRADED
from tapehead.model.bar_signals import BarSignals
from tapehead.model.bars import I64, Bars
from tapehead.model.calendar import calendar
from tapehead.model.moments import Moments
from tapehead.model.orders import Orders
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.trades import Trades, no_trades
from tapehead.simulation.bar_by_bar import BarLog, Rows, step_through
from tapehead.simulation.ledger import Ledger, no_ledger
from tapehead.simulation.sessions import asks_sessions, session_words
from tapehead.simulation.survey import survey
from tapehead.simulation.terms import fee_rows, terms

I32 = NDArray[np.int32]
F64 = NDArray[np.float64]

_LINES = ("size", "part", "limit", "stop", "stop_loss_at", "take_profit_at", "trail_at")
"""In the order of LINE_SIZE and so on."""
_NO_EVENTS = readonly(np.empty(0, np.int32))
_NO_LINE = readonly(np.empty(0))
_NO_RETURNS = np.empty(0)
_NO_LINES = readonly(np.empty((0, 0)))
_NO_WORDS = readonly(np.empty(0, np.uint8))
_NO_PAIRS = np.empty((0, 2), np.int64)
_NO_CROSSINGS = np.empty((0, 0), np.uint64)
_NO_ROOM = np.empty((told.WISHES, 0), np.int32)
_UNPACKED = np.empty(0, np.uint8)
_NO_TRADES = no_trades()
_TOLD = (
    names.UNFILLED,
    names.EXPIRED_IN_GAP,
    names.ROUNDED,
    names.BELOW_MINIMUM,
    names.LEVEL_BEHIND,
    names.NO_STOP,
    names.RUINED,
)
SEEN = (
    *((status, ORDER_STATUSES[status]) for status in _TOLD),
    (names.STILL_OPEN, "open_at_end"),
    (names.UNTRADED_END, "untraded_at_end"),
    (names.LIQUIDATED, "liquidated"),
    (names.SHORT_OF_CASH, "shortfall"),
    (names.BEYOND_BAR, "slipped_beyond_bar"),
)


class Position(NamedTuple):
    """A position that is still open, marked at the last close without the cost of an exit.

    `entry_bar` and `decision_bar` are of its first entry, counted from the start; `entry_price` is the average of what
    is held, `wanted` the first entry's price before slippage; `profit` counts what was sold of it already. Levels that
    are not there are NaN.
    """

    entry_bar: int
    quantity: float
    entry_price: float
    fees: float
    profit: float
    side: int
    stop: float
    target: float
    trail: float
    decision_bar: int
    inside: bool


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """Outcome of one simulation: closed trades, moments, the open position, and what happened, in words.

    `orders` is None unless asked for, `log` unless the strategy was asked bar by bar. Money is in quote currency;
    `interest` was earned, the rest of it paid. `blocks`, float64 (BLOCKS, POWERS), are the sums of r, r^2, r^3 and r^4
    of the bar returns r in 16 equal parts of the scored bars.
    """

    trades: Trades
    moments: Moments
    position: Position | None
    final_equity: float
    fees_paid: float
    flags: tuple[str, ...]
    ledger: Ledger
    blocks: F64
    orders: Orders | None = None
    interest: float = 0.0
    borrow_paid: float = 0.0
    slippage_paid: float = 0.0
    log: BarLog | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Wishes:
    """What the signals say from the start on, as the kernels read it."""

    enter: I32
    leave: I32
    enter_short: I32
    leave_short: I32
    target: F64
    lines: F64
    ignored: bool = False


def simulate(bars: Bars, signals: Signals, rules: Rules, memo: Memo, *, orders: bool = False) -> Simulated:
    """Trade signals on bars.

    Parameters
    ----------
    bars : Bars
        Strictly rising; the first `bars.warm` are for indicators only. None of them flagged partial.
    signals : Signals
        Conditions and lines of shape (n_bars,), checked.
    rules : Rules
        Fills, costs, size, and the facts of the instrument.
    memo : Memo
        Comparisons already made for these signals are taken from it.
    orders : bool
        Also say what became of every order.

    Returns
    -------
    Simulated
        Trades, ledger, moments and flags; see docs/engine.md for every rule.

    Raises
    ------
    SignalsError
        A target is beyond the leverage.

    Notes
    -----
    Time is proportional to decisions plus bars on which a position is held. Releases the GIL in kernels.
    """
    if len(bars) <= bars.warm:
        return _nothing(rules)
    with memo:
        wishes = wishes_of(bars, signals, rules)
    money, marks, ledger, made, blocks, out, log = _trade(bars, rules, signals, wishes, orders)
    closed = int(out[told.TRADES])
    trades = trades_of(bars, money[:, :closed], marks[:, :closed], log)
    return Simulated(
        trades,
        _moments(bars, rules, out),
        _position(bars, rules, out),
        out[sums.FINAL],
        out[told.FEES_PAID],
        _flags(out, wishes.ignored or (log is not None and log.ignores(rules))),
        _ledger(bars, ledger[:, : int(out[told.ROWS])]),
        blocks,
        orders_of(bars, made[:, : int(out[told.ORDERS])]) if orders else None,
        out[told.INTEREST],
        out[told.BORROW_PAID],
        out[told.SLIPPAGE_PAID],
        log,
    )


def wishes_of(bars: Bars, signals: Signals, rules: Rules) -> Wishes:
    """Return events and lines."""
    if isinstance(signals, BarSignals):
        return Wishes(_NO_EVENTS, _NO_EVENTS, _NO_EVENTS, _NO_EVENTS, _NO_LINE, _NO_LINES)
    if signals.target is not None:
        return _weights(bars, signals, rules)
    enter, leave, enter_short, leave_short = (
        _NO_EVENTS if wish is None else _from(event_bars(wish), bars.warm)
        for wish in (signals.enter, signals.leave, signals.enter_short, signals.leave_short)
    )
    return Wishes(enter, leave, enter_short, leave_short, _NO_LINE, _lines(bars, signals))


def _from(events: I32, start: int) -> I32:
    """Return the events at or after bar `start`."""
    return readonly(events[np.searchsorted(events, start) :]) if start else events


def _lines(bars: Bars, signals: Signals) -> F64:
    """Return the lines beside the wishes as rows, shape (LINES, n_bars), or (0, 0) where there are none."""
    given = [getattr(signals, name) for name in _LINES]
    if all(line is None for line in given):
        return _NO_LINES
    return readonly(np.array([np.full(len(bars), np.nan) if line is None else line for line in given]))


def _weights(bars: Bars, signals: Signals, rules: Rules) -> Wishes:
    """Return the bars at which the wanted share of equity changes, and its line, clipped to what is traded."""
    line = np.array(signals.target, np.float64)
    seen = line[bars.warm :]
    beyond = np.flatnonzero(np.abs(seen) > rules.leverage)
    if beyond.size:
        bar = int(beyond[0]) + bars.warm
        cause = f"target is {line[bar]:g} at bar {bar}; it must lie within the leverage, {rules.leverage:g}"
        raise SignalsError(strategy="simulate", instrument=bars.series.instrument, cause=cause)
    ignored = False
    if rules.side != "both":
        wrong = line < 0.0 if rules.side == "long" else line > 0.0
        ignored = bool(wrong[bars.warm :].any())
        line[wrong] = 0.0
    known = np.flatnonzero(~np.isnan(line[bars.warm :])) + bars.warm
    changed = known[np.append([True], line[known[1:]] != line[known[:-1]])] if known.size else known
    events = readonly(changed.astype(np.int32))
    return Wishes(events, _NO_EVENTS, _NO_EVENTS, _NO_EVENTS, readonly(line), _lines(bars, signals), ignored)


def _trade(
    bars: Bars, rules: Rules, signals: Signals, wishes: Wishes, orders: bool
) -> tuple[F64, I32, F64, F64, F64, list[float], BarLog | None]:
    """Walk over the bars; return the rows it wrote, its blocks and what it told. Rows are reserved, not touched."""
    scored = len(bars) - bars.warm
    all_traded = bool(survey(bars.flags).common & TRADED)
    sessions = asks_sessions(rules)
    step, unit = steps_of(bars, rules)
    by_bar = isinstance(signals, BarSignals)
    r = terms(bars, rules, signals, unit=unit, all_traded=all_traded, lined=by_bar or wishes.lines.size != 0)
    few = rules.band is None and not by_bar
    entries = min(scored, wishes.enter.size + wishes.enter_short.size) if few else scored
    changes = min(scored, 2 * entries + 2 + (wishes.leave.size + wishes.leave_short.size if wishes.lines.size else 0))
    money, marks = np.empty((names.MONEY, entries)), np.empty((names.MARKS, entries), np.int32)
    ledger = np.empty((names.LEDGER, scored if r["each_bar"][0] else changes))
    made = np.empty((names.ORDER, 6 * scored + 8 if orders else 0))
    a, blocks, out = new_accounts(rules.cash), np.empty((1, sums.BLOCKS, sums.POWERS)), np.empty((1, told.TOLD))
    says = session_words(bars, rules) if sessions else _NO_WORDS
    b, fees = new_bar(), fee_rows(rules)
    if isinstance(signals, BarSignals):
        log = step_through(bars, signals, a, r, b, says, step, fees, Rows(money, marks, ledger, made))
        prices = (readonly(bars.open), readonly(bars.high), readonly(bars.low), readonly(bars.close))
        sum_up(a, r, rules.cash, *prices, readonly(bars.ts), money, marks, ledger, blocks, out)
        return money, marks, ledger, made, blocks[0], out[0].tolist(), log
    given = (wishes.enter, wishes.leave, wishes.enter_short, wishes.leave_short)
    handles = np.array([[(address_of(wish), wish.shape[0]) for wish in given]])
    trade(
        a,
        r,
        b,
        readonly(bars.open),
        readonly(bars.high),
        readonly(bars.low),
        readonly(bars.close),
        readonly(bars.volume),
        readonly(bars.flags),
        says,
        readonly(bars.ts),
        step,
        _NO_PAIRS,
        _NO_RETURNS,
        handles,
        wishes.target,
        wishes.lines,
        fees,
        _NO_CROSSINGS,
        _NO_ROOM,
        money,
        marks,
        ledger,
        made,
        _NO_RETURNS,
        _UNPACKED,
        np.empty(1, np.int64),
        blocks,
        out,
        whole=True,
    )
    return money, marks, ledger, made, blocks[0], out[0].tolist(), None


def steps_of(bars: Bars, rules: Rules) -> tuple[I64, int]:
    """Return calendar steps and their unit: times themselves around the clock, session steps elsewhere."""
    if rules.calendar == "24/7":
        return readonly(bars.ts), bars.series.interval.us
    return readonly(calendar(rules.calendar).steps(bars.ts, bars.series.interval)), 1


def _flags(out: list[float], ignored: bool) -> tuple[str, ...]:
    """Return what happened, in words."""
    seen = int(out[told.SEEN])
    flags = [word for bit, word in SEEN if seen >> bit & 1]
    across = out[told.ACROSS] != 0.0 or (seen >> names.STILL_OPEN & 1 and out[told.GAP] != 0.0)
    flags += ["across_gap"] if across else []
    flags += ["delisted"] if out[told.LAST_REASON] == DELIST else []
    return (*flags, *(["side_ignored"] if ignored or out[told.IGNORED] != 0.0 else []))


def _moments(bars: Bars, rules: Rules, out: list[float]) -> Moments:
    """Return the sums of the kernel by name."""
    return Moments(
        observations=observations_of(bars, rules),
        total=out[sums.SUM],
        squares=out[sums.SQUARES],
        downside=out[sums.DOWNSIDE],
        drawdown=out[sums.DRAWDOWN],
        wet_bars=int(out[sums.WET_BARS]),
        wet_us=int(out[sums.WET_US]),
        held=int(out[told.HELD]),
        wins=int(out[sums.WINS]),
        won=out[sums.WON],
        lost=out[sums.LOST],
    )


GRID_SHARE = 0.98
"""With less of the grid present, returns are taken on the grid with equity carried over the holes."""


def observations_of(bars: Bars, rules: Rules) -> int:
    """Return the number of returns: bars, or grid steps where too many are missing (a carried return is 0)."""
    present = len(bars) - bars.warm
    steps = calendar(rules.calendar).step_count(int(bars.ts[bars.warm]), int(bars.ts[-1]), bars.series.interval)
    return present if present >= GRID_SHARE * steps else steps


def trades_of(bars: Bars, money: F64, marks: I32, log: BarLog | None) -> Trades:
    """Return the rows of closed trades as columns, bars counted from the start."""
    if marks.shape[1] == 0:
        return _NO_TRADES
    entry, exit_, quantity, fees, profit, worst, best, entry_wanted, exit_wanted, *levels = money.copy()
    slippage, borrow, shortfall, stop, target, trail, other_price = levels
    marks = marks.copy()
    tag = np.zeros(marks.shape[1], np.int32) if log is None else log.tags(marks[names.DECISION_BAR])
    if bars.warm:
        marks[[names.ENTRY_BAR, names.EXIT_BAR, names.DECISION_BAR]] -= np.int32(bars.warm)
    side, entry_bar, exit_bar, reason, ambiguous, gap, decision_bar, fills, *_ = marks
    return Trades(
        side=side.astype(np.int8),
        entry_bar=entry_bar,
        exit_bar=exit_bar,
        entry_price=entry,
        exit_price=exit_,
        quantity=quantity,
        fees=fees,
        profit=profit,
        worst=worst,
        best=best,
        reason=reason.astype(np.uint8),
        ambiguous=ambiguous.astype(np.bool_),
        across_gap=gap.astype(np.bool_),
        decision_bar=decision_bar,
        entry_wanted=entry_wanted,
        exit_wanted=exit_wanted,
        slippage=slippage,
        borrow=borrow,
        shortfall=shortfall,
        stop=stop,
        target=target,
        trail=trail,
        other_price=other_price,
        fills=fills,
        tag=tag,
    )


def _ledger(bars: Bars, rows: F64) -> Ledger:
    """Return the ledger with bars counted from the start."""
    kept = rows.copy()
    kept[names.ROW_BAR] -= bars.warm
    return Ledger(kept)


def orders_of(bars: Bars, rows: F64) -> Orders:
    """Return orders as columns, in order of decision."""
    sorted_rows = rows[:, np.argsort(rows[names.ORDER_DECIDED], kind="stable")]
    columns = {name: line.astype(dtype) for line, (name, dtype) in zip(sorted_rows, ORDER_DTYPES.items(), strict=True)}
    columns["decided"] -= np.int32(bars.warm)
    ended = columns["bar"] >= 0
    columns["bar"][ended] -= np.int32(bars.warm)
    return Orders(**columns)


def _position(bars: Bars, rules: Rules, out: list[float]) -> Position | None:
    """Return what is open at the last close."""
    side, units, average, fees = out[told.SIDE], out[told.UNITS], out[told.AVERAGE], out[told.FEES]
    if units == 0.0:
        return None
    open_gross = side * (units * (float(bars.close[-1]) - average)) * rules.multiplier
    return Position(
        entry_bar=int(out[told.ENTERED]) - bars.warm,
        quantity=units,
        entry_price=average,
        fees=fees,
        profit=out[told.GROSS] + open_gross - fees - out[told.BORROW],
        side=int(side),
        stop=out[told.STOP],
        target=out[told.TARGET],
        trail=out[told.TRAIL],
        decision_bar=int(out[told.DECIDED]) - bars.warm,
        inside=int(out[told.PHASE]) == names.INSIDE,
    )


def _nothing(rules: Rules) -> Simulated:
    """Return the outcome of a range without a bar."""
    none = Moments(0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, 0.0, 0.0)
    blocks = np.zeros((sums.BLOCKS, sums.POWERS))
    return Simulated(no_trades(), none, None, rules.cash, 0.0, (), no_ledger(), blocks)
