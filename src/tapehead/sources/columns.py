"""Which column of a file is what, by its name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tapehead.errors import AmbiguousFileError, MissingColumnError, ParameterError
from tapehead.model.factors import Basis

_SYNONYMS: dict[str, tuple[str, ...]] = {
    # Earlier names win where a file has several, in `ts` and `symbol` only.
    "ts": (
        *("ts", "opentime", "timestamp", "datetime", "timestamputc", "datetimeutc", "dateutc", "utc", "date", "time"),
        *("bartime", "starttime", "candlebegintime", "begin", "start", "unix", "unixtime", "epoch"),
        *("<date>", "<dtyyyymmdd>", "<time>", "t", "day"),
        *("", "unnamed:0", "indexlevel0", "index"),
    ),
    "symbol": ("symbol", "ticker", "instrument", "pair", "sym", "code", "secid", "asset", "name", "tic", "<ticker>"),
    "open": ("open", "o", "openprice", "1open", "opn", "<open>"),
    "high": ("high", "h", "highprice", "2high", "hgh", "<high>"),
    "low": ("low", "l", "lowprice", "3low", "<low>"),
    "close": ("close", "c", "closeprice", "4close", "cls", "<close>"),
    "volume": ("volume", "vol", "v", "basevolume", "5volume", "tickvolume", "volumebase", "<vol>", "<tickvol>"),
}
_DAY_NAMES = ("date", "day", "tradedate", "dt", "<date>", "<dtyyyymmdd>")
_CLOCK_NAMES = ("time", "timeofday", "hour", "<time>")
_ADJUSTED = ("adjclose", "adjustedclose", "closeadj")
_PRICES = ("open", "high", "low", "close")
_PRICE_OF_TRADE = ("price", "p", "lastprice", "tradeprice")
_SIZE_OF_TRADE = ("amount", "quantity", "qty", "size", "q", "volume", "vol", "v", "lastsize")
_BID = ("bid", "bidprice", "b", "bestbid")
_ASK = ("ask", "askprice", "a", "bestask", "offer")
_KAGGLE = ("date", "open", "high", "low", "close", "volume", "name")
WANTED = ("ts", "open", "high", "low", "close")
_MEANING = {
    "ts": "the time of a bar (ts)",
    "open": "the open price (open)",
    "high": "the high price (high)",
    "low": "the low price (low)",
    "close": "the close price (close)",
}
_MOST_NAMES = 20
_LONGEST_NAME = 32
_INDEX_NAMES = frozenset(("", "unnamed:0", "indexlevel0", "index"))


@dataclass(frozen=True, slots=True)
class Keys:
    """The columns that say when and of what.

    Attributes
    ----------
    ts : tuple of str
        One column, or a date and a time of day that are read joined by a blank.
    ts_format : str
        A strptime form the user named, else empty.
    symbol : str or None
        None where the file has none.
    """

    ts: tuple[str, ...]
    ts_format: str
    symbol: str | None

    @property
    def says_utc(self) -> bool:
        """Whether the name of the time column ends in utc."""
        return plain(self.ts[-1]).endswith("utc")

    @property
    def is_index(self) -> bool:
        """Whether the time was taken from a column that may be a plain row number."""
        return plain(self.ts[0]) in _INDEX_NAMES


@dataclass(frozen=True, slots=True)
class Layout(Keys):
    """Names of the columns of a file of bars by what they are.

    Attributes
    ----------
    prices : tuple of str
        Open, high, low, close; of the bid where there are two sides.
    asks : tuple of str
        The same of the ask, empty where there is one side.
    volume, adjusted : str or None
        None where the file has none.
    basis : Basis or None
        What prices are adjusted by, where the columns tell.
    told : str
        How the columns tell the basis.
    """

    prices: tuple[str, ...]
    asks: tuple[str, ...] = ()
    volume: str | None = None
    adjusted: str | None = None
    basis: Basis | None = None
    told: str = ""

    @property
    def columns(self) -> list[str]:
        """Every column to read, each once."""
        named = (*self.ts, *self.prices, *self.asks, self.volume, self.symbol, self.adjusted)
        return list(dict.fromkeys(name for name in named if name is not None))


@dataclass(frozen=True, slots=True)
class Ticks(Keys):
    """Names of the columns of a file of trades, or of quotes.

    Attributes
    ----------
    price, size : str or None
        Of trades; None in a file of quotes.
    bid, ask : str or None
        Of quotes; None in a file of trades.
    suspicious : str or None
        1 where the file itself says that a tick is doubtful.
    """

    price: str | None = None
    size: str | None = None
    bid: str | None = None
    ask: str | None = None
    suspicious: str | None = None

    @property
    def columns(self) -> list[str]:
        """Every column to read, each once."""
        named = (*self.ts, self.price, self.size, self.bid, self.ask, self.suspicious, self.symbol)
        return list(dict.fromkeys(name for name in named if name is not None))


def plain(name: str) -> str:
    """Return a column's name in lower case without blanks, underscores, dots and dashes."""
    return re.sub(r"[\s_.\-]", "", name.removeprefix("\ufeff")).lower()


def recognise_columns(path: str, names: Sequence[str], named: Mapping[str, str]) -> Layout:
    """Find time, prices, volume and symbol among a file's columns.

    Parameters
    ----------
    path : str
        For the sentence of an error.
    names : sequence of str
        The file's columns, in order.
    named : mapping
        What the user named: Tapehead's name to the file's; it wins.

    Raises
    ------
    MissingColumnError
        Time or a price is not there, or a column that was named is not.
    AmbiguousFileError
        Two columns fit one price.
    ParameterError
        `named` has a key that is no column of Tapehead.
    """
    for key in named:
        if key not in _SYNONYMS:
            raise ParameterError(name="columns", value=key, bound=f"a mapping of {' '.join(_SYNONYMS)}, such as open=o")
    spelled = {plain(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for role in ("symbol", *_PRICES, "volume"):
        match = _named(path, role, names, named[role]) if role in named else _fitting(path, role, names)
        if match is not None:
            found[role] = match
    stamp, form = _time_columns(path, names, spelled, named.get("ts"))
    sides = _sides(spelled) if not all(role in found for role in _PRICES) else None
    for role in WANTED:
        if role not in found and not (role == "ts" and stamp) and not (sides and role in _PRICES):
            raise _missing(path, role, names, {*stamp, *found.values()})
    adjusted = next((spelled[name] for name in _ADJUSTED if name in spelled), None)
    bids, asks = sides or (tuple(found[role] for role in _PRICES), ())
    # The sizes of two sides are no volume.
    volume = None if asks else found.get("volume")
    basis, told = _basis(spelled, adjusted)
    return Layout(stamp, form, found.get("symbol"), bids, asks, volume, adjusted, basis, told)


def recognise_ticks(path: str, names: Sequence[str], named: Mapping[str, str]) -> Ticks | None:
    """Find time, price and size of trades, or bid and ask of quotes; None where there are bars, or neither.

    Raises
    ------
    MissingColumnError
        A column that was named is not there.
    """
    spelled = {plain(name): name for name in reversed(names)}
    if any(role in named for role in _PRICES) or any(_fitting_plain(spelled, role) for role in ("open", "high", "low")):
        return None
    stamp, form = _time_columns(path, names, spelled, named.get("ts"))
    if not stamp:
        return None
    symbol = _named(path, "symbol", names, named["symbol"]) if "symbol" in named else _fitting_plain(spelled, "symbol")
    price, size, bid, ask = (
        next((spelled[name] for name in among if name in spelled), None)
        for among in (_PRICE_OF_TRADE, _SIZE_OF_TRADE, _BID, _ASK)
    )
    if price is not None and size is not None:
        return Ticks(stamp, form, symbol, price=price, size=size, suspicious=spelled.get("suspicious"))
    if bid is not None and ask is not None:
        return Ticks(stamp, form, symbol, bid=bid, ask=ask, suspicious=spelled.get("suspicious"))
    return None


def _missing(path: str, role: str, names: Sequence[str], used: set[str]) -> MissingColumnError:
    """Say that a column is missing; where every other one is something else already, that naming one will not do."""
    facts = {"path": path, "wanted": _MEANING[role], "held": listed(names), "example": f"{role}=COLUMN"}
    if set(names) - used:
        return MissingColumnError(**facts)
    text = (
        f"{path} has no column for {_MEANING[role]}; it has: {listed(names)}. None is left that could be it. "
        f"Add one, then: tapehead import {path}"
    )
    return MissingColumnError(text, **facts)


def _fitting_plain(spelled: Mapping[str, str], role: str) -> str | None:
    """Return the first column that fits a role."""
    return next((spelled[name] for name in _SYNONYMS[role] if name in spelled), None)


def _sides(spelled: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the open, high, low and close of bid and ask, where a file has all eight."""
    sides = []
    for side in ("bid", "ask"):
        found = [spelled.get(f"{side}{role}") or spelled.get(f"{role}{side}") for role in _PRICES]
        sides.append(tuple(name for name in found if name is not None))
    return (sides[0], sides[1]) if all(len(side) == len(_PRICES) for side in sides) else None


def _basis(spelled: Mapping[str, str], adjusted: str | None) -> tuple[Basis | None, str]:
    """Return what prices are adjusted by, and the columns that tell it."""
    if {"adjopen", "adjhigh", "adjlow", "adjclose", "splitratio"} <= spelled.keys():
        return "raw", f"'{spelled['adjopen']}' and '{spelled['splitratio']}' stand beside the prices as they traded"
    if adjusted is not None:
        return "split", f"'{adjusted}' stands beside 'Close', as Yahoo has them"
    if tuple(spelled) == _KAGGLE[::-1]:
        return "split", "the seven columns are those of Kaggle's all_stocks_5yr"
    return None, ""


def listed(names: Sequence[str]) -> str:
    """Return the names of columns as one text that fits a sentence."""
    shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _named(path: str, role: str, names: Sequence[str], wanted: str) -> str:
    """Return the column a user named, by its exact name or else by its plain one."""
    if wanted in names:
        return wanted
    for name in names:
        if plain(name) == plain(wanted):
            return name
    raise MissingColumnError(path=path, wanted=f"'{wanted}'", held=listed(names), example=f"{role}=COLUMN")


def _fitting(path: str, role: str, names: Sequence[str]) -> str | None:
    """Return the column that fits a role; two that fit a price equally well are refused."""
    for synonym in _SYNONYMS[role]:
        fits = [name for name in names if plain(name) == synonym]
        if len(fits) > 1 and role != "symbol":
            text = " and ".join(f"'{name}'" for name in fits)
            raise AmbiguousFileError(
                path=path, cause=f"columns {text} both read as {role}", flag=f"--columns {role}={fits[0]}"
            )
        if fits:
            return fits[0]
    return None


def _time_columns(
    path: str, names: Sequence[str], spelled: Mapping[str, str], named: str | None
) -> tuple[tuple[str, ...], str]:
    """Return the column, or the pair of columns, that hold the time, and the form of their text if it was named."""
    if named is not None:
        text, mark, form = named.partition(":%")
        form = "%" + form if mark else ""
        if text in names or "+" not in text:
            return (_named(path, "ts", names, text),), form
        return tuple(_named(path, "ts", names, part) for part in text.split("+")), form
    day = next((spelled[name] for name in _DAY_NAMES if name in spelled), None)
    clock = next((spelled[name] for name in _CLOCK_NAMES if name in spelled), None)
    for synonym in _SYNONYMS["ts"]:
        if synonym not in spelled:
            continue
        if spelled[synonym] in (day, clock) and day is not None and clock is not None:
            return (day, clock), ""
        return (spelled[synonym],), ""
    return (), ""
