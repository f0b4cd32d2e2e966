"""read_trades: trades as another program has them, as columns that are checked."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.layout.columns import REASONS
from tapehead.library.times import read_time
from tapehead.model.frame_columns import open_frame
from tapehead.model.spec import iso

SPELLINGS: Final = {
    "instrument": ("instrument", "symbol", "pair", "ticker", "column"),
    "side": ("side", "direction"),
    "entry_time": ("entrytime", "entryts", "entrytimestamp", "entrydate", "opentime", "opendate"),
    "exit_time": ("exittime", "exitts", "exittimestamp", "exitdate", "closetime", "closedate"),
    "entry_price": ("entryprice", "avgentryprice", "openprice", "openrate"),
    "exit_price": ("exitprice", "avgexitprice", "closeprice", "closerate"),
    "quantity": ("quantity", "qty", "amount", "units", "size"),
    "fees": ("fees", "fee", "commission"),
    "entry_fees": ("entryfees",),
    "exit_fees": ("exitfees",),
    "profit": ("profit", "pnl", "profitabs"),
    "reason": ("reason", "exitreason"),
    "is_short": ("isshort",),
    "status": ("status",),
}
"""What a column may be called: in lower case, letters and digits alone. Freqtrade's, vectorbt's and backtesting.py's
names are among them."""
NUMBERS: Final = ("entry_price", "exit_price", "quantity", "fees", "entry_fees", "exit_fees", "profit")
LEFT_OUT: Final = "-"
"""Given as the name of a column, it says that there is none."""
_NEEDED: Final = ("instrument", "entry_time", "entry_price", "quantity")
_SIDES: Final = {"long": 1, "buy": 1, "1": 1, "1.0": 1, "short": -1, "sell": -1, "-1": -1, "-1.0": -1}
_TRUTHS: Final = {"true": -1, "1": -1, "1.0": -1, "false": 1, "0": 1, "0.0": 1}
_OTHER_WORDS: Final = {
    "exit_signal": "signal",
    "sell_signal": "signal",
    "stop_loss": "stop",
    "stoploss": "stop",
    "sl": "stop",
    "take_profit": "target",
    "tp": "target",
    "roi": "target",
    "trailing_stop_loss": "trail",
    "trailing_stop": "trail",
    "force_exit": "end",
    "end_of_data": "end",
}
_FORM: Final = "rows or a table with instrument, side, entry_time, entry_price, quantity; exit_time and exit_price"
_LONGEST_TEXT: Final = 200
NEVER: Final = np.iinfo(np.int64).min
"""The time of what has not happened."""


class ReadTrades(NamedTuple):
    """Trades row by row as given: times in us UTC, NEVER for an exit that has not come; the rest as in GivenTrades."""

    instrument: NDArray[np.object_]
    side: NDArray[np.int8]
    entry_time: NDArray[np.int64]
    exit_time: NDArray[np.int64]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    quantity: NDArray[np.float64]
    fees: NDArray[np.float64]
    profit: NDArray[np.float64]
    reason: NDArray[np.uint8]

    def words(self) -> list[str]:
        """Return each reason as its word."""
        return [REASONS[at] for at in self.reason.tolist()]


def read_trades(given: Any, symbol: str | None = None, named: Mapping[str, str] | None = None) -> ReadTrades:
    """Return the columns of trades.

    Parameters
    ----------
    given : frame, mapping of arrays, or sequence of mappings
        A table of pandas, polars or Arrow; names are those of SPELLINGS, in any case.
    symbol : str, optional
        The instrument of all, where no column says it, or one column of a single name that is another's.
    named : mapping, optional
        Names of its columns by ours, where they are not found by themselves; LEFT_OUT for one that is not to be read.

    Raises
    ------
    ParameterError
        It is none of these, a column is missing, or a value is none of its kind; the sentence names the row.
    """
    columns = _columns(given, named or {})
    n = len(next(iter(columns.values()), ()))
    if any(len(values) != n for values in columns.values()):
        raise ParameterError(name="trades", value="columns of several lengths", bound="a value for each trade")
    if symbol is not None:
        _check_one(symbol, columns.get("instrument"))
        columns["instrument"] = np.full(n, symbol)
    lacking = [name for name in _NEEDED if name not in columns]
    if lacking:
        raise ParameterError(name="trades", value=f"no column {', '.join(lacking)}", bound=_FORM)
    if not n:
        raise ParameterError(name="trades", value="no row", bound="at least one trade")
    empty = {"exit_price": np.nan, "profit": np.nan}
    numbers = {name: _numbers(name, columns.get(name), n, empty.get(name, 0.0)) for name in NUMBERS}
    exits = columns.get("exit_time")
    side, quantity = _sides(columns, numbers["quantity"])
    exit_time = np.full(n, NEVER) if exits is None else _times("exit_time", exits)
    if "status" in columns:
        going = np.array([text.lower() == "open" for text in _texts(columns["status"], "")], np.bool_)
        exit_time[going] = NEVER
        numbers["exit_price"][going] = numbers["profit"][going] = np.nan
    found = ReadTrades(
        _texts(columns["instrument"], ""),
        side,
        _times("entry_time", columns["entry_time"]),
        exit_time,
        numbers["entry_price"],
        numbers["exit_price"],
        quantity,
        numbers["fees"] + numbers["entry_fees"] + numbers["exit_fees"],
        numbers["profit"],
        _reasons(columns.get("reason"), n),
    )
    _check(found)
    return found


def match_columns(names: Iterable[Any], named: Mapping[str, str]) -> dict[str, Any]:
    """Return the name in a table of each column of ours that is there.

    Raises
    ------
    ParameterError
        Two columns could be one of ours, or one that is named is not there.
    """
    every = list(names)
    spelled: dict[str, list[Any]] = {}
    for name in every:
        spelled.setdefault(_plain(name), []).append(name)
    strange = [ours for ours in named if ours not in SPELLINGS]
    if strange:
        raise ParameterError(name="columns", value=strange[0], bound=f"given by one of {', '.join(SPELLINGS)}")
    found = {}
    for ours, theirs in SPELLINGS.items():
        if ours in named:
            fitting = [] if named[ours] == LEFT_OUT else [one for one in every if str(one) == named[ours]][:1]
            if not fitting and named[ours] != LEFT_OUT:
                shown = ", ".join(map(str, every[:20]))
                raise ParameterError(name="columns", value=f"{ours}={named[ours]}", bound=f"the name of one of {shown}")
        else:
            fitting = [one for spelling in theirs for one in spelled.get(spelling, ())]
        if len(fitting) > 1:
            bound = f"one for {ours}; name it by columns, {ours}={fitting[0]}"
            raise ParameterError(name="trades", value=f"columns {fitting[0]} and {fitting[1]}", bound=bound)
        if fitting:
            found[ours] = fitting[0]
    return found


def _plain(name: Any) -> str:
    """Return a name in lower case, letters and digits alone."""
    return "".join(letter for letter in str(name).lower() if letter.isalnum())


def _columns(given: Any, named: Mapping[str, str]) -> dict[str, Any]:
    """Return columns by our names."""
    if isinstance(given, (list, tuple)):
        if not given:
            raise ParameterError(name="trades", value="no row", bound="at least one trade")
        given = _from_rows(given)
    reader, held, _ = open_frame(given, nulls=True)
    return {ours: np.atleast_1d(reader(theirs)) for ours, theirs in match_columns(held, named).items()}


def _sides(columns: Mapping[str, Any], quantity: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return sides and quantities above 0: `side` says it, else `is_short`, else the sign of the quantity."""
    if "side" in columns:
        return _words("side", columns["side"], _SIDES).astype(np.int8), quantity
    if "is_short" in columns:
        return _words("is_short", columns["is_short"], _TRUTHS).astype(np.int8), quantity
    if not (quantity < 0).any():
        bound = f"{_FORM}; without side, a quantity below 0 is short"
        raise ParameterError(name="trades", value="no column side, and no quantity below 0", bound=bound)
    return np.where(quantity < 0, -1, 1).astype(np.int8), np.abs(quantity)


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
        values = np.array([np.nan if _is_nothing(value) else value for value in values.tolist()], object)
    try:
        found = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise ParameterError(
            name=name, value=f"a column of {values.dtype}", bound="numbers; convert it first"
        ) from None
    if name.endswith("fees"):
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
        if _is_nothing(value):
            continue
        moment = read_time(name, value)
        found[place] = NEVER if moment is None else moment
    return found


def _words(name: str, values: Any, known: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the number of each word."""
    words, place = np.unique(_texts(values, ""), return_inverse=True)
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
    numbers = {word: at for at, word in enumerate(REASONS)}
    known = numbers | {word: numbers[ours] for word, ours in _OTHER_WORDS.items()}
    return _words("reason", _texts(values, "signal"), known).astype(np.uint8)


def _texts(values: Any, nothing: str) -> NDArray[np.object_]:
    """Return values as text, cut where it is long, as objects: in an array of str each is as wide as the longest."""
    every = np.asarray(values).tolist()
    return np.array([nothing if _is_nothing(value) else str(value)[:_LONGEST_TEXT] for value in every], object)


def _check_one(symbol: str, names: Any) -> None:
    """Raise where trades that are to be of one instrument name several."""
    named = [] if names is None else sorted(set(_texts(names, "").tolist()) - {""})
    if len(named) > 1:
        bound = f"left out where the trades name several, here {named[0][:40]} and {named[1][:40]}"
        raise ParameterError(name="symbol", value=symbol, bound=bound)


def _is_nothing(value: Any) -> bool:
    """Say whether a value stands for one that is not there: None, NaN, NaT, or NA of pandas, whose truth is unknown."""
    return value is None or type(value).__name__ in {"NAType", "NaTType"} or bool(value != value)


def _check(found: ReadTrades) -> None:
    """Raise for the first row that is no trade."""
    closed = found.exit_time != NEVER
    wrong = (
        ("instrument", found.instrument == "", "the instrument of the trade"),
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
            said = "none" if value in {NEVER, ""} else iso(int(value)) if name.endswith("time") else value
            raise ParameterError(name=name, value=f"{said} in row {row + 1}", bound=bound)
