"""Moments: sums of returns, drawdown and time under water, and equity itself, from the ledger of a walk.

A row of the ledger is a bar, the cash after it and the signed units after it; both hold until the next row. Touches the
bars of positions only: while flat, equity is constant and every return is 0.

Returns are taken a chunk at a time, each into the lane of its bar (`kernels/lanes.py`), and the lanes of a block are
added up in their order, so that every executor and every processor gives the same bits. Of a chunk whose highest close
makes no new peak only the lowest is looked at: while units stay the same, equity rises and falls with the close,
rounded as it is.
"""

from typing import Any, Final

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
    MARKS,
    MONEY,
    PROFIT,
    ROW_BAR,
    ROW_CASH,
    ROW_UNITS,
    SIDE,
    WORST,
)
from tapehead.kernels.jit import inlined, kernel, part, readonly, short_kernel
from tapehead.kernels.lanes import HIGHEST, LOWEST, SUMS, add_held, add_one
from tapehead.kernels.vectors import LANES

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

SUM, SQUARES, DOWNSIDE, DRAWDOWN, WET_BARS, WET_US, FINAL, WINS, WON, LOST = range(10)
MOMENTS = 10
PEAK, LOW, PEAK_BAR = range(3)
BLOCKS: Final = 16
"""Equal parts of the scored bars; block k holds those from k * n // BLOCKS up to the next."""
POWERS: Final = 4
"""Columns of a block: the sums of r, r^2, r^3, r^4."""
CHUNK: Final = 64
"""Bars at a time."""
ROOM: Final = SUMS * LANES + 5
"""Values of room: lanes, peak and low, extremes of a chunk."""
_STATE, _EXTREMES = SUMS * LANES, SUMS * LANES + 3
_ONE = np.uint64(1)
_ALL_IN = 1e-13
"""Share of a position that its cash may be where equity is said to change as the price does."""


@part
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


@part
def emerge(state: F64, t: int, ts: I64, start: int, interval_us: int, out: F64) -> None:
    """Count the time from the last peak to bar t; the peak before bar 0 stands at its open."""
    peak_bar = np.int64(state[PEAK_BAR])
    since = ts[peak_bar] + interval_us if peak_bar >= start else ts[start]
    out[WET_BARS] = max(out[WET_BARS], float(t - peak_bar))
    out[WET_US] = max(out[WET_US], float(ts[t] + interval_us - since))


@inlined
def changes(close: F64, at: int, count: int, cash: float, units: float, out: F64, place: int) -> None:
    """Write the returns of bars in which the same units are held, from bar `at` on, as they were in the bar before."""
    for j in range(count):
        k = np.uint64(j)
        t = np.uint64(at) + k
        out[np.uint64(place) + k] = (cash + units * close[t]) / (cash + units * close[t - _ONE]) - 1.0


@part
def _drain(lanes: F64, blocks: F64, block: int) -> float:
    """Put the sums of the lanes into a block, empty the lanes, and return the squares of losses."""
    losses = 0.0
    blocks[block] = 0.0
    for k in range(LANES):
        for power in range(POWERS):
            blocks[block, power] += lanes[power * LANES + k]
        losses += lanes[POWERS * LANES + k]
    lanes[:] = 0.0
    return losses


@part
def _mark_each(
    close: F64, at: int, until: int, cash: float, units: float, state: F64, ts: I64, start: int, every: int, out: F64
) -> None:
    """Take equity bar after bar into peak, low and the time under water."""
    peak, low = state[PEAK], state[LOW]
    for t in range(at, until):
        equity = cash + units * close[t]
        if equity >= peak or equity < low:
            surface(state, equity, t, ts, start, every, out)
            peak, low = state[PEAK], state[LOW]


@inlined
def _hold(
    close: F64,
    returns: F64,
    at: int,
    until: int,
    cash: float,
    units: float,
    state: F64,
    lanes: F64,
    found: F64,
    ts: I64,
    start: int,
    every: int,
    out: F64,
) -> None:
    """Take a chunk of bars in which the same units are held; the bar before it is one of them."""
    if abs(cash) <= _ALL_IN * (abs(units) * close[at]):
        add_held(close, returns, at, until, 0.0, 1.0, lanes, found)
    else:
        add_held(close, returns[:0], at, until, cash, units, lanes, found)
    lowest, highest = found[LOWEST], found[HIGHEST]
    top = cash + units * (highest if units > 0.0 else lowest)
    bottom = cash + units * (lowest if units > 0.0 else highest)
    if top >= state[PEAK]:
        _mark_each(close, at, until, cash, units, state, ts, start, every, out)
    elif bottom < state[LOW]:
        state[LOW] = bottom


@kernel
def moments(
    close: F64,
    ts: I64,
    every: int,
    start: int,
    cash: float,
    multiplier: float,
    ledger: F64,
    rows: int,
    returns: F64,
    room: F64,
    blocks: F64,
    out: F64,
) -> None:
    """Fill sums of returns in `out` (MOMENTS values) and by block in `blocks` (BLOCKS, POWERS), from the ledger.

    `cash` is what there was before `start`, `every` the interval in us. `returns`, shape (n_bars,) or (0,), are those
    of the price from close to close; `room` is for ROOM values.
    """
    n = close.shape[0]
    scored = n - start
    out[:MOMENTS] = 0.0
    blocks[:] = 0.0
    room[:] = 0.0
    lanes, state, found = room[:_STATE], room[_STATE:_EXTREMES], room[_EXTREMES:]
    state[PEAK], state[LOW], state[PEAK_BAR] = cash, cash, start - 1
    downside = 0.0
    before = cash
    at = int(start)
    block, edge = 0, start + scored // BLOCKS
    units = 0.0
    for row in range(rows + 1):
        until = np.int64(ledger[ROW_BAR, row]) if row < rows else n
        # While flat only the first bar can move equity; what follows is 0, exactly.
        stop = until if units != 0.0 else min(until, at + 1)
        first = at
        while at < stop:
            while at >= edge:
                downside += _drain(lanes, blocks, block)
                block += 1
                edge = start + (block + 1) * scored // BLOCKS
            if at == first:
                last = at + 1
                equity = cash + units * close[at]
                add_one(equity / before - 1.0, at, lanes)
                if equity >= state[PEAK] or equity < state[LOW]:
                    surface(state, equity, at, ts, start, every, out)
            else:
                last = min(at + CHUNK, stop, edge)
                _hold(close, returns, at, last, cash, units, state, lanes, found, ts, start, every, out)
            at = last
            before = cash + units * close[at - 1]
        if units == 0.0 and cash >= state[PEAK]:
            state[PEAK_BAR] = until - 1
        at = int(until)
        if row < rows:
            cash = ledger[ROW_CASH, row]
            units = ledger[ROW_UNITS, row] * multiplier
    downside += _drain(lanes, blocks, block)
    if before < state[PEAK]:
        emerge(state, n - 1, ts, start, every, out)
    out[DRAWDOWN] = min(out[DRAWDOWN], state[LOW] / state[PEAK] - 1.0)
    for k in range(BLOCKS):
        out[SUM] += blocks[k, 0]
        out[SQUARES] += blocks[k, 1]
    out[DOWNSIDE], out[FINAL] = downside, before


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
    times, ledger = readonly(np.arange(n)), np.ones((LEDGER, 1))
    equity_at(values, 1.0, 1.0, readonly(ledger), times, np.empty(n))
    blocks = np.empty((BLOCKS, POWERS))
    moments(values, times, 1, 0, 1.0, 1.0, ledger, 1, np.empty(0), np.empty(ROOM), blocks, np.empty(MOMENTS))
    excursions(values, values, values, values, 0, np.empty((MARKS, 1), np.int32), np.empty((MONEY, 1)))
