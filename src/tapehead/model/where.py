"""read_where: the constraint of a sweep, such as fast < slow, and which sets it keeps; never run as Python."""

import ast
import math
import operator
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError

F64 = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

LONGEST: Final = 1_000
DEEPEST: Final = 20
_SAID: Final = 100
_TESTS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], Any]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_SUMS: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class _Truth(NamedTuple):
    """Where a condition holds, and where that is known: nothing is of a number divided by zero."""

    holds: BoolArray
    known: BoolArray


class _Demand(NamedTuple):
    """One of the conditions that `and` joins at the top, and the names in it."""

    node: ast.expr
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Constraint:
    """Conditions that a set has to meet, all of them.

    Of several strategies each meets those whose names it has: `signal < 20` asks nothing of one without `signal`.
    """

    text: str
    demands: tuple[_Demand, ...]

    @property
    def names(self) -> frozenset[str]:
        """Names of parameters that it asks for."""
        return frozenset().union(*(demand.names for demand in self.demands))

    def keeps(self, values: Mapping[str, F64], count: int) -> BoolArray:
        """Return which of `count` sets meet it; `values` by name, each shape (count,) or of one value."""
        kept = np.ones(count, np.bool_)
        for node, names in self.demands:
            if names <= values.keys():
                with np.errstate(all="ignore"):
                    truth = _truth(node, values)
                kept &= truth.holds & truth.known
        return kept


def read_where(text: str, known: Collection[str]) -> Constraint | None:
    """Return what a constraint asks for, None where it asks for nothing.

    Parameters
    ----------
    text : str
        Comparisons (`< <= > >= == !=`, also `5 < fast < slow`) of numbers and of parameters, with `+ - * /` and
        brackets, joined by `and`, `or`, `not`. At most 1,000 characters, 20 levels deep. A set in which it comes to a
        division by zero is kept only where the rest decides without it.
    known : collection of str
        Names of parameters that are numbers; those of one strategy among several as `SmaCross.fast`.

    Raises
    ------
    ParameterError
        It does not read as one, or names what is not there; with the character, counted from 1.
    """
    line = " ".join(text.split())
    if not line:
        return None
    if len(line) > LONGEST:
        raise refused(line, f"it has {len(line):,} characters; {LONGEST:,} are allowed", known)
    node = _parsed(line, known)
    _check_condition(node, 0, lambda at, cause: refused(line, f"at character {at.col_offset + 1}: {cause}", known))
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) else [node]
    demands = tuple(_Demand(part, frozenset(name for _, name in _names(part))) for part in parts)
    for at, name in _names(node):
        if name not in known:
            near = get_close_matches(name, sorted(known), 1)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            held = f"There are {', '.join(sorted(known))}" if known else "No parameter is a number"
            raise refused(
                line, f"at character {at.col_offset + 1}: no parameter is called '{name}'{hint} {held}", known
            )
    return Constraint(line, demands)


def refused(text: str, cause: str, known: Collection[str]) -> ParameterError:
    """Return the error of a constraint, with an example of the sweep's own names."""
    names = [*sorted(known), "5"][:2] if known else ["fast", "slow"]
    said = text if len(text) <= _SAID else f"{text[: _SAID - 1]}…"
    example = f"--where '{names[0]} < {names[1]}'"
    return ParameterError(f"where '{said}': {cause}. For instance: {example}", name="where", value=text, bound=cause)


def _parsed(line: str, known: Collection[str]) -> ast.expr:
    """Return Python's tree of a line; its parser's warnings, such as of `1or`, are errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        place = f"at character {error.offset}" if error.offset else "at its end"
        wrong = any(sign in line for sign in "&|^~")
        hint = "join comparisons by and, or, not" if wrong else "it does not read as a comparison; equal is written =="
        raise refused(line, f"{place}: {hint}", known) from None
    except (ValueError, RecursionError, MemoryError, Warning):
        raise refused(line, "it does not read as a comparison", known) from None


Wrong = Callable[[ast.expr, str], ParameterError]


def _check_condition(node: ast.expr, depth: int, wrong: Wrong) -> None:
    """Refuse what is no condition."""
    if depth > DEEPEST:
        raise wrong(node, f"it is nested more than {DEEPEST} levels deep")
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check_condition(part, depth + 1, wrong)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check_condition(node.operand, depth + 1, wrong)
    elif isinstance(node, ast.Compare):
        if any(type(op) not in _TESTS for op in node.ops):
            raise wrong(node, "compare by < <= > >= == !=")
        for side in (node.left, *node.comparators):
            _check_number(side, depth + 1, wrong)
    else:
        raise wrong(node, "a comparison is wanted, joined to others by and, or, not")


def _check_number(node: ast.expr, depth: int, wrong: Wrong) -> None:
    """Refuse what is no number."""
    if depth > DEEPEST:
        raise wrong(node, f"it is nested more than {DEEPEST} levels deep")
    if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
        _check_number(node.left, depth + 1, wrong)
        _check_number(node.right, depth + 1, wrong)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        _check_number(node.operand, depth + 1, wrong)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float) and _is_finite(node.value):
        pass
    elif not isinstance(node, ast.Name) and not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        raise wrong(node, "a number, the name of a parameter, or + - * / of them is wanted")


def _is_finite(value: Any) -> bool:
    """Say whether a constant is a number that float64 holds."""
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _names(node: ast.expr) -> Iterator[tuple[ast.expr, str]]:
    """Yield the names of parameters in a condition, each with its node."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield node, ast.unparse(node)
        return
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.expr):
            yield from _names(part)


def _truth(node: ast.expr, values: Mapping[str, F64]) -> _Truth:
    """Return where a condition holds; one part that is known to decide is enough."""
    if isinstance(node, ast.UnaryOp):
        holds, known = _truth(node.operand, values)
        return _Truth(~holds, known)
    if isinstance(node, ast.Compare):
        sides = [_number(side, values) for side in (node.left, *node.comparators)]
        tests = [_compared(op, a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False)]
        return _joined(tests, decides=False)
    if isinstance(node, ast.BoolOp):
        return _joined([_truth(part, values) for part in node.values], decides=isinstance(node.op, ast.Or))
    raise TypeError(ast.dump(node))


def _compared(op: ast.cmpop, left: F64, right: F64) -> _Truth:
    """Return where one comparison holds."""
    return _Truth(np.asarray(_TESTS[type(op)](left, right), np.bool_), np.isfinite(left) & np.isfinite(right))


def _joined(truths: list[_Truth], *, decides: bool) -> _Truth:
    """Return where all hold, or where any does: that which `decides` it is true for any, false for all."""
    decided, known = np.zeros(1, np.bool_), np.ones(1, np.bool_)
    for holds, is_known in truths:
        decided = decided | (is_known & (holds == decides))
        known = known & is_known
    return _Truth(decided == decides, decided | known)


def _number(node: ast.expr, values: Mapping[str, F64]) -> F64:
    """Return the value of a side at each set."""
    if isinstance(node, ast.Constant):
        return np.array([float(node.value)])  # type: ignore[arg-type]  # int or float, asked when it was read
    if isinstance(node, ast.UnaryOp):
        inner = _number(node.operand, values)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp):
        made: F64 = _SUMS[type(node.op)](_number(node.left, values), _number(node.right, values))
        return made
    return values[ast.unparse(node)]
