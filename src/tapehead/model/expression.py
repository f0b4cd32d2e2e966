"""Expression: the filter of a universe as a tree, and what it says of one instrument, day by day."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]

TEXTS: Final = ("kind", "venue", "symbol", "quote", "calendar", "basis")
"""Facts of an instrument that are words."""
FIGURES: Final = ("bars", "age_days", "close", "volume")
"""Figures of an instrument at a day."""
WINDOWS: Final = {"dollar_volume": 1, "change": 1, "volatility": 2}
"""Figures over the last days, with the least number of days that each can be over."""
LONGEST_WINDOW: Final = 1_000

_TESTS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


_YES, _NO = np.array(1, np.bool_), np.array(0, np.bool_)


class Term(NamedTuple):
    """A fact or a figure by name; `days` is the window of a figure over days, else 0."""

    name: str
    days: int = 0


Operand = Term | float | str
Values = Callable[[Term], Any]
"""What a term is of one instrument: a word, or a float64 array by day, NaN where it is not known."""


class Truth(NamedTuple):
    """Whether a condition holds, and whether that is known, each a bool array by day or a single bool.

    Where it is not known, `holds` means nothing: an unknown figure makes no member, not even under `not`.
    """

    holds: BoolArray
    known: BoolArray


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and the sign between them, or a term and the constants of a list with `in`."""

    left: Operand
    sign: str
    right: Operand | tuple[float | str, ...]

    def terms(self) -> Iterator[Term]:
        """Yield the terms that it names."""
        yield from (each for each in (self.left, self.right) if isinstance(each, Term))

    def judge(self, values: Values) -> Truth:
        """Return where it holds."""
        left = values(self.left) if isinstance(self.left, Term) else self.left
        if self.sign == "in" and isinstance(self.right, tuple):
            found = [np.asarray(left == each, np.bool_) for each in self.right]
            return Truth(np.logical_or.reduce(found), _is_known(left))
        right = values(self.right) if isinstance(self.right, Term) else self.right
        holds = np.asarray(_TESTS[self.sign](left, right), np.bool_)
        return Truth(holds, _is_known(left) & _is_known(right))


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: "Condition"

    def terms(self) -> Iterator[Term]:
        """Yield the terms that it names."""
        yield from self.part.terms()

    def judge(self, values: Values) -> Truth:
        """Return where it holds."""
        truth = self.part.judge(values)
        return Truth(~truth.holds, truth.known)


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by `and`, or by `or`."""

    word: str
    parts: tuple["Condition", ...]

    def terms(self) -> Iterator[Term]:
        """Yield the terms that it names."""
        for part in self.parts:
            yield from part.terms()

    def judge(self, values: Values) -> Truth:
        """Return where it holds: one part that is known to decide is enough."""
        decides = self.word == "or"
        truths = [part.judge(values) for part in self.parts]
        decided, known = _NO, _YES
        for holds, is_known in truths:
            decided = decided | (is_known & (holds == decides))
            known = known & is_known
        return Truth(decided == decides, decided | known)


Condition = Comparison | Not | Joined


def _is_known(value: Any) -> BoolArray:
    """Return where a value is known; words always are."""
    known: BoolArray = _YES if isinstance(value, str) else np.asarray(~np.isnan(value))
    return known
