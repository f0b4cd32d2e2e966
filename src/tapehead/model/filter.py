"""read_filter, Reader: the text of a filter or of a screen as a Condition; nothing of it is ever run as Python."""

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
    Ranked,
    Sum,
    Term,
    terms_of,
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
_SUMS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
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
        with words and of `bars age_days close volume dollar_volume(N) change(N) volatility(N)` and sums (`+ - * /`)
        of them with numbers, joined by `and`, `or`, `not` and parentheses. At most 1,000 characters, 20 levels deep.

    Raises
    ------
    ExpressionError
        With the character, counted from 1, at which it stops making sense.

    Examples
    --------
    >>> read_filter("age_days >= 90").sign
    '>='
    """
    return Reader(text).read()


def _cut(text: str, longest: int) -> str:
    """Return a text, its end left out where it is long."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


class Reader:
    """Python's tree of one line, node by node into ours; what is not named here is refused.

    Screens read by a class of their own, which knows other words.
    """

    held: str = _HELD
    noun: str = "filter"
    kind: type[ExpressionError] = ExpressionError
    example: str = EXAMPLE

    def __init__(self, text: str, name: str = "where") -> None:
        self.name = name
        self.line = " ".join(text.split())
        self._places = _places(text)

    def read(self) -> Condition:
        """Read the whole line as a condition; raises ExpressionError."""
        return self.condition(self.parsed(), 0)

    def parsed(self) -> ast.expr:
        """Return Python's tree of the line; its parser's warnings, such as of `1or`, are errors."""
        line = self.line
        if not line:
            raise self.refused("it is empty", 1)
        if len(line) > LONGEST:
            raise self.refused(f"it has {len(line):,} characters; {LONGEST:,} are allowed")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return ast.parse(line, mode="eval").body
        except SyntaxError as error:
            hint = next((said for sign, said in _HINTS if sign.search(line)), "it does not read as a condition")
            place = f"at character {error.offset}" if error.offset else "at its end"
            raise self.refused(f"{place}: {hint}", error.offset or len(line) + 1) from None
        except (ValueError, RecursionError, MemoryError, Warning):
            raise self.refused("it does not read as a condition") from None

    def refused(self, cause: str, at: int | None = None) -> ExpressionError:
        """Return the error of the line; `at` is the character of the line at which it stops making sense, from 1."""
        place = None if at is None else self._places[min(at, len(self._places)) - 1]
        return self.kind(
            text=_cut(self.line, _SHOWN),
            cause=cause,
            example=self.example,
            line=self.line,
            at=at,
            position=place,
            name=self.name,
        )

    def condition(self, node: ast.expr, depth: int) -> Condition:
        """Read a node that is true or false."""
        if depth > DEEPEST:
            raise self.wrong(node, f"it is nested more than {DEEPEST} levels deep")
        if isinstance(node, ast.BoolOp):
            word = "and" if isinstance(node.op, ast.And) else "or"
            return Joined(word, tuple(self.condition(part, depth + 1) for part in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Not(self.condition(node.operand, depth + 1))
        if isinstance(node, ast.Compare):
            return self._comparisons(node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            raise self.wrong(node, _HINTS[0][1])
        found = self.test(node, depth)
        if found is not None:
            return found
        read = self.operand(node, depth)
        wanted = f'{read.name} == "…"' if isinstance(read, Term) and read.name in TEXTS else f"{self._said(node)} > 0"
        raise self.wrong(node, f"'{self._said(node)}' is a value and no condition; compare it, such as {wanted}")

    def test(self, node: ast.expr, depth: int) -> Condition | None:  # noqa: ARG002 - screens have some
        """Read a call that is a condition by itself; filters have none."""
        return None

    def _comparisons(self, node: ast.Compare, depth: int) -> Condition:
        """Read `a < b`, or `a < b < c` as both of its halves."""
        sides = [node.left, *node.comparators]
        parts = [
            self._comparison(left, sign, right, depth)
            for left, sign, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> Condition:
        """Read one comparison."""
        sign = _SIGNS.get(type(op))
        if sign is None:
            raise self.wrong(left, "compare by < <= > >= == != in, not in")
        if sign in ("in", "not in"):
            among = Comparison(self._term(left), "in", self._constants(left, right))
            return among if sign == "in" else Not(among)
        a, b = self.operand(left, depth), self.operand(right, depth)
        if not any(True for each in (a, b) for _ in terms_of(each)):
            raise self.wrong(left, f"it compares two constants; a {self.noun} asks for {self.held}")
        if _is_text(a) != _is_text(b):
            raise self.wrong(left, "a word is compared with a number")
        if _is_text(a) and sign not in ("==", "!="):
            raise self.wrong(left, f"words have no order; compare '{self._said(left)}' by == or !=")
        self._check_word(a, b, right)
        self._check_word(b, a, left)
        return Comparison(a, sign, b)

    def _term(self, node: ast.expr) -> Term:
        """Read what stands left of `in`."""
        read = self.operand(node, 0)
        if not isinstance(read, Term):
            raise self.wrong(node, f"left of in stands one of {self.held}")
        return read

    def _constants(self, left: ast.expr, node: ast.expr) -> tuple[float | str, ...]:
        """Read the list right of `in`."""
        if not isinstance(node, (ast.List, ast.Tuple, ast.Set)) or not node.elts:
            raise self.wrong(node, 'right of in stands a list, such as symbol in ["BTCUSDT", "ETHUSDT"]')
        term = self._term(left)
        found = []
        for each in node.elts:
            value = self.operand(each, 0)
            if isinstance(value, (Term, Sum, Ranked)) or _is_text(value) != _is_text(term):
                raise self.wrong(each, f"the list of {term.name} holds {'words' if _is_text(term) else 'numbers'}")
            self._check_word(term, value, each)
            found.append(value)
        return tuple(found)

    def operand(self, node: ast.expr, depth: int) -> Operand:
        """Read a field, a figure over days, a number, a word, or a sum of numbers."""
        if depth > DEEPEST:
            raise self.wrong(node, f"it is nested more than {DEEPEST} levels deep")
        if isinstance(node, ast.Name):
            return self.field(node)
        if isinstance(node, ast.Call):
            return self.call(node, depth)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
            return Sum(self._part(node.left, depth), _SUMS[type(node.op)], self._part(node.right, depth))
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            raise self.wrong(node, _HINTS[0][1])
        number = _number(node)
        if number is not None:
            return number
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            part = self._part(node.operand, depth)
            return Sum(0.0, "-", part) if isinstance(node.op, ast.USub) else part
        return self.other(node, depth)

    def _part(self, node: ast.expr, depth: int) -> Operand:
        """Read a side of a sum, which is a number."""
        read = self.operand(node, depth + 1)
        if _is_text(read):
            raise self.wrong(node, f"'{self._said(node)}' is a word; numbers are summed")
        return read

    def other(self, node: ast.expr, depth: int) -> Operand:  # noqa: ARG002 - screens read more
        """Read what filters do not have: refuse it."""
        raise self.wrong(node, f"'{self._said(node)}' is no part of a {self.noun}; it asks for {self.held}")

    def field(self, node: ast.Name) -> Operand:
        """Read a name on its own."""
        if node.id in WINDOWS:
            raise self.wrong(node, f"{node.id} is over a number of days, such as {node.id}(30)")
        if node.id not in (*TEXTS, *FIGURES):
            raise self.wrong(node, self._unknown(node.id))
        return Term(node.id)

    def call(self, node: ast.Call, depth: int) -> Operand:  # noqa: ARG002 - calls of screens hold others
        """Read a figure over days."""
        name = node.func.id if isinstance(node.func, ast.Name) else self._said(node.func)
        if name in (*TEXTS, *FIGURES):
            raise self.wrong(node, f"{name} stands without parentheses")
        if name not in WINDOWS:
            raise self.wrong(node, self._unknown(name))
        least = WINDOWS[name]
        days = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
        if node.keywords or type(days) is not int or not least <= days <= LONGEST_WINDOW:
            raise self.wrong(node, f"{name} takes a whole number of days from {least} to {LONGEST_WINDOW:,}")
        return Term(name, days)

    def _unknown(self, name: str) -> str:
        """Say that nothing is called so, and what is near."""
        near = get_close_matches(name, (*TEXTS, *FIGURES, *WINDOWS), 1)
        hint = f"; did you mean '{near[0]}'?" if near else "."
        return f"nothing is called '{name}'{hint} There are {self.held}"

    def _check_word(self, term: Operand, value: Operand, node: ast.expr) -> None:
        """Refuse a word that a fact never is."""
        if not isinstance(term, Term) or isinstance(value, Term) or term.name not in _WORDS:
            return
        allowed = _WORDS[term.name]
        if value not in allowed:
            near = get_close_matches(str(value), allowed, 1)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            held = ", ".join(each or repr(each) for each in allowed)
            raise self.wrong(node, f"no {term.name} is '{value}'{hint} There are {held}")

    def _said(self, node: ast.expr) -> str:
        """Return the text of a node, cut where it is long."""
        return _cut(ast.get_source_segment(self.line, node) or "", _SAID)

    def wrong(self, node: ast.expr, cause: str) -> ExpressionError:
        """Return the error with the place of a node."""
        at = len(self.line.encode()[: node.col_offset].decode()) + 1
        return self.refused(f"at character {at}: {cause}", at)


def _places(text: str) -> list[int]:
    """Return the place in a text, from 1, of each character that stays when its blanks are joined, and of its end."""
    kept = [
        place for place, one in enumerate(text, 1) if not one.isspace() or (place > 1 and not text[place - 2].isspace())
    ]
    first = len(text) - len(text.lstrip())
    last = len(text.rstrip())
    return [place for place in kept if first < place <= last] + [last + 1]


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
