"""One call for all that a simulation needs of machine code: crossings, walk, moments, excursions; for one set or many.

Each call of a kernel from Python gives the GIL away and takes it back, which costs more than a short kernel when others
wait for it. So what always runs together is one call, and so are the sets of a sweep: their crossings are found for a
stretch of bars after another, while the lines lie in the processor's cache, and kept as bits; then one set after the
other walks, in room that they share.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import ACCOUNT, BAR, LEDGER, MARKS, MONEY, ORDER, TERMS, Records, from_bytes, record
from tapehead.kernels.addresses import address_of, floats_at, ints_at
from tapehead.kernels.crossings import level_line, mark_crossings, write_bars
from tapehead.kernels.jit import kernel, part, readonly
from tapehead.kernels.lanes import WORD
from tapehead.kernels.moments import BLOCKS, MOMENTS, POWERS, ROOM, changes, excursions, moments, outcomes
from tapehead.kernels.plain import walk_plain
from tapehead.kernels.walk import walk

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]


TRADES, ROWS, ORDERS, HELD, SEEN, FEES_PAID, SLIPPAGE_PAID, BORROW_PAID, INTEREST = range(MOMENTS, MOMENTS + 9)
SIDE, UNITS, AVERAGE, FEES, BORROW, GROSS, STOP, TARGET, TRAIL, ENTERED, DECIDED, PHASE, GAP = range(
    MOMENTS + 9, MOMENTS + 22
)
IGNORED, ACROSS, LAST_REASON = range(MOMENTS + 22, MOMENTS + 25)
TOLD = MOMENTS + 25
"""What is told of a walk, behind the moments: rows written, bars held, bits seen, money paid, the position; whether
wishes of a side that is not traded were ignored, whether a trade lies across a gap, why the last one ended (NaN: none
did)."""
WISHES: Final = 4
"""To enter, to leave, to enter short, to leave short."""
NO_COUNT: Final = -1
"""Stands for the number of bars where a wish is a crossing."""
STRETCH: Final = 16
"""Words of bars whose crossings are found for every comparison before the next ones."""
DECISION_BYTES: Final = 50
"""Bytes of a trade in the columns that a digest counts."""


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
    pairs: I64,
    levels: F64,
    wishes: I64,
    target: F64,
    lines: F64,
    fees: F64,
    crossed: U64,
    events: I32,
    money: F64,
    marks: I32,
    ledger: F64,
    orders: F64,
    returns: F64,
    packed: U8,
    ends: I64,
    blocks: F64,
    out: F64,
    whole: bool,
) -> int:
    """Walk set after set; return how many were walked, fewer than all where `packed` is full.

    Parameters
    ----------
    accounts, rules, bars
        An account and rules a set; records come as arrays, since one by itself is opened at a microsecond a field.
    pairs, levels : int64 array, shape (n_comparisons, 2); float64 array, shape (n_comparisons,)
        Addresses of two lines, as long as the bars; where the second is 0, the first meets the level.
    wishes : int64 array, shape (n_sets, WISHES, 2)
        The address of rising bars and their number; or twice the place of a comparison, plus 1 if down, and NO_COUNT.
    crossed, events : uint64 array, shape (2 * n_comparisons, words); int32 array, shape (WISHES, n_bars // 2 + 1)
        Room for crossings.
    money, marks, ledger, orders, lines, target, fees, returns
        As for `walk`, each set writing over the one before; room for returns of the price, (n_bars,), or (0,) for none.
    packed, ends : uint8 array; int64 array, shape (n_sets,)
        The columns that a digest counts, set after set, and where each ends; packed of length 0 takes none.
    blocks, out : float64 arrays, (n_sets, BLOCKS, POWERS) and (n_sets, TOLD); `whole` also fills excursions of trades
    """
    if pairs.shape[0] != 0:
        carried, level = np.zeros((pairs.shape[0], 2), np.uint64), np.empty(WORD)
        _cross_all(close.shape[0], pairs, levels, carried, level, crossed)
    if returns.shape[0] != 0:
        changes(close, 1, close.shape[0] - 1, 0.0, 1.0, returns, 1)
    b, nothing, room, used = bars[0], ints_at(0, 0), np.empty(ROOM), 0
    many = accounts.shape[0] > 1
    orderly = many and rules[0].leveled != 0 and _is_orderly(opens, high, low)
    regular = many and _is_regular(step, rules[0].unit)
    money_bytes, marks_bytes = money.view(np.uint8), marks.view(np.uint8)
    for k in range(accounts.shape[0]):
        a, r = accounts[k], rules[k]
        first, cash = r.first, a.cash
        r.orderly, r.regular, r.brief = orderly, regular, not whole
        enter = _bars_wished(wishes[k, 0], first, crossed, events[0])
        leave = _bars_wished(wishes[k, 1], first, crossed, events[1])
        enter_short = _bars_wished(wishes[k, 2], first, crossed, events[2])
        leave_short = _bars_wished(wishes[k, 3], first, crossed, events[3])
        ignored = False
        if r.longs == 0 and r.weighted == 0:
            ignored |= enter.shape[0] + leave.shape[0] != 0
            enter = leave = nothing
        if r.shorts == 0 and r.weighted == 0:
            ignored |= enter_short.shape[0] + leave_short.shape[0] != 0
            enter_short = leave_short = nothing
        if packed.shape[0] < used + DECISION_BYTES * (enter.shape[0] + enter_short.shape[0]) and packed.shape[0] != 0:
            return k
        if r.plain != 0 and orders.shape[1] == 0:
            walk_plain(
                a,
                r,
                b,
                opens,
                high,
                low,
                close,
                step,
                enter,
                leave,
                enter_short,
                leave_short,
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
        if whole:
            excursions(opens, high, low, close, a.trades, marks, money)
        _tell(a, r, cash, close, ts, money, marks, ledger, returns, room, blocks[k], out[k])
        out[k, IGNORED] = ignored
        if packed.shape[0] != 0:
            used = _pack(money_bytes, marks, marks_bytes, a.trades, first, packed, used)
        ends[k] = used
    walked: int = accounts.shape[0]
    return walked


@part
def _is_orderly(opens: F64, high: F64, low: F64) -> bool:
    """Say whether each bar's open lies between its low and its high, so that no level is reached by an open alone."""
    outside = 0
    for t in range(opens.shape[0]):
        outside |= int(opens[t] > high[t]) | int(opens[t] < low[t])
    return outside == 0


@part
def _is_regular(step: I64, unit: int) -> bool:
    """Say whether each bar is one grid step after the one before."""
    apart = 0
    for t in range(1, step.shape[0]):
        apart |= (step[t] - step[t - 1]) ^ unit
    return apart == 0


@part
def _cross_all(n: int, pairs: I64, levels: F64, carried: U64, level: F64, crossed: U64) -> None:
    """Mark the bars of every crossing, a stretch of bars after another."""
    for began in range(0, crossed.shape[1], STRETCH):
        until = min(began + STRETCH, crossed.shape[1])
        for c in range(pairs.shape[0]):
            line, other = floats_at(pairs[c, 0], n), level
            if pairs[c, 1] != 0:
                other = floats_at(pairs[c, 1], n)
            else:
                level_line(levels[c], level)
            step = int(pairs[c, 1] != 0)
            mark_crossings(line, other, step, began, until, carried[c], crossed[2 * c], crossed[2 * c + 1])


@kernel
def _bars_wished(wish: I64, first: int, crossed: U64, room: I32) -> I32:
    """Return the bars of a wish: those at an address, or of a crossing from bar `first` on, written into `room`."""
    bars: I32 = room
    if wish[1] != NO_COUNT:
        bars = ints_at(wish[0], wish[1])
    else:
        bars = room[: write_bars(crossed[wish[0]], first, room)]
    return bars


@part
def _pack(money: U8, marks: I32, marked: U8, trades: int, first: int, packed: U8, at: int) -> int:
    """Write the columns that a digest counts, as their bytes, bars counted from `first`; return where they end."""
    for k in range(trades):
        marks[names.ENTRY_BAR, k] -= first
        marks[names.EXIT_BAR, k] -= first
        packed[at + k] = marks[names.SIDE, k] & 255
    at += trades
    at = _copy(marked, names.ENTRY_BAR, 4 * trades, packed, at)
    at = _copy(marked, names.EXIT_BAR, 4 * trades, packed, at)
    at = _copy(money, names.ENTRY_PRICE, 8 * trades, packed, at)
    at = _copy(money, names.EXIT_PRICE, 8 * trades, packed, at)
    at = _copy(money, names.QUANTITY, 8 * trades, packed, at)
    at = _copy(money, names.FEES, 8 * trades, packed, at)
    at = _copy(money, names.PROFIT, 8 * trades, packed, at)
    for k in range(trades):
        packed[at + k] = marks[names.REASON, k]
    return at + trades


@part
def _copy(rows: U8, row: int, count: int, out: U8, at: int) -> int:
    """Copy the first bytes of a row; return where they end."""
    for k in range(count):
        out[np.uint64(at) + np.uint64(k)] = rows[row, np.uint64(k)]
    return at + count


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
    blocks: F64,
    out: F64,
) -> None:
    """Fill excursions and what is told, as `trade` does, from the rows of a strategy that was asked bar by bar."""
    a = accounts[0]
    excursions(opens, high, low, close, a.trades, marks, money)
    _tell(a, rules[0], cash, close, ts, money, marks, ledger, np.empty(0), np.empty(ROOM), blocks[0], out[0])


@kernel
def _tell(
    a: Any,
    r: Any,
    cash: float,
    close: F64,
    ts: I64,
    money: F64,
    marks: I32,
    ledger: F64,
    returns: F64,
    room: F64,
    blocks: F64,
    out: F64,
) -> None:
    """Fill moments from the rows of a walk, and what its account holds."""
    moments(close, ts, r.interval, r.first, cash, r.multiplier, ledger, a.rows, returns, room, blocks, out)
    outcomes(money, a.trades, out)
    out[TRADES], out[ROWS], out[ORDERS], out[HELD], out[SEEN] = a.trades, a.rows, a.orders, a.held, a.seen
    out[FEES_PAID], out[SLIPPAGE_PAID], out[BORROW_PAID] = a.fees_paid, a.slippage_paid, a.borrow_paid
    out[INTEREST], out[SIDE], out[UNITS], out[AVERAGE] = a.interest, a.side, a.units, a.average
    out[FEES], out[BORROW], out[GROSS] = a.fees, a.borrow, a.gross
    out[STOP], out[TARGET], out[TRAIL] = a.stop, a.target, a.trail
    out[ENTERED], out[DECIDED], out[PHASE], out[GAP] = a.entry_bar, a.decided, a.entry_phase, a.gap
    out[IGNORED], out[ACROSS] = 0.0, 0.0
    for k in range(a.trades):
        if marks[names.GAP, k] != 0:
            out[ACROSS] = 1.0
    out[LAST_REASON] = marks[names.REASON, a.trades - 1] if a.trades > 0 else np.nan


_UNKNOWN = "first_stop first_target first_trail stop target trail ceiling limit trigger last_weight other_price part"
_NEW = record(ACCOUNT, held_until=-1, **dict.fromkeys(_UNKNOWN.split(), np.nan)).tobytes()
_NO_BAR = record(BAR).tobytes()


def new_accounts(cash: float, count: int = 1) -> Records:
    """Return accounts at the start: cash, and nothing that is not known."""
    made = from_bytes(ACCOUNT, _NEW, count)
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
    wishes = np.array([[[address_of(events), 2]] * WISHES])
    sets = (np.empty((0, 2), np.int64), np.empty(0), wishes, line, lines, fees)
    room = (np.empty((0, 0), np.uint64), np.empty((WISHES, 0), np.int32))
    rows: Any = (money, marks, np.empty((LEDGER, n)), np.empty((ORDER, 0)), np.empty(0), np.empty(0, np.uint8))
    told: Any = (np.empty(1, np.int64), np.empty((1, BLOCKS, POWERS)), np.empty((1, TOLD)), True)
    trade(new_accounts(1.0), some_terms(n), new_bar(), *bars, *sets, *room, *rows, *told)
