"""The walk: from decision to fill to decision, touching no bar on which nothing is decided.

Market orders, long only (engine.md, sections 1, 2, 3 and 10). Arguments that are None are pruned when compiled: without
`traded` every bar fills. `lag` is 1 where orders fill at the next open, 0 where they fill at the close they were
decided at.
"""

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

NOTHING, ENTER, IGNORE = 0, 1, 2
OPEN_END, SELL_AT_END, DELIST = 0, 1, 2
TRADED = 1
SIGNAL, DELISTED, END = 0, 8, 10

ENTRY_PRICE, EXIT_PRICE, QUANTITY, FEES, PROFIT, REST, AFTER = 0, 1, 2, 3, 4, 5, 6
MONEY_COLUMNS = 7
ENTRY_BAR, EXIT_BAR, REASON, GAP = 0, 1, 2, 3
BAR_FIELDS = 4

UNFILLED, EXPIRED, ROUNDED, STILL_OPEN, UNTRADED_END = 1, 2, 4, 8, 16


@kernel
def next_traded(traded: U8 | None, t: int, n: int) -> int:
    """Return the first bar at or after t on which something traded, or n."""
    if traded is None:
        return t if t < n else n
    while t < n and not traded[t] & TRADED:
        t += 1
    return t if t < n else n


@kernel
def settle_entry(
    enter: I32, leave: I32, i: int, j: int, decision: int, last: int, on_conflict: int
) -> tuple[int, int, int]:
    """Let the decisions in (decision, last] replace or cancel a waiting entry; -1 when it is cancelled."""
    n_enter, n_leave = enter.shape[0], leave.shape[0]
    while j < n_leave and leave[j] <= decision:
        j += 1
    while True:
        t_enter = enter[i] if i < n_enter else last + 1
        t_leave = leave[j] if j < n_leave else last + 1
        if t_enter > last and t_leave > last:
            return i, j, decision
        if t_enter < t_leave:
            decision = t_enter
            i += 1
        elif t_leave < t_enter:
            decision = -1
            j += 1
        else:
            if on_conflict == ENTER:
                decision = t_enter
            elif on_conflict == NOTHING:
                decision = -1
            i += 1
            j += 1


@kernel
def next_entry(enter: I32, leave: I32, i: int, j: int, on_conflict: int) -> tuple[int, int, int]:
    """Return the next bar that decides to enter while flat with nothing waiting, or -1."""
    while i < enter.shape[0]:
        t = enter[i]
        i += 1
        while j < leave.shape[0] and leave[j] < t:
            j += 1
        if j == leave.shape[0] or leave[j] != t or on_conflict == ENTER:
            return i, j, t
    return i, j, -1


@kernel
def walk(
    price: F64,
    close: F64,
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
) -> tuple[int, int, float]:
    """Fill `bars` and `money`, a row a trade; return rows, what happened (bits) and fees paid.

    `price` is the open or the close of each bar, what orders fill at; `step`/`unit` counts calendar steps; `enter` and
    `leave` are rising bar numbers at or after `start`; `max_wait` -1 waits for ever. An open position is the last row,
    with `EXIT_BAR` n. Longer than 40 lines since flat and long share their pointers.
    """
    n = close.shape[0]
    i = 0
    j = 0
    row = 0
    seen = 0
    fees_paid = 0.0
    while True:
        i, j, decision = next_entry(enter, leave, i, j, on_conflict)
        if decision < 0:
            break
        fill = next_traded(traded, decision + lag, n)
        if fill > decision + lag:
            i, j, decision = settle_entry(enter, leave, i, j, decision, min(fill - lag, n - 1), on_conflict)
            if decision < 0:
                continue
        if fill == n:
            seen |= UNFILLED
            break
        gap = (step[fill] - step[decision]) // unit - lag
        if max_wait >= 0 and gap > max_wait:
            seen |= EXPIRED
            continue
        paid = price[fill] * (1.0 + slippage)
        quantity = size * cash / (paid * (1.0 + fee))
        if not 0.0 < quantity < np.inf:
            seen |= ROUNDED
            continue
        notional = quantity * paid
        fee_in = notional * fee
        rest = cash - (notional + fee_in)
        fees_paid += fee_in
        bars[row, ENTRY_BAR] = fill
        bars[row, EXIT_BAR] = n
        bars[row, REASON] = SIGNAL
        bars[row, GAP] = gap > 0
        money[row, ENTRY_PRICE] = paid
        money[row, QUANTITY] = quantity
        money[row, FEES] = fee_in
        money[row, REST] = rest
        row += 1

        first = fill + 1 - lag
        while j < leave.shape[0] and leave[j] < first:
            j += 1
        reason = SIGNAL
        if j < leave.shape[0]:
            decision = leave[j]
            fill = next_traded(traded, decision + lag, n)
            while j < leave.shape[0] and leave[j] <= fill - lag:
                decision = leave[j]
                j += 1
            if fill == n:
                seen |= UNFILLED
        else:
            fill = n
        if fill < n:
            bars[row - 1, GAP] |= (step[fill] - step[decision]) // unit - lag > 0
            got = price[fill] * (1.0 - slippage)
            fee_out = quantity * got * fee
        elif ending == DELIST:
            fill, reason = n - 1, DELISTED
            got = close[fill] * (1.0 - haircut)
            fee_out = 0.0
        elif ending == SELL_AT_END:
            fill, reason = n - 1, END
            if traded is not None and not traded[fill] & TRADED:
                seen |= UNTRADED_END
            got = close[fill] * (1.0 - slippage)
            fee_out = quantity * got * fee
        else:
            seen |= STILL_OPEN
            break
        cash = rest + (quantity * got - fee_out)
        fees_paid += fee_out
        bars[row - 1, EXIT_BAR] = fill
        bars[row - 1, REASON] = reason
        money[row - 1, EXIT_PRICE] = got
        money[row - 1, FEES] = fee_in + fee_out
        profit = quantity * (got - paid) - (fee_in + fee_out)
        if cash < 0.0:
            profit -= cash
            cash = 0.0
        money[row - 1, PROFIT] = profit
        money[row - 1, AFTER] = cash
        if reason != SIGNAL:
            break
        while i < enter.shape[0] and enter[i] < fill + 1 - lag:
            i += 1
    return row, seen, fees_paid
