"""What the name of a file says: its symbol and its interval."""

import re
from pathlib import Path

from tapehead.model.interval import Interval
from tapehead.model.symbols import pair_of
from tapehead.ports.bars import IMPORT_SUFFIXES

_INTERVAL = re.compile(
    r"(?:^|[-_. ])(?:(\d{1,3})\s?(s|m|min|h|hour|d|day|w|wk|week)|(daily|hourly|weekly))(?=$|[-_. ])", re.IGNORECASE
)
_METATRADER = re.compile(r"(?:[-_. ])([mhdw])(\d{1,3})(?=$|[-_. ])", re.IGNORECASE)
_UNITS = {"min": "m", "hour": "h", "day": "d", "wk": "w", "week": "w"}
_WORDS = {"daily": "1d", "hourly": "1h", "weekly": "1w"}
_TAIL = re.compile(
    r"[-_. ](?:data|prices?|ohlcv?|bars|candles|klines?|history|historical|(?:agg)?trades?|quotes?|ticks?)"
    r"(?:-\d{4}-\d{2}(?:-\d{2})?)?$",
    re.IGNORECASE,
)


def stem_of(path: str) -> str:
    """Return the file's name without folder and known suffixes."""
    name = Path(path).name
    while (suffix := Path(name).suffix).lower() in IMPORT_SUFFIXES:
        name = name[: -len(suffix)]
    return name


def interval_of(path: str) -> str | None:
    """Return the interval in a file's name, such as `1h` of `BTCUSDT_1h.csv.gz`, or None."""
    match = _INTERVAL.search(stem_of(path))
    if match is None:
        other = _METATRADER.search(stem_of(path))
        return Interval.parse(f"{int(other[2]) or 1}{other[1].lower()}").text if other else None
    if match[3]:
        return _WORDS[match[3].lower()]
    unit = match[2].lower()
    return Interval.parse(f"{int(match[1])}{_UNITS.get(unit, unit)}").text


def symbol_of(path: str) -> str:
    """Return the symbol in a file's name: what stands before the interval, pairs without their separator.

    Examples
    --------
    >>> symbol_of("data/BTC_USDT-1h.feather")
    'BTCUSDT'
    >>> symbol_of("AAPL_data.csv.gz")
    'AAPL'
    """
    stem = stem_of(path)
    match = _INTERVAL.search(stem) or _METATRADER.search(stem)
    if match is not None and match.start() > 0:
        stem = stem[: match.start()]
    stem = _TAIL.sub("", stem)
    return plain_symbol(stem.upper())


def plain_symbol(symbol: str) -> str:
    """Return a symbol as it is stored: trimmed, and a pair of currencies without its separator."""
    symbol = symbol.strip()
    pair = pair_of(symbol)
    return symbol if pair is None or symbol.isalnum() else pair.symbol
