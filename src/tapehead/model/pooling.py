"""Pooling: the settings by which many instruments trade from one account."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from tapehead.errors import ParameterError
from tapehead.model.given import GivenFacts, GivenWeights

ACCOUNT: Final = "portfolio:account"
"""What the result of the whole account is called."""
SETTLES: Final = ("T+0", "T+1")
PERIODS: Final = ("bar", "day", "week", "month", "quarter")
"""At whose last bars weights are looked at again."""
_MOST_PLACES: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Pooling:
    """How instruments share one account; docs/portfolio.md says every rule.

    Attributes
    ----------
    rank : str
        An indicator over the bars, such as `roc(63)`: of those that want to be bought the greatest go first. Empty: the
        strategy's own line, where it gives one.
    max_positions : int or None
        Most positions at a time.
    weights : str or GivenWeights
        `equal` gives those chosen on a rebalancing date one share each; given ones hold from their times on while the
        strategy wants what they are of; empty: what the strategy wants.
    rebalance : str
        `bar day week month quarter`, or dates with commas between (2024-01-31,2024-02-29); empty: none.
    settle : str
        When the money of a sale buys again: `T+0` at once, `T+1` from the next session on.
    currency : str
        Of the account; empty where all instruments have the same.
    facts : GivenFacts or None
        Dividends and splits; an instrument that has some here has none of the store's.

    Raises ParameterError for a value that is none of these.
    """

    rank: str = ""
    max_positions: int | None = None
    weights: str | GivenWeights = ""
    rebalance: str = ""
    settle: str = "T+0"
    currency: str = ""
    facts: GivenFacts | None = None

    def __post_init__(self) -> None:
        """Check every value."""
        most = self.max_positions
        if most is not None and not (type(most) is int and 1 <= most <= _MOST_PLACES):
            raise ParameterError(name="max_positions", value=most, bound="a whole number of at least 1, or left out")
        if self.settle not in SETTLES:
            raise ParameterError(name="settle", value=self.settle, bound="T+0 or T+1")
        if not isinstance(self.weights, GivenWeights) and self.weights not in ("", "equal"):
            raise ParameterError(name="weights", value=self.weights, bound="equal, a file of them, or left out")
        if self.weights == "equal" and not self.rebalance:
            raise ParameterError(name="weights", value=self.weights, bound="given with its dates: --rebalance month")
        if self.rebalance not in ("", *PERIODS):
            self.days()
        if self.currency and not (self.currency.isalnum() and self.currency.isupper() and len(self.currency) <= 8):
            raise ParameterError(name="currency", value=self.currency, bound="a code such as USD")

    def days(self) -> tuple[date, ...]:
        """Return the dates that `rebalance` lists, rising; raise ParameterError for one that is none."""
        found = []
        for text in self.rebalance.split(","):
            try:
                found.append(date.fromisoformat(text.strip()))
            except ValueError:
                bound = f"{', '.join(PERIODS)}, or dates such as 2024-01-31,2024-02-29"
                raise ParameterError(name="rebalance", value=text, bound=bound) from None
        return tuple(sorted(set(found)))

    def to_json(self) -> dict[str, Any]:
        """Return what differs from its default."""
        default = Pooling()
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.to_json() if isinstance(value, GivenWeights | GivenFacts) else value
            for name, value in told.items()
            if value != getattr(default, name)
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Pooling":
        """Undo `to_json`."""
        held = dict(value)
        if isinstance(held.get("weights"), Mapping):
            held["weights"] = GivenWeights.from_json(held["weights"])
        if "facts" in held:
            held["facts"] = GivenFacts.from_json(held["facts"])
        return Pooling(**held)


def read_pooling(given: Mapping[str, Any]) -> Pooling:
    """Return the settings as a user gives them, None being the default; raise ParameterError for what does not fit."""
    kinds = {"rank": str, "weights": str, "settle": str, "currency": str}
    values = {name: value for name, value in given.items() if value is not None}
    for name, kind in kinds.items():
        if name in values and not isinstance(values[name], kind | GivenWeights if name == "weights" else kind):
            raise ParameterError(name=name, value=repr(values[name]), bound="text")
    days = values.get("rebalance")
    if days is not None and not isinstance(days, str):
        if not isinstance(days, list | tuple):
            raise ParameterError(name="rebalance", value=repr(days), bound="a period such as month, or a list of dates")
        values["rebalance"] = ",".join(str(day) for day in days)
    most = values.get("max_positions")
    if isinstance(most, float) and math.isfinite(most) and most == int(most):
        values["max_positions"] = int(most)
    return Pooling(**values)
