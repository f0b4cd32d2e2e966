"""What a walk keeps: the terms it trades by, the account it moves, the bar it stands on, and the rows it writes.

A record (one element of a structured array) goes from function to function as a pointer, without copies; in plain
Python it is a `numpy.record`. Its fields bear no name that NumPy's own attributes have. Python hands it over as an
array of one.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Records = NDArray[Any]
"""A structured array of one record."""


def numbers(count: int) -> list[Any]:
    """Return 0, 1, ... as NumPy's own integers: for each of Python's, Numba compiles what it is handed to once more."""
    return list(np.arange(count))


NOTHING, ENTER, IGNORE = 0, 1, 2
"""What enter and leave on one bar mean while flat."""
OPEN_END, SELL_AT_END, DELIST = 0, 1, 2
"""How the last bar ends what is held."""
PESSIMISTIC, OPTIMISTIC, OHLC = 0, 1, 2
FRACTION, CASH, UNITS, RISK = 0, 1, 2, 3
OF_PRICE, SPREAD, VOLUME = 0, 1, 2
AT_OPEN, INSIDE, AT_CLOSE = numbers(3)
"""The phase of a bar in which something filled."""
TAKER, MAKER, FREE = numbers(3)
"""What a fill is charged as."""
TRADED = 1
BARRED, LATE, SESSION_END, LATER_DAY = 1, 2, 4, 8
"""What the session says of a bar: nothing may be entered at its close; its close is the last before the square-off;
its close is the last of the session; it is the first of its day."""

SIGNAL, STOP, TARGET, TRAIL, TIME, FLIP, SQUARE_OFF, EXPIRY, DELISTED, LIQUIDATION, END = numbers(11)
"""Reasons, numbered as `layout.columns.REASONS`."""
FILLED, ROUNDED, BELOW_MINIMUM, LEVEL_BEHIND, EXPIRED_IN_GAP, EXPIRED = 0, 1, 2, 3, 4, 5
CANCELLED, REPLACED, UNFILLED, NO_STOP, RUINED, NO_CASH, NO_PLACE = 6, 7, 8, 9, 10, 11, 12
"""What became of an order, numbered as `layout.columns.ORDER_STATUSES`; bit n of `seen` says that n came to be."""
STILL_OPEN, UNTRADED_END, SHORT_OF_CASH, BEYOND_BAR, LIQUIDATED, ACROSS_GAP = 13, 14, 15, 16, 17, 18
"""Further bits of `seen`."""

ENTRY_PRICE, EXIT_PRICE, QUANTITY, FEES, PROFIT, WORST, BEST, ENTRY_WANTED, EXIT_WANTED = range(9)
SLIPPAGE, BORROW, SHORTFALL, STOP_AT, TARGET_AT, TRAIL_AT, OTHER_PRICE = range(9, 16)
MONEY: Final = 16
"""Rows of the float columns of trades, shape (MONEY, n_trades)."""
SIDE, ENTRY_BAR, EXIT_BAR, REASON, AMBIGUOUS, GAP, DECISION_BAR, FILLS, ENTRY_PHASE, EXIT_PHASE = range(10)
MARKS: Final = 10
"""Rows of the integer columns of trades, shape (MARKS, n_trades). Bars are counted from the first bar read."""
ROW_BAR, ROW_CASH, ROW_UNITS = 0, 1, 2
LEDGER: Final = 3
"""Rows of the ledger, shape (LEDGER, n_rows)."""
ORDER_DECIDED, ORDER_BAR, ORDER_SIDE, ORDER_OPENS, ORDER_REASON, ORDER_STATUS = range(6)
ORDER_QUANTITY, ORDER_WANTED, ORDER_PRICE, ORDER_FEE, ORDER_MAKER, ORDER_TRADE = range(6, 12)
ORDER: Final = 12
"""Rows of the columns of orders, shape (ORDER, n_orders)."""
LINE_SIZE, LINE_PART, LINE_LIMIT, LINE_STOP, LINE_STOP_AT, LINE_TARGET_AT, LINE_TRAIL_AT = range(7)
LINES: Final = 7
"""Rows of the lines beside the wishes, shape (LINES, n_bars), or (0, 0) where there are none."""


def fields(whole: str, floats: str) -> Any:
    """Return a structured dtype of int64 and float64 fields."""
    fields = [(name, "i8") for name in whole.split()] + [(name, "f8") for name in floats.split()]
    return np.dtype((np.record, fields))


TERMS: Final = fields(
    "n first interval unit at_open longs shorts flips conflict max_wait ending sizing slipping path valid_bars day"
    " pyramid overnight time_stop all_traded fee_row each_bar bounded weighted leveled carries plain"
    " orderly regular brief",
    "taker maker fixed least most fee_until slippage sized haircut leverage maintenance lot tick minimum multiplier"
    " stop_loss take_profit trail reach band borrow cash_rate",
)
"""Settings of one walk. `n` bars, the first to decide on is `first`; row `fee_row` of the schedule is in force until
`fee_until` (us); unused: NaN for exits and `band`, 0 for `time_stop` and `valid_bars`, -1 for `max_wait`. `leveled`:
rules or orders may give levels; `carries`: borrow or interest accrues; `each_bar`: no bar may be skipped; `plain`: the
walk of `kernels/plain.py` will do; `orderly`: no open lies outside its bar; `regular`: no two bars have a gap between
them; `brief`: of trades only what digest and sums are made of is asked for."""

ACCOUNT: Final = fields(
    "side entry_bar entry_phase decided entries exits gap ambiguous held held_until entered_in"
    " leaving leave_reason leave_row entering enter_row weighing weigh_row want_bar want_step ordered"
    " at_enter at_leave at_enter_short at_leave_short held_back seen trades rows orders over fellows",
    "cash units average fees slippage borrow gross bought sold value_in value_out raw_in raw_out lowest highest"
    " stop target trail width best own_stop own_target first_stop first_target first_trail ceiling trail_before"
    " best_before other_price"
    " part limit trigger sized weight stop_at target_at trail_at want_volume last_weight"
    " fees_paid slippage_paid borrow_paid interest worth_beside gross_beside locked cash_held fees_held",
)
"""What changes: cash, the position (`units` never negative), its levels, and what waits.

`leaving` 1: a market exit waits; `entering` its side: an entry waits, resting where `limit` or `trigger` is a number;
`weighing` its side: an order to `weight`. `want_bar` is when they were decided. `seen` collects bits.

Of a cash that several share: `fellows` other positions are held, of `worth_beside` together and `gross_beside` without
their signs; `locked` is cash that buys nothing yet. All are 0 in an account of one. `cash_held` and `fees_held` are
cash and charges as they were before an exit of this step.
"""

BAR: Final = fields("t ts step traded says hole", "open high low close volume volume_before close_before")
"""The bar of a step: number, time (us), grid step, whether it traded, what its session says, and the time between the
end of the bar before and its open (us)."""


def record(dtype: Any, **values: Any) -> Records:
    """Return an array of one record of a dtype, 0 where no value is given."""
    made = np.zeros(1, dtype)
    for name, value in values.items():
        made[name] = value
    return made


def from_bytes(dtype: Any, content: bytes, count: int = 1) -> Records:
    """Return an array of records of that content; NumPy copies a record field by field, a hundred times slower."""
    return np.ndarray(count, dtype, bytearray(content * count))
