"""Rules: how orders fill and what they cost (engine.md, sections 1 to 3 and 10)."""

import re
from dataclasses import dataclass
from typing import Literal

from tapehead.errors import ParameterError

Fill = Literal["next_open", "close"]
OnConflict = Literal["nothing", "enter", "ignore"]


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of a simulation, in the engine's own units.

    Attributes
    ----------
    fee : float
        Fraction of notional a side, in [0, 1); `10bps` is 0.001.
    slippage : float
        Fraction of price against us, in [0, 1).
    fill : str
        `next_open`: a decision at the close of t fills at the open of the next traded bar. `close`: at the close of
        t itself, or of the next traded bar.
    size : float
        Fraction of equity an entry spends, fee included, in (0, 1].
    cash : float
        Starting cash, above 0, in quote currency.
    close_at_end : bool
        Sell what is open at the last close, taker and slipped, reason `end`.
    max_wait : int or None
        An entry that has waited more than this many calendar steps without a traded bar expires.
    on_conflict : str
        What enter and leave on one bar mean while flat: `nothing` cancels what waits, `enter` enters, `ignore` leaves
        all as it is.
    delist_haircut : float
        Part of the last close that is lost on delisting, in [0, 1].
    delisted : bool
        The series ends by delisting: the position is closed at its last close, without fee or slippage.
    calendar : str
        Calendar of the instrument: periods a year, and what a missing step is.
    """

    fee: float = 0.0
    slippage: float = 0.0
    fill: Fill = "next_open"
    size: float = 1.0
    cash: float = 10_000.0
    close_at_end: bool = False
    max_wait: int | None = None
    on_conflict: OnConflict = "nothing"
    delist_haircut: float = 0.0
    delisted: bool = False
    calendar: str = "24/7"

    def __post_init__(self) -> None:
        """Raise ParameterError for a value out of bounds."""
        _check(0 <= self.fee < 1, "fee", self.fee, "a fraction in [0, 1), such as 10bps or 0.1%")
        _check(0 <= self.slippage < 1, "slippage", self.slippage, "a fraction in [0, 1), such as 2bps")
        _check(self.fill in ("next_open", "close"), "fill", self.fill, "next_open or close")
        _check(0 < self.size <= 1, "size", self.size, "a share of equity in (0 %, 100 %], such as 50%")
        _check(0 < self.cash < float("inf"), "cash", self.cash, "above 0 and finite, such as 10000")
        wait = self.max_wait
        most = 2**31 - 1
        whole = wait is None or (isinstance(wait, int) and 0 <= wait <= most)
        _check(whole, "max_wait", wait, f"an integer from 0 to {most}")
        _check(
            self.on_conflict in ("nothing", "enter", "ignore"),
            "on_conflict",
            self.on_conflict,
            "nothing, enter or ignore",
        )
        _check(0 <= self.delist_haircut <= 1, "delist_haircut", self.delist_haircut, "a fraction in [0, 1]")


def _check(good: bool, name: str, value: object, bound: str) -> None:
    """Raise ParameterError unless `good`."""
    if not good:
        raise ParameterError(name=name, value=value, bound=bound)


def fraction(name: str, text: str | float) -> float:
    """Read a rate: `10bps`, `0.1%` or a plain fraction; `10bps` is 10/10000."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return float(text)
    match = re.fullmatch(r"\s*([+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*(bps|bp|%)?\s*", str(text))
    if match is None:
        raise ParameterError(name=name, value=text, bound="a rate with its unit, such as 10bps or 0.1%")
    value = float(match[1])
    return value / 10_000 if match[2] in ("bps", "bp") else value / 100 if match[2] == "%" else value
