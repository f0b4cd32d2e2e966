"""One call for all that a simulation needs of machine code: walk, moments, excursions.

Each call of a kernel from Python gives the GIL away and takes it back, which costs more than a short kernel when others
wait for it. So what always runs together is one call.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import ACCOUNT, BAR, LEDGER, MARKS, MONEY, ORDER, TERMS, record
from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.moments import MOMENTS, excursions, moments, outcomes
from tapehead.kernels.walk import walk

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


@kernel
def trade(
    a: Any,
    r: Any,
    b: Any,
    more: Any,
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
    """Fill the rows of trades, ledger and orders, and the moments (`out`); arguments as for `walk`."""
    cash = a.cash
    walk(
        a,
        r,
        b,
        more,
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
    sum_up(a, r, cash, opens, high, low, close, ts, money, marks, ledger, out)


@kernel
def sum_up(
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
    """Fill moments (`out`) and excursions from the rows that a walk, or a strategy asked bar by bar, has written."""
    moments(close, ts, r.interval, r.first, cash, r.multiplier, ledger, a.rows, out)
    outcomes(money, a.trades, out)
    excursions(opens, high, low, close, a.trades, marks, money)


_UNKNOWN = "first_stop first_target first_trail stop target trail ceiling limit trigger last_weight other_price part"
_EMPTY = record(ACCOUNT, held_until=-1, **dict.fromkeys(_UNKNOWN.split(), np.nan))


def new_account(cash: float) -> Any:
    """Return the account at the start: cash, and nothing that is not known."""
    made = _EMPTY.copy()
    made["cash"] = cash
    return made


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    ts, events = readonly(np.arange(n)), readonly(np.array([1, 5], np.int32))
    flags, line = readonly(np.ones(n, np.uint8)), readonly(np.empty(0))
    lines, fees = readonly(np.empty((0, 0))), readonly(np.zeros((1, 6)))
    money, marks = np.empty((MONEY, n)), np.empty((MARKS, n), np.int32)
    terms = record(TERMS, n=n, interval=1, unit=1, at_open=1, max_wait=-1, all_traded=1, multiplier=1.0, sized=0.5)
    terms.leverage, terms.most, terms.fee_until = 1.0, np.inf, np.inf
    terms.stop_loss = terms.take_profit = terms.trail = terms.band = np.nan
    bars = (values, values, values, values, values, flags, readonly(np.empty(0, np.uint8)), ts, ts)
    wishes = (events, events, events, events, line, lines, fees)
    rows = (money, marks, np.empty((LEDGER, n)), np.empty((ORDER, 0)), np.empty(MOMENTS))
    trade(new_account(1.0), terms, record(BAR), terms, *bars, *wishes, *rows)
