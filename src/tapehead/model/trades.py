"""Trades: closed trades as columns."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import DECISION_COLUMNS, REASONS, TRADE_DTYPES
from tapehead.model.frames import Frame, Framed

_MARK = b"\x02"
"""Begins the bytes of trades; those written without it begin with a side, which is 1 or -1."""
_NAMED = b"\x03"
"""Begins the bytes of trades of several instruments: the length of their names (uint32), and the names, come next."""
_RATED = b"\x04"
"""Begins the bytes of trades in another currency than the account's: their number (uint32), the rates of their entries
and those of their exits (float64) come next, and then the bytes of the trades without them."""
_UNMARKED = list(TRADE_DTYPES).index("across_gap") + 1
"""Columns they have."""
_NOT_SHOWN = ("decision_bar", "entry_wanted", "exit_wanted", "shortfall", "other_price", "fills")
"""Columns that a notebook leaves out of its table."""


@dataclass(frozen=True, slots=True, eq=False)
class Trades(Framed):
    """Closed trades of one result, in order of entry, each column of shape (n_trades,).

    Attributes
    ----------
    side : int8
        1 long, -1 short.
    entry_bar, exit_bar : int32
        Counted from 0 at the first bar at or after the asked start.
    entry_price, exit_price : float64
        Filled prices, slippage in, fees out, in quote currency.
    quantity : float64
        Units entered.
    fees, profit : float64
        Both sides' fees; net profit after them; quote currency.
    worst, best : float64
        Most adverse (at most 0) and most favourable (at least 0) price while held, as a fraction of `entry_price`.
    reason : uint8
        Index into `layout.columns.REASONS`.
    ambiguous : bool
        The order of prices inside a bar decided the trade.
    across_gap : bool
        One of its orders waited over at least one calendar step without a traded bar.
    decision_bar : int32
        Bar at whose close the first entry was decided.
    entry_wanted, exit_wanted : float64
        Prices before slippage: value over units of all entries, and of all exits.
    slippage, borrow : float64
        Money lost to slippage, and paid for borrowed units; both at least 0 where they cost.
    shortfall : float64
        Money the account could not lose since it had reached 0.
    stop, target, trail : float64
        Levels at the first entry; NaN where there were none.
    other_price : float64
        Where the trade would have ended in its exit bar had the other level been reached first; NaN unless `ambiguous`.
    fills : int32
        Entries and exits together; 2 unless units were added or partly sold.
    tag : int32
        What a strategy asked bar by bar gave its order to enter; 0 where nothing was given. Of an account that several
        instruments share: the place of the instrument in the order of names, from 1.
    entry_rate, exit_rate : float64, optional
        What a unit of the instrument's currency was worth in the account's at the first entry and at the last exit;
        None where no instrument of the result has another currency, NaN where it was not kept.
    """

    side: NDArray[np.int8]
    entry_bar: NDArray[np.int32]
    exit_bar: NDArray[np.int32]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    quantity: NDArray[np.float64]
    fees: NDArray[np.float64]
    profit: NDArray[np.float64]
    worst: NDArray[np.float64]
    best: NDArray[np.float64]
    reason: NDArray[np.uint8]
    ambiguous: NDArray[np.bool_]
    across_gap: NDArray[np.bool_]
    decision_bar: NDArray[np.int32]
    entry_wanted: NDArray[np.float64]
    exit_wanted: NDArray[np.float64]
    slippage: NDArray[np.float64]
    borrow: NDArray[np.float64]
    shortfall: NDArray[np.float64]
    stop: NDArray[np.float64]
    target: NDArray[np.float64]
    trail: NDArray[np.float64]
    other_price: NDArray[np.float64]
    fills: NDArray[np.int32]
    tag: NDArray[np.int32]
    entry_rate: NDArray[np.float64] | None = field(default=None, kw_only=True)
    exit_rate: NDArray[np.float64] | None = field(default=None, kw_only=True)

    def __repr__(self) -> str:
        """Return the number of trades, not every column."""
        return f"Trades({len(self)})"

    def __len__(self) -> int:
        """Return the number of trades."""
        return int(self.side.shape[0])

    def digest(self) -> bytes:
        """Return SHA-256 over the decision columns, little-endian, column after column."""
        digest = hashlib.sha256()
        for name in DECISION_COLUMNS:
            digest.update(getattr(self, name).astype(TRADE_DTYPES[name], copy=False).tobytes())
        return digest.digest()

    def to_bytes(self) -> bytes:
        """Return every column one after another, little-endian, in the order of the fields, behind a mark."""
        columns = (getattr(self, name).astype(dtype, copy=False).tobytes() for name, dtype in TRADE_DTYPES.items())
        return _rates_of(self) + _MARK + b"".join(columns) if len(self) else b""

    @staticmethod
    def from_bytes(data: bytes) -> "Trades":
        """Undo `to_bytes`; what has no mark was written before trades had levels, and is read with none."""
        if data[:1] == _RATED:
            n = int.from_bytes(data[1:5], "little")
            entry, leave = np.frombuffer(data, "<f8", 2 * n, 5).reshape(2, n)
            return replace(Trades.from_bytes(data[5 + 16 * n :]), entry_rate=entry, exit_rate=leave)
        if data[:1] == _NAMED:
            size = int.from_bytes(data[1:5], "little")
            names = data[5 : 5 + size].decode().split("\n")
            return account_trades(Trades.from_bytes(_MARK + data[5 + size :]), names)
        marked = data[:1] == _MARK
        held = list(TRADE_DTYPES) if marked or not data else list(TRADE_DTYPES)[:_UNMARKED]
        offset = len(_MARK) if marked else 0
        n = (len(data) - offset) // sum(np.dtype(TRADE_DTYPES[name]).itemsize for name in held)
        columns: dict[str, NDArray[Any]] = {}
        for name in held:
            columns[name] = np.frombuffer(data, TRADE_DTYPES[name], n, offset)
            offset += columns[name].nbytes
        return Trades(**columns) if len(held) == len(TRADE_DTYPES) else plain_trades(**columns)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name, rates only where there are some; `reason` in words."""
        out = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        out["reason"] = np.array(REASONS)[self.reason]
        return out

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each trade as plain Python values."""
        columns = {name: values.tolist() for name, values in self.columns().items()}
        for i in range(len(self)):
            yield {name: values[i] for name, values in columns.items()}

    def _frame(self) -> Frame:
        """Return the columns; `reason` in words."""
        return Frame(self.columns(), {})

    def _repr_html_(self) -> str:
        """Return the first and last trades for a notebook."""
        from tapehead.model import display

        columns = self.columns()
        shown = [name for name in columns if name not in _NOT_SHOWN]
        rows = [[display.cell(name, columns[name][i]) for name in shown] for i in display.bounded(len(self))]
        return display.table(shown, rows, display.shown_of(len(self), "trades"))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AccountTrades(Trades):
    """Closed trades of an account that several instruments share, in order of exit; bars are instants of its clock.

    Attributes
    ----------
    instrument : str
        `venue:symbol`; the name that `tag` is the number of.
    names : tuple of str
        Of all instruments that share it, in their order.
    """

    instrument: NDArray[np.str_]
    names: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Return the bytes of plain trades, with the names of the instruments before them."""
        if not len(self):
            return b""
        names = "\n".join(self.names).encode()
        plain = Trades.to_bytes(without_rates(self))[len(_MARK) :]
        return _rates_of(self) + _NAMED + len(names).to_bytes(4, "little") + names + plain

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name, rates only where there are some; `reason` in words."""
        out = Trades.columns(self)
        del out["names"]
        return out


def account_trades(trades: Trades, names: Sequence[str]) -> Trades:
    """Return trades with the names of their instruments, of which `tag` is the number; none stay without."""
    if not len(trades):
        return trades
    columns = {f.name: getattr(trades, f.name) for f in fields(Trades)}
    return AccountTrades(**columns, instrument=np.array(names)[trades.tag - 1], names=tuple(names))


def _rates_of(trades: Trades) -> bytes:
    """Return what stands before the bytes of trades that have rates."""
    if trades.entry_rate is None or trades.exit_rate is None:
        return b""
    rates = (each.astype("<f8", copy=False).tobytes() for each in (trades.entry_rate, trades.exit_rate))
    return _RATED + len(trades).to_bytes(4, "little") + b"".join(rates)


def without_rates(trades: Trades) -> Trades:
    """Return trades as they were kept before they had rates."""
    return trades if trades.entry_rate is None else replace(trades, entry_rate=None, exit_rate=None)


def plain_trades(**columns: NDArray[Any]) -> Trades:
    """Return trades of market orders: what is not given is decided a bar before, wanted as filled, and free."""
    n = columns["side"].shape[0]
    none, nothing = np.full(n, np.nan), np.zeros(n)
    rest: dict[str, NDArray[Any]] = {
        "decision_bar": columns["entry_bar"] - np.int32(1),
        "entry_wanted": columns["entry_price"],
        "exit_wanted": columns["exit_price"],
        **dict.fromkeys(("slippage", "borrow", "shortfall"), nothing),
        **dict.fromkeys(("stop", "target", "trail", "other_price"), none),
        "fills": np.full(n, 2, np.int32),
        "tag": np.zeros(n, np.int32),
    }
    return Trades(**(rest | columns))


def no_trades() -> Trades:
    """Return trades without a row."""
    return Trades.from_bytes(b"")
