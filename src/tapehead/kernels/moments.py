"""Moments: sums of returns, drawdown and time under water, and equity itself, from the ledger of a walk.

A row of the ledger is a bar, the cash after it and the signed units after it; both hold until the next row. Touches the
bars of positions only: while flat, equity is constant and every return is 0. The sums run bar after bar in one fixed
order, so that every executor gives the same bits.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import (
    AT_CLOSE,
    AT_OPEN,
    BEST,
    ENTRY_BAR,
    ENTRY_PHASE,
    ENTRY_PRICE,
    EXIT_BAR,
    EXIT_PHASE,
    INSIDE,
    LEDGER,
    PROFIT,
    ROW_BAR,
    ROW_CASH,
    ROW_UNITS,
    SIDE,
    WORST,
)
from tapehead.kernels.jit import kernel, readonly, short_kernel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

SUM, SQUARES, DOWNSIDE, DRAWDOWN, WET_BARS, WET_US, FINAL, WINS, WON, LOST = range(10)
MOMENTS = 10
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
    close: F64, ts: I64, interval_us: int, start: int, cash: float, multiplier: float, ledger: F64, rows: int, out: F64
) -> None:
    """Fill the sums of returns in `out` (MOMENTS values) from the ledger; `cash` is what there was before `start`."""
    n = close.shape[0]
    out[:] = 0.0
    state = np.empty(3)
    state[PEAK], state[LOW], state[PEAK_BAR] = cash, cash, start - 1
    total = squares = downside = 0.0
    before = cash
    at = np.int64(start)
    units = 0.0
    for row in range(rows + 1):
        until = np.int64(ledger[ROW_BAR, row]) if row < rows else n
        peak, low = state[PEAK], state[LOW]
        # While flat only the first bar can move equity; what follows is 0, exactly.
        for t in range(at, until if units != 0.0 else min(until, at + 1)):
            equity = cash + units * close[t]
            change = equity / before - 1.0
            before = equity
            total += change
            squares += change * change
            below = change - abs(change)
            downside += below * below
            if equity >= peak or equity < low:
                surface(state, equity, t, ts, start, interval_us, out)
                peak, low = state[PEAK], state[LOW]
        if units == 0.0 and cash >= state[PEAK]:
            state[PEAK_BAR] = until - 1
        if row < rows:
            at = until
            cash = ledger[ROW_CASH, row]
            units = ledger[ROW_UNITS, row] * multiplier
    if before < state[PEAK]:
        emerge(state, n - 1, ts, start, interval_us, out)
    out[DRAWDOWN] = min(out[DRAWDOWN], state[LOW] / state[PEAK] - 1.0)
    # `below` is twice a loss, exactly: no branch on a sign that no processor can guess.
    out[SUM], out[SQUARES], out[DOWNSIDE], out[FINAL] = total, squares, downside / 4.0, before


@kernel
def outcomes(money: F64, rows: int, out: F64) -> None:
    """Add up what closed trades won and lost."""
    for row in range(rows):
        profit = money[PROFIT, row]
        if profit > 0.0:
            out[WINS] += 1.0
            out[WON] += profit
        else:
            out[LOST] -= profit


@kernel
def excursions(opens: F64, high: F64, low: F64, close: F64, rows: int, marks: I32, money: F64) -> None:
    """Turn the lowest and highest price of the fills, in WORST and BEST, into those of each holding (engine.md: R3)."""
    for row in range(rows):
        first, last = marks[ENTRY_BAR, row], marks[EXIT_BAR, row]
        began, ended = marks[ENTRY_PHASE, row], marks[EXIT_PHASE, row]
        least, most = money[WORST, row], money[BEST, row]
        if began == INSIDE and (first < last or ended == AT_CLOSE):
            least, most = min(least, close[first]), max(most, close[first])
        if ended == INSIDE and (first < last or began == AT_OPEN):
            least, most = min(least, opens[last]), max(most, opens[last])
        for t in range(first if began == AT_OPEN else first + 1, last + 1 if ended == AT_CLOSE else last):
            least = min(least, low[t])
            most = max(most, high[t])
        paid = money[ENTRY_PRICE, row]
        if marks[SIDE, row] > 0:
            money[WORST, row], money[BEST, row] = least / paid - 1.0, most / paid - 1.0
        else:
            money[WORST, row], money[BEST, row] = 1.0 - most / paid, 1.0 - least / paid


@short_kernel
def equity_at(close: F64, cash: float, multiplier: float, ledger: F64, points: I64, out: F64) -> None:
    """Write equity at the close of each bar of `points`, which rise; bars are counted as the ledger counts them."""
    row = 0
    rows = ledger.shape[1]
    units = 0.0
    for k in range(points.shape[0]):
        t = points[k]
        while row < rows and ledger[ROW_BAR, row] <= t:
            cash = ledger[ROW_CASH, row]
            units = ledger[ROW_UNITS, row] * multiplier
            row += 1
        out[k] = cash + units * close[t]


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    n = values.shape[0]
    equity_at(values, 1.0, 1.0, readonly(np.ones((LEDGER, 1))), readonly(np.arange(n)), np.empty(n))
