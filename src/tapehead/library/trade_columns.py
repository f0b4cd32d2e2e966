"""read_trades: trades as another program has them, as columns that are checked."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.layout.columns import REASONS
from tapehead.library.times import read_time
from tapehead.model.frame_columns import open_frame

SPELLINGS: Final = {
    "instrument": ("instrument", "symbol", "pair"),
    "side": ("side", "direction"),
    "entry_time": ("entry_time", "entry_ts", "open_time", "open_date"),
    "exit_time": ("exit_time", "exit_ts", "close_time", "close_date"),
    "entry_price": ("entry_price", "open_price", "open_rate"),
    "exit_price": ("exit_price", "close_price", "close_rate"),
    "quantity": ("quantity", "qty", "amount", "units"),
    "fees": ("fees", "fee", "commission"),
    "profit": ("profit", "pnl", "profit_abs"),
    "reason": ("reason", "exit_reason"),
}
_NEEDED: Final = ("instrument", "side", "entry_time", "entry_price", "quantity")
_SIDES: Final = {"long": 1, "buy": 1, "1": 1, "1.0": 1, "short": -1, "sell": -1, "-1": -1, "-1.0": -1}
_FORM: Final = "rows or a table with instrument, side, entry_time, entry_price, quantity; exit_time and exit_price"
NEVER: Final = np.iinfo(np.int64).min
"""The time of what has not happened."""


class ReadTrades(NamedTuple):
    """Trades row by row as given: times in us UTC, NEVER for an exit that has not come; the rest as in GivenTrades."""

    instrument: NDArray[np.str_]
    side: NDArray[np.int8]
    entry_time: NDArray[np.int64]
    exit_time: NDArray[np.int64]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    quantity: NDArray[np.float64]
    fees: NDArray[np.float64]
    profit: NDArray[np.float64]
    reason: NDArray[np.uint8]


def read_trades(given: Any) -> ReadTrades:
    """Return the columns of trades.

    Parameters
    ----------
    given : frame, mapping of arrays, or sequence of mappings
        A table of pandas, polars or Arrow; names are those of SPELLINGS, in any case.

    Raises
    ------
    ParameterError
        It is none of these, a column is missing, or a value is none of its kind; the sentence names the row.
    """
    columns = _columns(given)
    n = len(columns["instrument"])
    if any(len(values) != n for values in columns.values()):
        raise ParameterError(name="trades", value="columns of several lengths", bound="a value for each trade")
    if not n:
        raise ParameterError(name="trades", value="no row", bound="at least one trade")
    numbers = {
        name: _numbers(name, columns.get(name), n, rest)
        for name, rest in (("entry_price", 0), ("exit_price", np.nan), ("quantity", 0), ("fees", 0), ("profit", np.nan))
    }
    exits = columns.get("exit_time")
    found = ReadTrades(
        np.asarray(columns["instrument"]).astype(str),
        _words("side", columns["side"], _SIDES).astype(np.int8),
        _times("entry_time", columns["entry_time"]),
        np.full(n, NEVER) if exits is None else _times("exit_time", exits),
        **numbers,
        reason=_reasons(columns.get("reason"), n),
    )
    _check(found)
    return found


def _columns(given: Any) -> dict[str, Any]:
    """Return columns by our names."""
    if isinstance(given, (list, tuple)):
        if not given:
            raise ParameterError(name="trades", value="no row", bound="at least one trade")
        given = _from_rows(given)
    reader, held, _ = open_frame(given)
    by_case = {str(name).lower(): name for name in held}
    found = {}
    for ours, theirs in SPELLINGS.items():
        named = [by_case[one] for one in theirs if one in by_case]
        if len(named) > 1:
            raise ParameterError(name="trades", value=f"columns {named[0]} and {named[1]}", bound=f"one for {ours}")
        if named:
            found[ours] = reader(named[0])
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise ParameterError(name="trades", value=f"no column {', '.join(lacking)}", bound=_FORM)
    return found


def _from_rows(rows: Any) -> dict[str, NDArray[Any]]:
    """Return rows as columns of objects; what a row leaves out is None."""
    for place, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise ParameterError(name="trades", value=f"{type(row).__name__} at {place}", bound=_FORM)
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        columns[str(name)] = np.empty(len(rows), object)
        columns[str(name)][:] = [row.get(name) for row in rows]
    return columns


def _numbers(name: str, values: Any, n: int, rest: float) -> NDArray[np.float64]:
    """Return numbers, `rest` where nothing is given."""
    if values is None:
        return np.full(n, rest)
    values = np.asarray(values)
    if values.dtype == object:
        values = np.array([np.nan if value is None else value for value in values.tolist()], object)
    try:
        found = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(
            name=name, value=f"a column of {values.dtype}", bound="numbers; convert it first"
        ) from None
    if name == "fees":
        found[np.isnan(found)] = rest
    return found


def _times(name: str, values: Any) -> NDArray[np.int64]:
    """Return us UTC, NEVER where there is none."""
    values = np.asarray(values)
    if values.dtype.kind == "M":
        return np.array(values.astype("datetime64[us]"), np.int64)
    if values.dtype.kind in "iu":
        return np.array(values, np.int64)
    if values.dtype.kind == "f":
        return np.array([NEVER if np.isnan(value) else int(value) for value in values.tolist()], np.int64)
    found = np.full(values.shape[0], NEVER)
    for place, value in enumerate(values.tolist()):
        if value is None or value != value:
            continue
        moment = read_time(name, value)
        found[place] = NEVER if moment is None else moment
    return found


def _words(name: str, values: Any, known: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the number of each word."""
    words, place = np.unique(np.asarray(values).astype(str), return_inverse=True)
    numbers = []
    for word in words.tolist():
        if word.lower() not in known:
            row = int(np.flatnonzero(place == words.tolist().index(word))[0]) + 1
            raise ParameterError(name=name, value=f"{word[:40]!r} in row {row}", bound=f"one of {', '.join(known)}")
        numbers.append(known[word.lower()])
    return np.array(numbers, np.int64)[place]


def _reasons(values: Any, n: int) -> NDArray[np.uint8]:
    """Return reasons as indexes; `signal` where none is given."""
    if values is None:
        return np.zeros(n, np.uint8)
    texts = np.array(["signal" if value is None or value != value else value for value in np.asarray(values).tolist()])
    return _words("reason", texts, {word: at for at, word in enumerate(REASONS)}).astype(np.uint8)


def _check(found: ReadTrades) -> None:
    """Raise for the first row that is no trade."""
    closed = found.exit_time != NEVER
    wrong = (
        ("entry_time", found.entry_time == NEVER, "the time of the entry"),
        ("exit_time", closed & (found.exit_time < found.entry_time), "not before the entry"),
        ("entry_price", ~np.isfinite(found.entry_price), "a finite price"),
        ("quantity", ~(np.isfinite(found.quantity) & (found.quantity > 0)), "above 0; the side says the direction"),
        ("exit_price", closed & ~np.isfinite(found.exit_price), "a finite price where there is an exit_time"),
        ("exit_time", ~closed & np.isfinite(found.exit_price), "given where there is an exit_price"),
        ("fees", ~np.isfinite(found.fees), "finite, in quote currency, of both sides"),
        ("profit", np.isinf(found.profit), "finite, or left out to be reckoned"),
    )
    for name, rows, bound in wrong:
        if rows.any():
            row = int(np.flatnonzero(rows)[0])
            value = getattr(found, name)[row]
            said = "none" if value == NEVER else value
            raise ParameterError(name=name, value=f"{said} in row {row + 1}", bound=bound)
