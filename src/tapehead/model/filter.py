"""read_filter: the text of a universe's filter as a Condition; nothing of it is ever run as Python."""

import ast
import math
import re
import warnings
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

from tapehead.errors import ExpressionError
from tapehead.model.calendar import CALENDARS
from tapehead.model.expression import (
    FIGURES,
    LONGEST_WINDOW,
    TEXTS,
    WINDOWS,
    Comparison,
    Condition,
    Joined,
    Not,
    Operand,
    Term,
)
from tapehead.model.factors import BASES
from tapehead.model.instrument import KINDS

EXAMPLE: Final = 'kind == "crypto" and dollar_volume(30) > 1e6'
LONGEST = 1_000
DEEPEST = 20
_SHOWN = 200
_SAID = 40

_SIGNS: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_WORDS: Final[dict[str, Sequence[str]]] = {"kind": KINDS, "calendar": CALENDARS, "basis": BASES}
_HELD: Final = ", ".join((*TEXTS, *FIGURES, *(f"{name}(days)" for name in WINDOWS)))
_HINTS: Final = (
    (re.compile(r"&|\|"), "join conditions by and, or, not"),
    (re.compile(r"(?<![=!<>])=(?!=)"), "equal is written =="),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "and, or, not, in are written small"),
)


def read_filter(text: str) -> Condition:
    """Return what a filter asks for.

    Parameters
    ----------
    text : str
        Comparisons (`< <= > >= == !=`, `in` and `not in` with a list) of `kind venue symbol quote calendar basis`
        with words and of `bars age_days close volume dollar_volume(N) change(N) volatility(N)` with numbers, joined
        by `and`, `or`, `not` and parentheses. At most 1,000 characters, 20 levels deep.

    Raises
    ------
    ExpressionError
        With the character, counted from 1, at which it stops making sense.

    Examples
    --------
    >>> read_filter("age_days >= 90").sign
    '>='
    """
    line = " ".join(text.split())
    if not line:
        raise _refused(line, "it is empty")
    if len(line) > LONGEST:
        raise _refused(line, f"it has {len(line):,} characters; {LONGEST:,} are allowed")
    return _Reader(line).condition(_parsed(line), 0)


def _parsed(line: str) -> ast.expr:
    """Return Python's tree of a line; its parser's warnings, such as of `1or`, are errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        hint = next((said for sign, said in _HINTS if sign.search(line)), "it does not read as a condition")
        raise _refused(line, f"{f'at character {error.offset}' if error.offset else 'at its end'}: {hint}") from None
    except (ValueError, RecursionError, MemoryError, Warning):
        raise _refused(line, "it does not read as a condition") from None


def _refused(text: str, cause: str) -> ExpressionError:
    """Return the error of a text that is no filter."""
    return ExpressionError(text=_cut(text, _SHOWN), cause=cause, example=EXAMPLE)


def _cut(text: str, longest: int) -> str:
    """Return a text, its end left out where it is long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


class _Reader:
    """Python's tree of one line, node by node into ours; what is not named here is refused."""

    def __init__(self, line: str) -> None:
        self._line = line

    def condition(self, node: ast.expr, depth: int) -> Condition:
        """Read a node that is true or false."""
        if depth > DEEPEST:
            raise self._wrong(node, f"it is nested more than {DEEPEST} levels deep")
        if isinstance(node, ast.BoolOp):
            word = "and" if isinstance(node.op, ast.And) else "or"
            return Joined(word, tuple(self.condition(part, depth + 1) for part in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Not(self.condition(node.operand, depth + 1))
        if isinstance(node, ast.Compare):
            return self._comparisons(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            raise self._wrong(node, _HINTS[0][1])
        read = self._operand(node)
        wanted = f'{read.name} == "…"' if isinstance(read, Term) and read.name in TEXTS else f"{self._said(node)} > 0"
        raise self._wrong(node, f"'{self._said(node)}' is a value and no condition; compare it, such as {wanted}")

    def _comparisons(self, node: ast.Compare) -> Condition:
        """Read `a < b`, or `a < b < c` as both of its halves."""
        sides = [node.left, *node.comparators]
        parts = [
            self._comparison(left, sign, right) for left, sign, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Condition:
        """Read one comparison."""
        sign = _SIGNS.get(type(op))
        if sign is None:
            raise self._wrong(left, "compare by < <= > >= == != in, not in")
        if sign in ("in", "not in"):
            among = Comparison(self._term(left), "in", self._constants(left, right))
            return among if sign == "in" else Not(among)
        a, b = self._operand(left), self._operand(right)
        if not isinstance(a, Term) and not isinstance(b, Term):
            raise self._wrong(left, f"it compares two constants; a filter asks for {_HELD}")
        if _is_text(a) != _is_text(b):
            raise self._wrong(left, "a word is compared with a number")
        if _is_text(a) and sign not in ("==", "!="):
            raise self._wrong(left, f"words have no order; compare '{self._said(left)}' by == or !=")
        self._check_word(a, b, right)
        self._check_word(b, a, left)
        return Comparison(a, sign, b)

    def _term(self, node: ast.expr) -> Term:
        """Read what stands left of `in`."""
        read = self._operand(node)
        if not isinstance(read, Term):
            raise self._wrong(node, f"left of in stands one of {_HELD}")
        return read

    def _constants(self, left: ast.expr, node: ast.expr) -> tuple[float | str, ...]:
        """Read the list right of `in`."""
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)) or not node.elts:
            raise self._wrong(node, 'right of in stands a list, such as symbol in ["BTCUSDT", "ETHUSDT"]')
        term = self._term(left)
        found = []
        for each in node.elts:
            value = self._operand(each)
            if isinstance(value, Term) or _is_text(value) != _is_text(term):
                raise self._wrong(each, f"the list of {term.name} holds {'words' if _is_text(term) else 'numbers'}")
            self._check_word(term, value, each)
            found.append(value)
        return tuple(found)

    def _operand(self, node: ast.expr) -> Operand:
        """Read a field, a figure over days, a number or a word."""
        if isinstance(node, ast.Name):
            return self._field(node)
        if isinstance(node, ast.Call):
            return self._window(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        number = _number(node)
        if number is None:
            raise self._wrong(node, f"'{self._said(node)}' is no part of a filter; it asks for {_HELD}")
        return number

    def _field(self, node: ast.Name) -> Term:
        """Read a name on its own."""
        if node.id in WINDOWS:
            raise self._wrong(node, f"{node.id} is over a number of days, such as {node.id}(30)")
        if node.id not in (*TEXTS, *FIGURES):
            raise self._wrong(node, self._unknown(node.id))
        return Term(node.id)

    def _window(self, node: ast.Call) -> Term:
        """Read a figure over days."""
        name = node.func.id if isinstance(node.func, ast.Name) else self._said(node.func)
        if name in (*TEXTS, *FIGURES):
            raise self._wrong(node, f"{name} stands without parentheses")
        if name not in WINDOWS:
            raise self._wrong(node, self._unknown(name))
        least = WINDOWS[name]
        days = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
        if node.keywords or type(days) is not int or not least <= days <= LONGEST_WINDOW:
            raise self._wrong(node, f"{name} takes a whole number of days from {least} to {LONGEST_WINDOW:,}")
        return Term(name, days)

    def _unknown(self, name: str) -> str:
        """Say that nothing is called so, and what is near."""
        near = get_close_matches(name, (*TEXTS, *FIGURES, *WINDOWS), 1)
        hint = f"; did you mean '{near[0]}'?" if near else "."
        return f"nothing is called '{name}'{hint} There are {_HELD}"

    def _check_word(self, term: Operand, value: Operand, node: ast.expr) -> None:
        """Refuse a word that a fact never is."""
        if not isinstance(term, Term) or isinstance(value, Term) or term.name not in _WORDS:
            return
        allowed = _WORDS[term.name]
        if value not in allowed:
            near = get_close_matches(str(value), allowed, 1)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            held = ", ".join(each or repr(each) for each in allowed)
            raise self._wrong(node, f"no {term.name} is '{value}'{hint} There are {held}")

    def _said(self, node: ast.expr) -> str:
        """Return the text of a node, cut where it is long."""
        return _cut(ast.get_source_segment(self._line, node) or "", _SAID)

    def _wrong(self, node: ast.expr, cause: str) -> ExpressionError:
        """Return the error with the place of a node."""
        at = len(self._line.encode()[: node.col_offset].decode()) + 1
        return _refused(self._line, f"at character {at}: {cause}")


def _is_text(value: Any) -> bool:
    """Say whether an operand is a word."""
    return isinstance(value, str) or (isinstance(value, Term) and value.name in TEXTS)


def _number(node: ast.expr) -> float | None:
    """Return a finite number, with its sign, or None."""
    sign = 1
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        sign, node = -sign if isinstance(node.op, ast.USub) else sign, node.operand
    if not isinstance(node, ast.Constant) or type(node.value) not in (int, float):
        return None
    try:
        value = float(node.value)  # type: ignore[arg-type]  # int or float, asked above
    except OverflowError:
        return None
    return sign * value if math.isfinite(value) else None
