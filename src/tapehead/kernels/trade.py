"""One call for all that a simulation needs of machine code: walk, moments, excursions.

Each call of a kernel from Python gives the GIL away and takes it back, which costs more than a short kernel when others
wait for it. So what always runs together is one call.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import moments as sums
from tapehead.kernels.jit import kernel, readonly
from tapehead.kernels.moments import excursions, moments
from tapehead.kernels.walk import BAR_FIELDS, MONEY_COLUMNS, REASON, SIGNAL, STILL_OPEN, walk

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


@kernel
def trade(
    price: F64,
    high: F64,
    low: F64,
    close: F64,
    ts: I64,
    interval_us: int,
    traded: U8 | None,
    step: I64,
    unit: int,
    enter: I32,
    leave: I32,
    start: int,
    lag: int,
    fee: float,
    slippage: float,
    size: float,
    cash: float,
    max_wait: int,
    on_conflict: int,
    ending: int,
    haircut: float,
    bars: I32,
    money: F64,
    out: F64,
    reach: F64,
) -> tuple[int, int, float]:
    """Fill rows (`bars`, `money`), moments (`out`) and excursions (`reach`); return what `walk` returns."""
    rows, seen, fees = walk(
        price,
        close,
        traded,
        step,
        unit,
        enter,
        leave,
        start,
        lag,
        fee,
        slippage,
        size,
        cash,
        max_wait,
        on_conflict,
        ending,
        haircut,
        bars,
        money,
    )
    at_open = lag == 1
    by_signal = rows == 0 or bars[rows - 1, REASON] == SIGNAL
    moments(close, ts, interval_us, start, cash, rows, bars, money, at_open, at_open, at_open and by_signal, out)
    excursions(high, low, rows - 1 if seen & STILL_OPEN else rows, bars, money, at_open, reach)
    return rows, seen, fees


def warm(values: Any) -> None:
    """Compile every kernel of this file, with and without untraded bars."""
    n = values.shape[0]
    ts, events = readonly(np.arange(n)), readonly(np.array([1, 5], np.int32))
    bars, money = np.empty((n, BAR_FIELDS), np.int32), np.empty((n, MONEY_COLUMNS))
    out, reach = np.empty(sums.MOMENTS), np.empty((n, 2))
    rules = (0, 1, 0.0, 0.0, 1.0, 1.0, -1, 0, 0, 0.0)
    for traded in (None, readonly(np.ones(n, np.uint8))):
        trade(values, values, values, values, ts, 1, traded, ts, 1, events, events, *rules, bars, money, out, reach)
