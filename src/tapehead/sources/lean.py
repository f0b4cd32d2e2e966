"""LEAN's files: what folder, name and fields say of market, scale, clock and sides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tapehead.errors import AmbiguousFileError, FileFormatError
from tapehead.ports.bars import Hints
from tapehead.sources.head import is_number
from tapehead.sources.table import Table

_ASSETS = (
    *("equity", "forex", "cfd", "crypto", "cryptofuture", "index"),
    *("option", "indexoption", "futureoption", "future"),
)
_CHAINS = ("option", "indexoption", "futureoption", "future")
_INTERVALS = {"daily": "1d", "hour": "1h", "minute": "1m", "second": "1s", "tick": None}
_BY_DAY = ("minute", "second", "tick")
_SCALED = ("equity",)
_SCALE = 10_000.0
_DAY_FILE = re.compile(r"(\d{8})_(?:(.+?)_(minute|second|tick)_)?(trade|quote|openinterest)\b.*", re.IGNORECASE)
_FORM = "%Y%m%d %H:%M"
_STAMPED = re.compile(r"\d{8} \d{2}:\d{2}")
_OF_DAY = re.compile(r"\d{1,8}(\.\d+)?")
_MOST_OF_DAY_MS = 86_400_000

# LEAN's market-hours database: the clock that a market's files are written in, which need not be the exchange's.
_ZONES: dict[tuple[str, ...], str] = {
    ("equity", "usa"): "America/New_York",
    ("equity", "india"): "Asia/Kolkata",
    ("index", "india"): "Asia/Kolkata",
    ("forex", "fxcm"): "Etc/GMT+5",
    ("cfd", "fxcm"): "Etc/GMT+5",
    ("forex", "oanda"): "UTC",
    ("cfd", "oanda"): "UTC",
    ("index", "usa", "spx"): "America/Chicago",
    ("index", "usa", "vix"): "America/Chicago",
    ("index", "usa"): "America/New_York",
}
_PRICES = ("open", "high", "low", "close")
_TRADE_BARS = ("ts", *_PRICES, "volume")
_QUOTE_BARS = (
    *("ts", *(f"bid_{name}" for name in _PRICES), "bid_size"),
    *(*(f"ask_{name}" for name in _PRICES), "ask_size"),
)
_TRADE_TICKS = ("ts", "price", "amount", "exchange", "condition", "suspicious")
_QUOTE_TICKS = ("ts", "bid", "ask")
_SIZED_TICKS = ("ts", "bid", "bid_size", "ask", "ask_size", "exchange", "condition", "suspicious")
_WIDTHS: dict[int, tuple[str, ...]] = {5: _TRADE_BARS[:5], 6: _TRADE_BARS, 11: _QUOTE_BARS}
_TICK_WIDTHS: dict[int, tuple[str, ...]] = {3: _QUOTE_TICKS, 6: _TRADE_TICKS, 8: _SIZED_TICKS}
_TICK_SIDES = {("trade", 3): ("ts", "price", "amount")}


@dataclass(frozen=True, slots=True)
class _Place:
    """What folders and names say; empty or None where they say nothing."""

    asset: str = ""
    market: str = ""
    resolution: str = ""
    symbol: str = ""
    side: str = ""
    day: str = ""


def lean_table(table: Table, inside: str, hints: Hints) -> Table | None:
    """Return the table with LEAN's names, scale and clock, or None where it is not LEAN's.

    Parameters
    ----------
    table : Table
        Without a header.
    inside : str
        Name of the member of an archive, else empty; outside of LEAN's folders it still names day, symbol and side.
    hints : Hints

    Raises
    ------
    FileFormatError
        It holds options, futures or open interest.
    AmbiguousFileError
        Nothing says whether prices are scaled, or which clock the times show.
    """
    place = _place(table.path, inside)
    if not _is_lean(table.sample, place):
        return None
    if place.asset in _CHAINS or place.side == "openinterest":
        what = "open interest" if place.side == "openinterest" else f"LEAN's {place.asset} contracts"
        cause = f"it holds {what}, and no bars of one instrument; options and futures chains come with a later step"
        raise FileFormatError(path=table.path, cause=cause, step="Give files of bars: tapehead import PATH")
    names = _names(table, place)
    asset = place.asset or _asset_of(table, hints)
    scale = _SCALE if asset in _SCALED else 1.0
    zone = _zone(asset, place)
    guess = f"LEAN's form, by its {'folders' if place.asset else 'name and fields'}: {_said(place, asset, scale, zone)}"
    raw = asset == "equity"
    return replace(
        table,
        names=names,
        guesses=(*table.guesses, guess),
        scale=scale,
        day_us=_day_us(table.path, place) if place.day else None,
        symbol=place.symbol.upper() or None,
        tz=zone,
        form="" if place.day else _FORM,
        kind={"forex": "fx", "cfd": None, "cryptofuture": "crypto"}.get(asset, asset),
        interval=_INTERVALS.get(place.resolution),
        basis="raw" if raw else None,
    )


def _place(path: str, inside: str) -> _Place:
    """Read folders and names."""
    parts = [part.lower() for part in Path(path).resolve().parts]
    name = parts[-1].partition(".")[0]
    found = _Place()
    for at, part in enumerate(parts[:-3]):
        if part in _ASSETS and parts[at + 2] in _INTERVALS:
            found = _Place(part, parts[at + 1], parts[at + 2])
            if found.resolution in _BY_DAY and len(parts) > at + 4:
                found = replace(found, symbol=parts[at + 3])
            break
    match = _DAY_FILE.fullmatch(name) or _DAY_FILE.fullmatch(inside.lower())
    if match is not None:
        symbol, resolution = found.symbol or match[2] or "", found.resolution or match[3] or ""
        if match[3] is None and (within := _DAY_FILE.fullmatch(inside.lower())) and within[2]:
            symbol, resolution = symbol or within[2], resolution or within[3]
        return replace(found, symbol=symbol, resolution=resolution, day=match[1], side=match[4].lower())
    stem, _, side = name.rpartition("_")
    if side in {"trade", "quote"}:
        return replace(found, symbol=stem, side=side)
    return replace(found, symbol=found.symbol or (name if found.asset else ""))


def _is_lean(rows: Sequence[Sequence[str]], place: _Place) -> bool:
    """Whether the fields are LEAN's: times as YYYYMMDD HH:MM, or as milliseconds of a day that the name says."""
    if not rows:
        return False
    known = bool(place.asset) or bool(place.day)
    if all(_STAMPED.fullmatch(row[0]) for row in rows):
        whole = all(len(row) in {5, 6} and all(field.isdigit() for field in row[1:5]) for row in rows)
        return known or len(rows[0]) == len(_QUOTE_BARS) or whole
    if not known or not place.day:
        return False
    return all(_OF_DAY.fullmatch(row[0]) and float(row[0]) < _MOST_OF_DAY_MS for row in rows)


def _names(table: Table, place: _Place) -> tuple[str, ...]:
    """Return the names of the fields."""
    width = len(table.names)
    found = _WIDTHS.get(width)
    if place.resolution == "tick":
        found = _TICK_SIDES.get((place.side, width)) or _TICK_WIDTHS.get(width)
        if place.side == "quote" and width == len(_TRADE_TICKS):
            found = None
    if found is None:
        cause = f"its folders say LEAN's {place.resolution or 'bars'}, but its rows have {width} fields"
        raise FileFormatError(path=table.path, cause=cause, step="Fetch it again, then: tapehead import PATH")
    return found


def _asset_of(table: Table, hints: Hints) -> str:
    """Return what the user named, where no folder says it; whether prices are scaled hangs on it."""
    if hints.kind is not None:
        return {"fx": "forex"}.get(hints.kind, hints.kind)
    price = next((field for field in table.sample[0][1:5] if is_number(field)), "")
    cause = (
        f"it looks like LEAN's form, in which prices of shares stand times 10,000 and others as they are, and no "
        f"folder says which; '{price}' may be {price} (--kind crypto, fx or index) or, of a share, "
        f"{float(price or 0) / _SCALE:g}"
    )
    raise AmbiguousFileError(path=table.path, cause=cause, flag="--kind equity")


def _zone(asset: str, place: _Place) -> str | None:
    """Return the clock of the times; None leaves it to the user."""
    if asset.startswith("crypto"):
        return "UTC"
    by_symbol = _ZONES.get((asset, place.market, place.symbol))
    return by_symbol or _ZONES.get((asset, place.market))


def _day_us(path: str, place: _Place) -> int:
    """Return the midnight (us) that milliseconds are counted from."""
    try:
        return int(datetime.strptime(place.day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        step = "Name it after its day, as 20131004_trade.zip, then: tapehead import PATH"
        raise FileFormatError(path=path, cause=f"its name says the day {place.day}, which is none", step=step) from None


def _said(place: _Place, asset: str, scale: float, zone: str | None) -> str:
    """Return what was learnt, for people."""
    parts = [" ".join(word for word in (asset, place.market, place.resolution, place.side) if word)]
    parts.append("prices are divided by 10,000" if scale > 1 else "prices stand as they are")
    if zone is not None:
        spoken = {"Etc/GMT+5": "UTC-05 without summer time"}.get(zone, zone)
        parts.append(f"times are those of {spoken}")
    if place.day:
        parts.append(f"counted from midnight of {place.day[:4]}-{place.day[4:6]}-{place.day[6:]}")
    return ", ".join(parts)
