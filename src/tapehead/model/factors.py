"""Factors: the dated corporate actions of one instrument, as multipliers of its raw prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

Basis = Literal["", "raw", "split", "all"]
BASES: Final[tuple[Basis, ...]] = ("", "raw", "split", "all")
"""What the prices of an instrument are adjusted by: not known, nothing, splits, splits and dividends."""


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """A step function of time, shape (n_steps,) each.

    Attributes
    ----------
    instrument : str
        `venue:symbol`.
    ts : int64 array
        Open times (us UTC), strictly rising. A step holds for bars that open at or after it and before the next; bars
        before the first step have the factors of the first.
    split, dividend : float64 arrays
        Raw price x `split` is the split-adjusted price, x `dividend` the dividend-adjusted one, both of the scale the
        source uses (most often 1 at the newest bar). Positive and finite.
    source : str
        Where they come from, for people.
    """

    instrument: str
    ts: "NDArray[Any]"
    split: "NDArray[Any]"
    dividend: "NDArray[Any]"
    source: str

    def columns(self) -> "Mapping[str, NDArray[Any]]":
        """Return `ts`, `split`, `dividend` by name."""
        return {"ts": self.ts, "split": self.split, "dividend": self.dividend}
