"""Expression: the filter of a universe, or a screen, as a tree, and what it says, day by day or by instrument."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Union, cast

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
_SUMS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_YES, _NO = np.array(1, np.bool_), np.array(0, np.bool_)


class Term(NamedTuple):
    """A fact or a figure by name; `days` is the window of a figure over days, else 0.

    `back` counts bars before the newest, in a screen; filters have none.
    """

    name: str
    days: int = 0
    back: int = 0


Operand = Union[Term, float, str, "Sum", "Ranked"]
Values = Callable[[Term], Any]
"""What a term is of one instrument: a word, or a float64 array by day, NaN where it is not known."""


class Truth(NamedTuple):
    """Whether a condition holds, and whether that is known, each a bool array by day or a single bool.

    Where it is not known, `holds` means nothing: an unknown figure makes no member, not even under `not`.
    """

    holds: BoolArray
    known: BoolArray


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers and one of + - * / between them; what is no finite number is not known."""

    left: Operand
    sign: str
    right: Operand

    def terms(self) -> Iterator[Term]:
        """Yield the terms that it names."""
        yield from terms_of(self.left)
        yield from terms_of(self.right)

    def value(self, values: Values) -> Any:
        """Return what it comes to, NaN where that is not known."""
        with np.errstate(all="ignore"):
            made = _SUMS[self.sign](_as_number(value_of(self.left, values)), _as_number(value_of(self.right, values)))
        return np.where(np.isfinite(made), made, np.nan)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where each instrument stands among those of which a number is known; NaN for the others.

    `rank` is 1 for the largest, equal ones share the better place; `place` tells equal ones apart by their order;
    `percentile` is the share of the known that is at most as large, above 0 and up to 100.
    """

    how: str
    part: Operand

    def terms(self) -> Iterator[Term]:
        """Yield the terms that it names."""
        yield from terms_of(self.part)

    def value(self, values: Values) -> Any:
        """Return the places as a float64 array, shape (n_instruments,)."""
        held = np.asarray(value_of(self.part, values), np.float64)
        out = np.full(held.shape, np.nan)
        known = np.flatnonzero(np.isfinite(held))
        some = held[known]
        if self.how == "place":
            out[known[np.argsort(-some, kind="stable")]] = np.arange(1, len(some) + 1)
        elif len(some):
            upto = np.searchsorted(np.sort(some), some, side="right")
            out[known] = 100.0 * upto / len(some) if self.how == "percentile" else len(some) - upto + 1
        return out


def terms_of(operand: Operand | tuple[float | str, ...]) -> Iterator[Term]:
    """Yield the terms that an operand names."""
    if isinstance(operand, Term):
        yield operand
    elif isinstance(operand, (Sum, Ranked)):
        yield from operand.terms()


def value_of(operand: Operand, values: Values) -> Any:
    """Return what an operand is."""
    if isinstance(operand, Term):
        return values(operand)
    return operand.value(values) if isinstance(operand, (Sum, Ranked)) else operand


def earlier(operand: Operand, back: int) -> Operand:
    """Return what an operand was `back` bars before; facts that are words never change."""
    if isinstance(operand, Term):
        return operand if operand.name in TEXTS else operand._replace(back=operand.back + back)
    if isinstance(operand, Sum):
        return Sum(earlier(operand.left, back), operand.sign, earlier(operand.right, back))
    return Ranked(operand.how, earlier(operand.part, back)) if isinstance(operand, Ranked) else operand


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two operands and the sign between them, or a term and the constants of a list with `in`."""

    left: Operand
    sign: str
    right: Operand | tuple[float | str, ...]

    def terms(self) -> Iterator[Term]:
        """Yield the terms that it names."""
        yield from terms_of(self.left)
        yield from terms_of(self.right)

    def judge(self, values: Values) -> Truth:
        """Return where it holds."""
        left = value_of(self.left, values)
        if self.sign == "in" and isinstance(self.right, tuple):
            found = [np.asarray(left == each, np.bool_) for each in self.right]
            return Truth(np.logical_or.reduce(found), _is_known(left))
        right = value_of(cast("Operand", self.right), values)
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
    worded = isinstance(value, str) or (isinstance(value, np.ndarray) and value.dtype.kind == "U")
    known: BoolArray = _YES if worded else np.asarray(~np.isnan(value))
    return known


def _as_number(value: Any) -> Any:
    """Return a number as numpy's, which divides by zero without an error."""
    return np.float64(value) if isinstance(value, (int, float)) else value
