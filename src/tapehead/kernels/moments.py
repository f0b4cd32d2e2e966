"""Moments: sums of returns, drawdown and time under water of an equity that only moves while a position is held.

Touches the bars of positions only: while flat, equity is constant and every return is 0. The sums run bar after bar in
one fixed order, so that every executor gives the same bits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel, readonly, short_kernel
from tapehead.kernels.walk import (
    AFTER,
    DELISTED,
    ENTRY_BAR,
    ENTRY_PRICE,
    EXIT_BAR,
    EXIT_PRICE,
    PROFIT,
    QUANTITY,
    REASON,
    REST,
    SIGNAL,
)

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

SUM, SQUARES, DOWNSIDE, DRAWDOWN, WET_BARS, WET_US, HELD, FINAL, WINS, WON, LOST = range(11)
MOMENTS = 11
PEAK, LOW, PEAK_BAR = 0, 1, 2


@kernel
def surface(state: F64, equity: float, t: int, ts: I64, start: int, interval_us: int, out: F64) -> None:
    """Take one equity mark into peak, low and the longest time under water."""
    if equity >= state[PEAK]:
        if t - state[PEAK_BAR] >= 2.0:
            emerge(state, t, ts, start, interval_us, out)
        if state[LOW] < state[PEAK]:
            out[DRAWDOWN] = min(out[DRAWDOWN], state[LOW] / state[PEAK] - 1.0)
        state[PEAK] = equity
        state[LOW] = equity
        state[PEAK_BAR] = t
    elif equity < state[LOW]:
        state[LOW] = equity


@kernel
def emerge(state: F64, t: int, ts: I64, start: int, interval_us: int, out: F64) -> None:
    """Count the time from the last peak to bar t; the peak before bar 0 stands at its open."""
    peak_bar = np.int64(state[PEAK_BAR])
    since = ts[peak_bar] + interval_us if peak_bar >= start else ts[start]
    out[WET_BARS] = max(out[WET_BARS], float(t - peak_bar))
    out[WET_US] = max(out[WET_US], float(ts[t] + interval_us - since))


@kernel
def moments(
    close: F64,
    ts: I64,
    interval_us: int,
    start: int,
    cash: float,
    rows: int,
    bars: I32,
    money: F64,
    enters_at_open: bool,
    exits_at_open: bool,
    last_exit_at_open: bool,
    out: F64,
) -> None:
    """Fill `out` (MOMENTS values) from the rows of the walk; `cash` is what there was before bar `start`."""
    n = close.shape[0]
    out[:] = 0.0
    state = np.empty(3)
    state[PEAK], state[LOW], state[PEAK_BAR] = cash, cash, start - 1
    total = squares = downside = 0.0
    for row in range(rows):
        entry, leave = bars[row, ENTRY_BAR], bars[row, EXIT_BAR]
        quantity, rest = money[row, QUANTITY], money[row, REST]
        if cash >= state[PEAK]:
            state[PEAK_BAR] = max(entry - 1, start - 1)
        before = cash
        peak, low = state[PEAK], state[LOW]
        for t in range(entry, leave):
            equity = rest + quantity * close[t]
            change = equity / before - 1.0
            before = equity
            total += change
            squares += change * change
            below = change - abs(change)
            downside += below * below
            if equity >= peak or equity < low:
                surface(state, equity, t, ts, start, interval_us, out)
                peak, low = state[PEAK], state[LOW]
        at_open = exits_at_open if row < rows - 1 else last_exit_at_open
        out[HELD] += min(leave + (0 if at_open else 1), n) - (entry + (0 if enters_at_open else 1))
        if leave == n:
            cash = before
            break
        cash = money[row, AFTER]
        change = cash / before - 1.0
        total += change
        squares += change * change
        below = change - abs(change)
        downside += below * below
        surface(state, cash, leave, ts, start, interval_us, out)
        profit = money[row, PROFIT]
        if profit > 0.0:
            out[WINS] += 1.0
            out[WON] += profit
        else:
            out[LOST] -= profit
    if cash < state[PEAK]:
        emerge(state, n - 1, ts, start, interval_us, out)
    out[DRAWDOWN] = min(out[DRAWDOWN], state[LOW] / state[PEAK] - 1.0)
    # `below` is twice a loss, exactly: no branch on a sign that no processor can guess.
    out[SUM], out[SQUARES], out[DOWNSIDE], out[FINAL] = total, squares, downside / 4.0, cash


@kernel
def excursions(high: F64, low: F64, rows: int, bars: I32, money: F64, enters_at_open: bool, out: F64) -> None:
    """Write the worst and the best price inside each holding, as fractions of the entry price."""
    for row in range(rows):
        leave = bars[row, EXIT_BAR]
        paid, got = money[row, ENTRY_PRICE], money[row, EXIT_PRICE]
        least, most = min(paid, got), max(paid, got)
        until = leave if enters_at_open and bars[row, REASON] == SIGNAL else leave + 1
        for t in range(bars[row, ENTRY_BAR] + (0 if enters_at_open else 1), until):
            least = min(least, low[t])
            most = max(most, high[t])
        out[row, 0] = least / paid - 1.0
        out[row, 1] = most / paid - 1.0


@short_kernel
def equity_at(
    close: F64,
    cash: float,
    fee: float,
    entries: I32,
    exits: I32,
    paid: F64,
    got: F64,
    quantities: F64,
    reasons: U8,
    points: I64,
    out: F64,
) -> None:
    """Write equity at the close of each bar of `points`, which rise, from trades in order; an open one exits at n.

    Cash is worked out anew by the walk's own expressions, so that the bits are the walk's.
    """
    row = 0
    rows = entries.shape[0]
    rest = 0.0
    for k in range(points.shape[0]):
        t = points[k]
        while row < rows and entries[row] <= t:
            notional = quantities[row] * paid[row]
            rest = cash - (notional + notional * fee)
            if exits[row] > t:
                break
            back = quantities[row] * got[row]
            cash = max(rest + (back - (0.0 if reasons[row] == DELISTED else back * fee)), 0.0)
            row += 1
        if row < rows and entries[row] <= t:
            out[k] = rest + quantities[row] * close[t]
        else:
            out[k] = cash


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    where, price = readonly(np.zeros(1, np.int32)), readonly(np.ones(1))
    reasons = readonly(np.zeros(1, np.uint8))
    equity_at(values, 1.0, 0.0, where, where, price, price, price, reasons, readonly(np.arange(n)), np.empty(n))
