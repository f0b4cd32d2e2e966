"""One call for all that a simulation needs of machine code: walk, moments, excursions.

Each call of a kernel from Python gives the GIL away and takes it back, which costs more than a short kernel when others
wait for it. So what always runs together is one call.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import ACCOUNT, BAR, LEDGER, MARKS, MONEY, ORDER, TERMS, Records, from_bytes, record
from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.moments import MOMENTS, excursions, moments, outcomes
from tapehead.kernels.walk import walk

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


TRADES, ROWS, ORDERS, HELD, SEEN, FEES_PAID, SLIPPAGE_PAID, BORROW_PAID, INTEREST = range(MOMENTS, MOMENTS + 9)
SIDE, UNITS, AVERAGE, FEES, BORROW, GROSS, STOP, TARGET, TRAIL, ENTERED, DECIDED, PHASE, GAP = range(
    MOMENTS + 9, MOMENTS + 22
)
TOLD = MOMENTS + 22
"""What is told of a walk, behind the moments: rows written, bars held, bits seen, money paid, and the position."""


@kernel
def trade(
    accounts: Records,
    rules: Records,
    bars: Records,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    volume: F64,
    flags: U8,
    says: U8,
    ts: I64,
    step: I64,
    enter: I32,
    leave: I32,
    enter_short: I32,
    leave_short: I32,
    target: F64,
    lines: F64,
    fees: F64,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    out: F64,
) -> None:
    """Fill the rows of trades, ledger and orders, and what is told (`out`, TOLD values); arguments as for `walk`.

    Records come as arrays of one: to open one handed over by itself takes a microsecond a field.
    """
    a, r, b = accounts[0], rules[0], bars[0]
    cash = a.cash
    if r.plain != 0:
        walk(
            a,
            r,
            b,
            None,
            opens,
            high,
            low,
            close,
            volume,
            flags,
            says,
            ts,
            step,
            enter,
            leave,
            enter_short,
            leave_short,
            target,
            lines,
            fees,
            money,
            marks,
            ledger,
            orders,
        )
    else:
        walk(
            a,
            r,
            b,
            r,
            opens,
            high,
            low,
            close,
            volume,
            flags,
            says,
            ts,
            step,
            enter,
            leave,
            enter_short,
            leave_short,
            target,
            lines,
            fees,
            money,
            marks,
            ledger,
            orders,
        )
    _tell(a, r, cash, opens, high, low, close, ts, money, marks, ledger, out)


@kernel
def sum_up(
    accounts: Records,
    rules: Records,
    cash: float,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    ts: I64,
    money: F64,
    marks: I32,
    ledger: F64,
    out: F64,
) -> None:
    """Fill excursions and what is told (`out`) from the rows that a strategy asked bar by bar has written."""
    _tell(accounts[0], rules[0], cash, opens, high, low, close, ts, money, marks, ledger, out)


@kernel
def _tell(
    a: Any,
    r: Any,
    cash: float,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    ts: I64,
    money: F64,
    marks: I32,
    ledger: F64,
    out: F64,
) -> None:
    """Fill moments and excursions from the rows of a walk, and what its account holds."""
    moments(close, ts, r.interval, r.first, cash, r.multiplier, ledger, a.rows, out)
    outcomes(money, a.trades, out)
    excursions(opens, high, low, close, a.trades, marks, money)
    out[TRADES], out[ROWS], out[ORDERS], out[HELD], out[SEEN] = a.trades, a.rows, a.orders, a.held, a.seen
    out[FEES_PAID], out[SLIPPAGE_PAID], out[BORROW_PAID] = a.fees_paid, a.slippage_paid, a.borrow_paid
    out[INTEREST], out[SIDE], out[UNITS], out[AVERAGE] = a.interest, a.side, a.units, a.average
    out[FEES], out[BORROW], out[GROSS] = a.fees, a.borrow, a.gross
    out[STOP], out[TARGET], out[TRAIL] = a.stop, a.target, a.trail
    out[ENTERED], out[DECIDED], out[PHASE], out[GAP] = a.entry_bar, a.decided, a.entry_phase, a.gap


_UNKNOWN = "first_stop first_target first_trail stop target trail ceiling limit trigger last_weight other_price part"
_NEW = record(ACCOUNT, held_until=-1, **dict.fromkeys(_UNKNOWN.split(), np.nan)).tobytes()
_NO_BAR = record(BAR).tobytes()


def new_account(cash: float) -> Records:
    """Return the account at the start: cash, and nothing that is not known."""
    made = from_bytes(ACCOUNT, _NEW)
    made["cash"] = cash
    return made


def new_bar() -> Records:
    """Return room for the bar of a step."""
    return from_bytes(BAR, _NO_BAR)


def some_terms(n: int) -> Records:
    """Return terms of market orders on n bars, to compile for."""
    terms = record(TERMS, n=n, interval=1, unit=1, at_open=1, max_wait=-1, all_traded=1, multiplier=1.0, sized=0.5)
    terms["leverage"], terms["most"], terms["fee_until"] = 1.0, np.inf, np.inf
    for name in ("stop_loss", "take_profit", "trail", "band"):
        terms[name] = np.nan
    return terms


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    ts, events = readonly(np.arange(n)), readonly(np.array([1, 5], np.int32))
    flags, line = readonly(np.ones(n, np.uint8)), readonly(np.empty(0))
    lines, fees = readonly(np.empty((0, 0))), readonly(np.zeros((1, 6)))
    money, marks = np.empty((MONEY, n)), np.empty((MARKS, n), np.int32)
    bars = (values, values, values, values, values, flags, readonly(np.empty(0, np.uint8)), ts, ts)
    wishes = (events, events, events, events, line, lines, fees)
    rows = (money, marks, np.empty((LEDGER, n)), np.empty((ORDER, 0)), np.empty(TOLD))
    trade(new_account(1.0), some_terms(n), new_bar(), *bars, *wishes, *rows)
