"""Fees: what a fill costs, as one rate or as a dated schedule of maker and taker rates, fixed parts and bounds."""

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tapehead.errors import ParameterError

INFINITE: Final = float("inf")
_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?"
_BOUND = (
    "a rate, such as 10bps or 0.1%, or 'maker 2bps taker 5bps', 1usd a fill, '5bps+1usd', 'min(20usd, 0.03%)', "
    "'max(1usd, 5bps)'; later ones dated: '10bps; 2022-06-01 5bps'"
)


class FeeRow(NamedTuple):
    """Charges of fills from `since` (us UTC) on: clamp(rate · notional + fixed, least, most), in quote currency.

    `maker` is the rate of a limit order that rested at the start of its bar, `taker` of everything else.
    """

    since: int
    maker: float
    taker: float
    fixed: float = 0.0
    least: float = 0.0
    most: float = INFINITE


@dataclass(frozen=True, slots=True)
class Fees:
    """A schedule: rows in order of time, the first for all that came before too; `text` is how it is said."""

    rows: tuple[FeeRow, ...]
    text: str

    def __str__(self) -> str:
        """Return the schedule as it is said."""
        return self.text


def read_fees(value: object) -> "float | Fees":
    """Read a fee: one fraction for both sides where that says all, else a schedule.

    Parameters
    ----------
    value : str, float or Fees
        See the bound in the message for what can be said; a plain number is a fraction.

    Raises
    ------
    ParameterError
        It cannot be read, or a rate lies outside [0, 1), or dates do not rise.
    """
    if isinstance(value, Fees):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    text = re.sub(r"\s+", " ", str(value)).strip()
    parts = [part.strip() for part in text.split(";")]
    rows = [_row(part, place, text) for place, part in enumerate(parts)]
    times = [row.since for row in rows]
    if any(later <= earlier for earlier, later in itertools.pairwise(times)):
        raise ParameterError(name="fee", value=text, bound="dated in rising order: '10bps; 2022-06-01 5bps'")
    only = rows[0]
    if len(rows) == 1 and only.maker == only.taker and only[3:] == (0.0, 0.0, INFINITE):
        return only.taker
    return Fees(tuple(rows), text)


def _row(part: str, place: int, text: str) -> FeeRow:
    """Read one row; every row but the first begins with its date."""
    since = -(2**62)
    if place:
        date, _, part = part.partition(" ")
        try:
            since = round(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1_000_000
        except ValueError:
            raise _wrong(text) from None
    bounded = re.fullmatch(r"(min|max)\( ?([^,]+), ?([^,]+?) ?\)", part)
    least, most = 0.0, INFINITE
    if bounded:
        sides = [_terms(bounded[2], text), _terms(bounded[3], text)]
        money = next((one for one in sides if one[0] == one[1] == 0.0), None)
        if money is None:
            raise _wrong(text)
        maker, taker, fixed = sides[1 - sides.index(money)]
        least, most = (money[2], INFINITE) if bounded[1] == "max" else (0.0, money[2])
    else:
        maker, taker, fixed = _terms(part, text)
    if not (0 <= maker < 1 and 0 <= taker < 1):
        raise ParameterError(name="fee", value=text, bound="made of rates in [0, 1), such as 10bps or 0.1%")
    return FeeRow(since, maker, taker, fixed, least, most)


def _terms(text: str, whole: str) -> tuple[float, float, float]:
    """Read `maker R taker R`, `R`, `M` or `R+M` as maker rate, taker rate and fixed money."""
    pair = re.fullmatch(r"maker[ =]([^ ,]+)[ ,] ?taker[ =]([^ ]+)", text)
    if pair:
        (maker, none), (taker, fixed) = _sum(pair[1], whole), _sum(pair[2], whole)
        if none:
            raise _wrong(whole)
        return maker, taker, fixed
    rate, fixed = _sum(text, whole)
    return rate, rate, fixed


def _sum(text: str, whole: str) -> tuple[float, float]:
    """Read a rate, an amount of money (a number with letters, the currency), or one of each with a plus."""
    rate = fixed = None
    for term in text.split("+"):
        match = re.fullmatch(rf" ?({_NUMBER}) ?(bps|bp|%|[A-Za-z]{{3,5}})? ?", term)
        if match is None:
            raise _wrong(whole)
        number, unit = float(match[1]), match[2] or ""
        if unit in ("bps", "bp", "%", ""):
            if rate is not None:
                raise _wrong(whole)
            rate = number / 10_000 if unit in ("bps", "bp") else number / 100 if unit == "%" else number
        else:
            if fixed is not None:
                raise _wrong(whole)
            fixed = number
    return rate or 0.0, fixed or 0.0


def _wrong(text: str) -> ParameterError:
    """Return the error of a fee that cannot be read."""
    return ParameterError(name="fee", value=text, bound=_BOUND)
