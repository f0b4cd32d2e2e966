"""Instrument: one tradable thing; Series: its bars at one interval."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tapehead.model.factors import Basis
from tapehead.model.interval import Interval

Kind = Literal["crypto", "equity", "index", "fx", "future", "option"]
KINDS: tuple[Kind, ...] = ("crypto", "equity", "index", "fx", "future", "option")
CALENDAR_OF_KIND: dict[Kind, str] = {
    "crypto": "24/7",
    "equity": "XNYS",
    "index": "XNYS",
    "fx": "FX",
    "future": "24/7",
    "option": "XNYS",
}
"""Calendar an instrument gets when nothing says otherwise."""


class Series(NamedTuple):
    """Key of one series of bars: names, never database ids."""

    venue: str
    symbol: str
    interval: Interval

    @property
    def instrument(self) -> str:
        """`venue:symbol`, the name of the instrument in every output."""
        return f"{self.venue}:{self.symbol}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable thing and the facts that trading it needs.

    Attributes
    ----------
    venue, symbol : str
        Name; `name` joins them by a colon.
    kind : Kind
        `crypto equity index fx future option`.
    quote, settle : str
        Currency of prices and of profits; empty when unknown.
    multiplier, tick, lot : float
        Money a point of price, price step, quantity step. A step of 0 means unknown: nothing is rounded.
    calendar : str
        Name for `model.calendar.calendar`.
    has_volume : bool
        A fact of the instrument, set at import: where true, a bar with volume 0 is not `traded`.
    listed_at, delisted_at : int or None
        Microseconds UTC; None when not known.
    basis : Basis
        What its stored prices are adjusted by: `raw split all`, empty when not known; see `model.factors`.
    """

    venue: str
    symbol: str
    kind: Kind = "crypto"
    quote: str = ""
    settle: str = ""
    multiplier: float = 1.0
    tick: float = 0.0
    lot: float = 0.0
    calendar: str = "24/7"
    has_volume: bool = True
    listed_at: int | None = None
    delisted_at: int | None = None
    basis: Basis = ""

    @property
    def name(self) -> str:
        """`venue:symbol`."""
        return f"{self.venue}:{self.symbol}"

    @property
    def currency(self) -> str:
        """The currency that profits come in; empty where it is not known."""
        return self.settle or self.quote
