"""Leg: one instrument of a portfolio, with what it is traded by."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars
from tapehead.model.given import FactKind
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Fact(NamedTuple):
    """What happens to every unit of an instrument at a time (us UTC).

    `value` of a `split` is how many units one becomes, of a `dividend` the money a unit in quote currency.
    """

    ts: int
    kind: FactKind
    value: float


class Rates(NamedTuple):
    """What one unit of a currency is worth in that of the account: `value[k]` is known from `since[k]` on (us UTC)."""

    since: I64
    value: F64


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One instrument of a portfolio.

    Attributes
    ----------
    bars, signals, rules
        As a single run takes them; cash, leverage, interest, fill and path are those of the account.
    decides : bool array, shape (n_bars,), optional
        Bars at whose close weights that have not changed are looked at again.
    settled : int64 array, shape (n_bars,), optional
        When the money of a sale in each bar may be spent, us UTC; at once where it is not given.
    facts : sequence of Fact
        Rising in time; of one time dividends before splits.
    rates : Rates, optional
        Of its currency; the account's own where it is not given.
    """

    bars: Bars
    signals: Signals
    rules: Rules
    decides: BoolArray | None = None
    settled: I64 | None = None
    facts: tuple[Fact, ...] = ()
    rates: Rates | None = None

    @property
    def name(self) -> str:
        """`venue:symbol`."""
        return self.bars.series.instrument
