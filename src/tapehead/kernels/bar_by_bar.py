"""Bar by bar: a strategy's own function is asked at every close, between the steps of `kernels/bar.py`.

What `on_bar` is given are tuples, so that one function means the same in machine code and in Python: `bar` shows every
column as far as itself, `position` what is held after the fills of the bar, and `orders` takes one order a bar. The
driver cannot be kept on disk, since each strategy is compiled into its own.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numba import typeof
from numba.core import types
from numba.core.errors import NumbaError
from numba.extending import overload_method
from numpy.typing import NDArray

from tapehead.kernels.account import (
    CANCELLED,
    LEDGER,
    LINE_LIMIT,
    LINE_PART,
    LINE_SIZE,
    LINE_STOP,
    LINE_STOP_AT,
    LINE_TARGET_AT,
    LINE_TRAIL_AT,
    LINES,
    MARKS,
    MONEY,
    ORDER,
    Records,
)
from tapehead.kernels.bar import after_decision, before_decision, open_and_inside
from tapehead.kernels.decisions import decide, decide_weight
from tapehead.kernels.jit import kernel, readonly, uncached
from tapehead.kernels.orders import end_entry
from tapehead.kernels.trade import new_accounts, new_bar, some_terms
from tapehead.kernels.walk import load_bar

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

NONE, BUY, SELL, CLOSE, TARGET, CANCEL = 0, 1, 2, 3, 4, 5
"""What an order of a strategy asks for."""
KIND, TAG, VALID, STOP_LOSS, TAKE_PROFIT, TRAIL, WEIGHT = 0, 1, 2, 3, 4, 5, 6
SAID: Final = 7
"""Rows of what a strategy said, shape (SAID, n_bars); beside them the lines of `kernels/account.py`."""
_LINES_FROM: Final = SAID
SLOTS: Final = SAID + 7
"""Length of the slot that one order is put into: what is said, then the lines."""
PLACES: Final = 10
"""Fields of a position."""
COLUMNS: Final = ("index", "ts", "open", "high", "low", "close", "volume")

_NAN = np.nan


@kernel
def put(
    slot: F64,
    kind: int,
    size: float,
    limit: float,
    stop: float,
    stop_loss: float,
    take_profit: float,
    trail: float,
    stop_loss_at: float,
    take_profit_at: float,
    trail_at: float,
    valid: int,
    tag: int,
) -> None:
    """Put an order to enter into the slot, in place of what lies there."""
    slot[:] = _NAN
    slot[KIND], slot[TAG], slot[VALID] = kind, tag, valid
    slot[STOP_LOSS], slot[TAKE_PROFIT], slot[TRAIL] = stop_loss, take_profit, trail
    slot[_LINES_FROM + LINE_SIZE], slot[_LINES_FROM + LINE_LIMIT] = size, limit
    slot[_LINES_FROM + LINE_STOP], slot[_LINES_FROM + LINE_STOP_AT] = stop, stop_loss_at
    slot[_LINES_FROM + LINE_TARGET_AT], slot[_LINES_FROM + LINE_TRAIL_AT] = take_profit_at, trail_at


@kernel
def put_close(slot: F64, kind: int, part: float, weight: float, tag: int) -> None:
    """Put an order to leave, to a weight, or a cancel into the slot, in place of what lies there."""
    slot[:] = _NAN
    slot[KIND], slot[TAG], slot[WEIGHT] = kind, tag, weight
    slot[_LINES_FROM + LINE_PART] = part


class BarOrders(NamedTuple):
    """Takes the order of a bar; a second one replaces the first. Prices and rates as in a run's settings.

    `valid` is in bars, 0 the run's own; NaN leaves what the run says; `tag` is a number the trade carries.
    """

    slot: F64

    def buy(
        self,
        size: float = _NAN,
        limit: float = _NAN,
        stop: float = _NAN,
        stop_loss: float = _NAN,
        take_profit: float = _NAN,
        trail: float = _NAN,
        stop_loss_at: float = _NAN,
        take_profit_at: float = _NAN,
        trail_at: float = _NAN,
        valid: int = 0,
        tag: int = 0,
    ) -> None:
        """Enter long."""
        levels = (stop_loss, take_profit, trail, stop_loss_at, take_profit_at, trail_at)
        put(self.slot, BUY, size, limit, stop, *levels, valid, tag)

    def sell(
        self,
        size: float = _NAN,
        limit: float = _NAN,
        stop: float = _NAN,
        stop_loss: float = _NAN,
        take_profit: float = _NAN,
        trail: float = _NAN,
        stop_loss_at: float = _NAN,
        take_profit_at: float = _NAN,
        trail_at: float = _NAN,
        valid: int = 0,
        tag: int = 0,
    ) -> None:
        """Enter short."""
        levels = (stop_loss, take_profit, trail, stop_loss_at, take_profit_at, trail_at)
        put(self.slot, SELL, size, limit, stop, *levels, valid, tag)

    def close(self, part: float = _NAN, tag: int = 0) -> None:
        """Leave the position, or a share of it; while flat, cancel what waits."""
        put_close(self.slot, CLOSE, part, _NAN, tag)

    def target(self, weight: float, tag: int = 0) -> None:
        """Hold a signed share of equity."""
        put_close(self.slot, TARGET, _NAN, weight, tag)

    def cancel(self) -> None:
        """Cancel an entry that waits."""
        put_close(self.slot, CANCEL, _NAN, _NAN, 0)


class BarPosition(NamedTuple):
    """What is held after the fills of a bar: `side` 1, -1 or 0; `units`, average `price`; `bars` since the entry bar.

    `profit` is that of the open position before its exit's costs; levels are NaN where there are none.
    """

    side: int
    units: float
    price: float
    bars: int
    cash: float
    equity: float
    profit: float
    stop: float
    take_profit: float
    trail: float


def _compiled_orders() -> None:
    """Give the tuple its methods in machine code."""

    def entering(kind: int) -> Callable[..., Any]:
        def method(
            self: Any,
            size: Any = _NAN,
            limit: Any = _NAN,
            stop: Any = _NAN,
            stop_loss: Any = _NAN,
            take_profit: Any = _NAN,
            trail: Any = _NAN,
            stop_loss_at: Any = _NAN,
            take_profit_at: Any = _NAN,
            trail_at: Any = _NAN,
            valid: Any = 0,
            tag: Any = 0,
        ) -> Any:
            if self.instance_class is not BarOrders:
                return None

            def enter(
                self: Any,
                size: Any = _NAN,
                limit: Any = _NAN,
                stop: Any = _NAN,
                stop_loss: Any = _NAN,
                take_profit: Any = _NAN,
                trail: Any = _NAN,
                stop_loss_at: Any = _NAN,
                take_profit_at: Any = _NAN,
                trail_at: Any = _NAN,
                valid: Any = 0,
                tag: Any = 0,
            ) -> None:
                put(
                    self.slot, kind, size, limit, stop, stop_loss, take_profit, trail,
                    stop_loss_at, take_profit_at, trail_at, valid, tag,
                )  # fmt: skip

            return enter

        return method

    def closing(self: Any, part: Any = _NAN, tag: Any = 0) -> Any:
        def leave(self: Any, part: Any = _NAN, tag: Any = 0) -> None:
            put_close(self.slot, CLOSE, part, _NAN, tag)

        return leave if self.instance_class is BarOrders else None

    def weighing(self: Any, weight: Any, tag: Any = 0) -> Any:
        def weigh(self: Any, weight: Any, tag: Any = 0) -> None:
            put_close(self.slot, TARGET, _NAN, weight, tag)

        return weigh if self.instance_class is BarOrders else None

    def cancelling(self: Any) -> Any:
        def cancel(self: Any) -> None:
            put_close(self.slot, CANCEL, _NAN, _NAN, 0)

        return cancel if self.instance_class is BarOrders else None

    methods = {"buy": entering(BUY), "sell": entering(SELL), "close": closing, "target": weighing, "cancel": cancelling}
    for name, method in methods.items():
        overload: Any = overload_method(types.NamedUniTuple, name)
        overload(method)


_compiled_orders()


@kernel
def write_position(a: Any, r: Any, b: Any, place: F64) -> None:
    """Write the fields of `BarPosition`."""
    place[:] = _NAN
    place[0], place[1], place[3], place[6] = 0.0, 0.0, 0.0, 0.0
    place[4], place[5] = a.cash, a.cash
    if a.units != 0.0:
        place[0], place[1], place[2], place[3] = a.side, a.units, a.average, b.t - a.entry_bar
        place[5] = a.cash + a.side * (a.units * b.close * r.multiplier)
        place[6] = a.gross + a.side * (a.units * (b.close - a.average)) * r.multiplier - a.fees - a.borrow
        place[7], place[8], place[9] = a.stop, a.target, a.trail


@kernel
def to_close(
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
    fees: F64,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    t: int,
    slot: F64,
    place: F64,
) -> bool:
    """Take bar t to the moment at which the strategy is asked; say whether it is."""
    a, r, b = accounts[0], rules[0], bars[0]
    load_bar(r, b, opens, high, low, close, volume, flags, says, ts, step, t)
    open_and_inside(a, r, b, fees, money, marks, ledger, orders)
    before_decision(a, r, b, fees, ledger, orders)
    slot[:] = _NAN
    slot[KIND] = NONE
    write_position(a, r, b, place)
    return bool(a.over == 0)


@kernel
def obey(a: Any, r: Any, b: Any, slot: F64, base: F64, orders: F64, lines: F64, said: F64, valid_bars: int) -> None:
    """Turn what the strategy said at a close into an order; `base` holds the run's own fractions."""
    t, kind = b.t, slot[KIND]
    if kind == NONE:
        return
    said[:, t] = slot[:SAID]
    lines[:, t] = slot[_LINES_FROM:]
    if kind == CANCEL or (kind == CLOSE and a.units == 0.0):
        a.last_weight = np.nan
        end_entry(a, orders, CANCELLED, t)
        return
    # What the order that waits was given stays with it where this one comes to nothing.
    waiting = (r.stop_loss, r.take_profit, r.trail, r.valid_bars)
    if kind == TARGET:
        weight = slot[WEIGHT]
        if (weight > 0.0 and r.longs == 0) or (weight < 0.0 and r.shorts == 0):
            weight = 0.0
        if a.units == 0.0 or weight * a.side < 0.0:
            r.stop_loss, r.take_profit, r.trail = base[0], base[1], base[2]
        decide_weight(a, r, b, orders, lines, weight)
    else:
        if kind != CLOSE:
            r.stop_loss = slot[STOP_LOSS] if slot[STOP_LOSS] == slot[STOP_LOSS] else base[0]
            r.take_profit = slot[TAKE_PROFIT] if slot[TAKE_PROFIT] == slot[TAKE_PROFIT] else base[1]
            r.trail = slot[TRAIL] if slot[TRAIL] == slot[TRAIL] else base[2]
            r.valid_bars = np.int64(slot[VALID]) if slot[VALID] > 0.0 else valid_bars
        buys, sells, closes = kind == BUY and r.longs != 0, kind == SELL and r.shorts != 0, kind == CLOSE
        decide(a, r, b, orders, lines, buys, closes, sells, closes)
        if a.ordered != 0:
            a.last_weight = np.nan
    if a.ordered == 0:
        r.stop_loss, r.take_profit, r.trail, r.valid_bars = waiting


@kernel
def from_close(
    accounts: Records,
    rules: Records,
    bars: Records,
    slot: F64,
    base: F64,
    lines: F64,
    said: F64,
    valid_bars: int,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
) -> bool:
    """Take the bar from what the strategy said to its end; say whether anything may come after it."""
    a, r, b = accounts[0], rules[0], bars[0]
    if a.over == 0:
        obey(a, r, b, slot, base, orders, lines, said, valid_bars)
    after_decision(a, r, b, money, marks, ledger, orders)
    return bool(a.over == 0)


@uncached
def drive(
    on_bar: Any,
    show: Any,
    me: Any,
    accounts: Records,
    rules: Records,
    bars: Records,
    first: int,
    base: F64,
    valid_bars: int,
    opens: F64,
    high: F64,
    low: F64,
    close: F64,
    volume: F64,
    flags: U8,
    says: U8,
    ts: I64,
    step: I64,
    shown: F64,
    lines: F64,
    said: F64,
    fees: F64,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
) -> None:
    """Step over every bar from `first` on and ask at each close; arguments as for `walk`, with everything.

    `shown` holds the strategy's own lines, shape (n_lines, n_bars); `lines` (LINES, n_bars) and `said` are written;
    `base` and `valid_bars` are the run's own stop, target, trail and bars a resting entry may wait.
    """
    slot, place = np.empty(SLOTS), np.empty(PLACES)
    for t in range(first, close.shape[0]):
        if to_close(
            accounts, rules, bars, opens, high, low, close, volume, flags, says, ts, step,
            fees, money, marks, ledger, orders, t, slot, place,
        ):  # fmt: skip
            position = BarPosition(
                int(place[0]), place[1], place[2], int(place[3]), place[4],
                place[5], place[6], place[7], place[8], place[9],
            )  # fmt: skip
            on_bar(me, show(t, ts, opens, high, low, close, volume, shown), position, BarOrders(slot))
        if not from_close(accounts, rules, bars, slot, base, lines, said, valid_bars, money, marks, ledger, orders):
            break


def shower(bar: Any, names: Sequence[str], *, compiled: bool) -> Any:
    """Return a function that shows bar t: every column and line as far as itself.

    Its source is written here, since a tuple in machine code has as many fields as its source says.
    """
    past = [f"{name}[: t + 1]" for name in ("ts", "opens", "high", "low", "close", "volume")]
    past += [f"shown[{place}, : t + 1]" for place in range(len(names))]
    head = "def show(t, ts, opens, high, low, close, volume, shown):"
    room: dict[str, Any] = {"Bar": bar}
    exec(f"{head}\n    return Bar(t, {', '.join(past)})", room)  # noqa: S102 - of numbers and names of ours alone
    return uncached(room["show"]) if compiled else room["show"]


def compiled_strategy(on_bar: Callable[..., Any]) -> Any:
    """Return a strategy's function for Numba to compile; indices are checked, as Python checks them."""
    return uncached(on_bar, boundscheck=True)


def python_drive() -> Any:
    """Return the driver as plain Python: the same lines, with the steps in machine code."""
    return getattr(drive, "py_func", drive)


def compile_drive(*arguments: Any) -> str:
    """Compile the driver for arguments; return why it cannot be, or nothing."""
    if not hasattr(drive, "py_func"):
        return "machine code is switched off"
    made: Any = drive
    kind_of: Any = typeof
    try:
        made.compile(tuple(kind_of(one) for one in arguments))
    except NumbaError as error:
        return _reason(str(error))
    return ""


def _reason(text: str) -> str:
    """Return the line of Numba's message that says what it cannot do."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Failed in", "During:", "File ", "<source", "raised from"))]
    return (told or lines or ["no reason given"])[0].rstrip(".")


def warm(values: Any) -> None:
    """Compile the steps between which a strategy is asked; the driver is compiled with each strategy."""
    n = values.shape[0]
    a, terms, b, ts = new_accounts(1.0), some_terms(n), new_bar(), readonly(np.arange(n))
    bars = (values, values, values, values, values, readonly(np.ones(n, np.uint8)), readonly(np.empty(0, np.uint8)))
    money, marks = np.empty((MONEY, n)), np.empty((MARKS, n), np.int32)
    rows = (money, marks, np.empty((LEDGER, n)), np.empty((ORDER, 0)))
    slot, said, lines = np.empty(SLOTS), np.empty((SAID, n)), np.empty((LINES, n))
    to_close(a, terms, b, *bars, ts, ts, readonly(np.zeros((1, 6))), *rows, 0, slot, np.empty(PLACES))
    from_close(a, terms, b, slot, np.full(3, np.nan), lines, said, 0, *rows)
