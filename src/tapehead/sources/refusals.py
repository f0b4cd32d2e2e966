"""Files that hold no bars of one instrument: what they hold instead, and what to do."""

import re
from pathlib import Path

from tapehead.errors import AmbiguousFileError, FileFormatError, TapeheadError
from tapehead.ports.bars import Hints
from tapehead.sources.columns import listed, plain
from tapehead.sources.head import is_number
from tapehead.sources.table import Table

_PRICES = ("open", "high", "low", "close")
_STRIKES = ("strike", "strikeprice", "strkpric")
_EXPIRIES = ("expiry", "expirydate", "xprydt", "expiration", "expirationdate")
_FUNDING = re.compile(r"funding[-_. ]?rate", re.IGNORECASE)
_OPEN_INTEREST = re.compile(r"open[-_. ]?interest|(^|[-_. ])oi([-_. ]|$)", re.IGNORECASE)
_DAY = re.compile(r"\d{8}")
_MAP_FIELDS = (2, 3, 4)
_LEAVE = "Leave it out, and name files of bars: tapehead import PATH"


def check_holds_bars(table: Table, hints: Hints) -> None:
    """Raise FileFormatError where names say that a table holds something else than bars; named columns win."""
    if any(name in hints.columns for name in _PRICES):
        return
    names = {plain(name) for name in table.names}
    file = Path(table.name).name
    has_prices = set(_PRICES) <= names
    cause = ""
    if _FUNDING.search(file) or ("fundingrate" in names and not has_prices):
        cause = "it holds funding rates, which are no bars; they come as facts beside bars with a later step"
    elif (_OPEN_INTEREST.search(file) and not has_prices) or (
        not has_prices and any("openinterest" in name for name in names)
    ):
        cause = "it holds open interest, which is no bars; it comes as facts beside bars with a later step"
    elif names & set(_STRIKES) or (names & set(_EXPIRIES) and any(name.startswith("celtp") for name in names)):
        cause = "it holds contracts by strike and expiry, an option chain; options come with a later step"
    elif _is_map(table):
        cause = "it is LEAN's map file: which ticker a company had when, and no bars"
    elif names == {"date", "dividends"}:
        cause = "it lists dividends and splits, and no bars"
    if cause:
        raise FileFormatError(path=table.path, cause=cause, step=_LEAVE)


def closes_only(table: Table, hints: Hints) -> TapeheadError | None:
    """Return the refusal of a file with one price a row, or one a row and symbol; None where it is something else.

    Parameters
    ----------
    table : Table
        In which no column was found for one of open, high, low, close.
    hints : Hints
    """
    if hints.columns or not table.sample or len(table.names) < 2:
        return None
    names, first = table.names, plain(table.names[0])
    if first not in {"date", "time", "timestamp", "datetime", "day"} or {plain(name) for name in names} & set(
        _PRICES[:3]
    ):
        return None
    if not all(
        len(row) == len(names) and all(is_number(field) or not field for field in row[1:]) for row in table.sample
    ):
        return None
    one = names[1]
    cause = (
        f"it has one price a row in {'a column' if len(names) == 2 else f'{len(names) - 1} columns'} "
        f"({listed(names[1:6])}), and a bar needs open, high, low and close; one column can stand for all four"
    )
    columns = ",".join(f"{name}={one}" for name in _PRICES)
    return AmbiguousFileError(path=table.path, cause=cause, flag=f"--columns '{columns}' --symbol '{one.upper()}'")


def _is_map(table: Table) -> bool:
    """Whether a table is LEAN's list of tickers: its first line, no header, is a day and a ticker."""
    names = table.names
    if len(names) not in _MAP_FIELDS or not _DAY.fullmatch(names[0]) or is_number(names[1]):
        return False
    return all(_DAY.fullmatch(row[0]) and not is_number(row[1]) for row in table.sample if len(row) > 1)
