"""Which column of a file is what, by its name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tapehead.errors import AmbiguousFileError, MissingColumnError, ParameterError

_SYNONYMS: dict[str, tuple[str, ...]] = {
    # Earlier names win where a file has several, in `ts` and `symbol` only.
    "ts": (
        *("ts", "opentime", "timestamp", "datetime", "timestamputc", "datetimeutc", "dateutc", "utc", "date", "time"),
        *("bartime", "starttime", "candlebegintime", "begin", "start", "unix", "unixtime", "epoch", "t", "day"),
        *("", "unnamed:0", "indexlevel0", "index"),
    ),
    "symbol": ("symbol", "ticker", "instrument", "pair", "sym", "code", "secid", "asset", "name", "tic"),
    "open": ("open", "o", "openprice", "1open", "opn", "openbid"),
    "high": ("high", "h", "highprice", "2high", "hgh"),
    "low": ("low", "l", "lowprice", "3low"),
    "close": ("close", "c", "closeprice", "4close", "cls"),
    "volume": ("volume", "vol", "v", "basevolume", "5volume", "tickvolume", "volumebase"),
}
_DAY_NAMES = ("date", "day", "tradedate", "dt")
_CLOCK_NAMES = ("time", "timeofday", "hour")
_ADJUSTED = ("adjclose", "adjustedclose", "closeadj")
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
class Layout:
    """Names of a file's columns by what they are.

    Attributes
    ----------
    ts : tuple of str
        One column, or a date and a time of day that are read joined by a blank.
    ts_format : str
        A strptime form the user named, else empty.
    prices : tuple of str
        Open, high, low, close.
    volume, symbol, adjusted : str or None
        None where the file has none.
    """

    ts: tuple[str, ...]
    ts_format: str
    prices: tuple[str, str, str, str]
    volume: str | None
    symbol: str | None
    adjusted: str | None = None

    @property
    def columns(self) -> list[str]:
        """Every column to read, each once."""
        named = (*self.ts, *self.prices, self.volume, self.symbol)
        return list(dict.fromkeys(name for name in named if name is not None))

    @property
    def says_utc(self) -> bool:
        """Whether the name of the time column ends in utc."""
        return plain(self.ts[-1]).endswith("utc")

    @property
    def is_index(self) -> bool:
        """Whether the time was taken from a column that may be a plain row number."""
        return plain(self.ts[0]) in _INDEX_NAMES


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
    for role in ("symbol", "open", "high", "low", "close", "volume"):
        match = _named(path, role, names, named[role]) if role in named else _fitting(path, role, names)
        if match is not None:
            found[role] = match
    stamp, form = _time_columns(path, names, spelled, named.get("ts"))
    for role in WANTED:
        if role not in found and not (role == "ts" and stamp):
            raise MissingColumnError(path=path, wanted=_MEANING[role], held=_listed(names), example=f"{role}=COLUMN")
    adjusted = next((spelled[name] for name in _ADJUSTED if name in spelled), None)
    prices = (found["open"], found["high"], found["low"], found["close"])
    return Layout(stamp, form, prices, found.get("volume"), found.get("symbol"), adjusted)


def _listed(names: Sequence[str]) -> str:
    """Return names as one text that fits a sentence."""
    shown = ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"


def _named(path: str, role: str, names: Sequence[str], wanted: str) -> str:
    """Return the column a user named, by its exact name or else by its plain one."""
    if wanted in names:
        return wanted
    for name in names:
        if plain(name) == plain(wanted):
            return name
    raise MissingColumnError(path=path, wanted=f"'{wanted}'", held=_listed(names), example=f"{role}=COLUMN")


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
