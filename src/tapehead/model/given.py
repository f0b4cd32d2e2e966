"""GivenWeights, GivenFacts: weights and facts that a user hands in, as a run keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tapehead.model.iso_times import iso, us_of

FactKind = Literal["dividend", "split"]
FACT_KINDS: Final[tuple[FactKind, ...]] = ("dividend", "split")
_FACT: Final = ("time", "symbol", "kind", "value")
MOST_ROWS: Final = 100_000
"""Of weights, or of facts, since they are kept with the run."""


@dataclass(frozen=True, slots=True)
class GivenWeights:
    """Weights by time, rising (us UTC), each time a whole: who is not named at it has 0 from then on.

    Each of `rows` is a time and what instruments (`venue:symbol`, in the order of names) weigh from it on.
    """

    rows: tuple[tuple[int, tuple[tuple[str, float], ...]], ...]

    def in_words(self) -> str:
        """Say how many there are."""
        count, times = sum(len(held) for _, held in self.rows), len(self.rows)
        return f"{count:,} at {times:,} time{'s' * (times != 1)}, kept with the run"

    def to_json(self) -> dict[str, dict[str, float]]:
        """Return weights by name by time."""
        return {iso(time): dict(weights) for time, weights in self.rows}

    @staticmethod
    def from_json(value: Mapping[str, Mapping[str, float]]) -> "GivenWeights":
        """Undo `to_json`."""
        rows = ((us_of(time), tuple(sorted(weights.items()))) for time, weights in value.items())
        return GivenWeights(tuple(sorted(rows)))


@dataclass(frozen=True, slots=True)
class GivenFacts:
    """Dividends and splits, each a time (us UTC), `venue:symbol`, kind and value; in the order of time, name, kind.

    The value of a split is how many units one becomes, of a dividend the money a unit, in quote currency.
    """

    rows: tuple[tuple[int, str, FactKind, float], ...] = ()

    def in_words(self) -> str:
        """Say how many there are."""
        return f"{len(self.rows):,}, kept with the run"

    def to_json(self) -> list[dict[str, Any]]:
        """Return a list of mappings with `time`, `symbol`, `kind` and `value`."""
        return [dict(zip(_FACT, (iso(row[0]), *row[1:]), strict=True)) for row in self.rows]

    def by_name(self) -> dict[str, list[tuple[int, FactKind, float]]]:
        """Return time, kind and value of all that each instrument has, in their order."""
        found: dict[str, list[tuple[int, FactKind, float]]] = {}
        for time, name, kind, value in self.rows:
            found.setdefault(name, []).append((time, kind, value))
        return found

    @staticmethod
    def from_json(value: Any) -> "GivenFacts":
        """Undo `to_json`."""
        return GivenFacts(tuple((us_of(row["time"]), row["symbol"], row["kind"], row["value"]) for row in value))
