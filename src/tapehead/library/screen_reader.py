"""read_screen: `rsi(14) < 30 and close > sma(200)` as a Question; nothing of it is ever run as Python."""

import ast
from difflib import get_close_matches
from typing import Final

from tapehead.errors import ExpressionError, ParameterError, ScreenError, UnknownIndicatorError
from tapehead.jobs.screen import Question, is_number
from tapehead.jobs.screen_fill import Place
from tapehead.jobs.screen_lines import COLUMNS, TIME, WINDOWS, ScreenLine
from tapehead.layout.columns import PRICE_COLUMNS
from tapehead.library.asked_indicator import Asked, asked_of, name_of
from tapehead.model.expression import (
    LONGEST_WINDOW,
    TEXTS,
    Comparison,
    Condition,
    Joined,
    Operand,
    Ranked,
    Term,
    earlier,
    terms_of,
)
from tapehead.model.filter import Reader
from tapehead.wiring.indicator_plugins import indicators

EXAMPLE: Final = "rsi(14) < 30 and close > sma(200)"
MOST_ROWS: Final = 1_000_000
_RANKS: Final = ("rank", "percentile")
_CROSSINGS: Final = {"crosses_above": (">", "<="), "crosses_below": ("<", ">=")}
_INPUTS: Final = {"values": "close"}
_MOST_TERMS: Final = 64
_SHOWN: Final = 60
_ELSEWHERE: Final = {
    **dict.fromkeys(
        ("sector", "industry", "country", "market_cap", "shares", "pe"),
        "is a fact of companies, and the store holds no facts of companies yet; kind, venue and quote are held",
    ),
    "universe": "is named beside the expression: --universe NAME, universe= in Python and over HTTP",
    "interval": "is named beside the expression: --interval 1d, interval= in Python and over HTTP",
    "snapshot": "is named beside the expression: --snapshot 3, snapshot= in Python and over HTTP",
}
"""Words that people try, and what there is to say of each."""


def read_screen(
    text: str | None,
    *,
    by: str | None = None,
    top: int | None = None,
    ascending: bool = False,
    show: tuple[str, ...] = (),
) -> Question:
    """Return what a screen asks for.

    Parameters
    ----------
    text : str or None
        A condition as filters of universes have them, over the newest closed bar: besides `kind venue symbol quote
        calendar basis`, the columns `open high low close volume bars age_days`, and `change(N) dollar_volume(N)`
        over N bars, every indicator of the catalogue by its call, one line of it as `macd.signal`;
        `X[1]` is X a bar before; `rank(X)` and `percentile(X)` stand among the instruments that are asked;
        `top(N, X)`, `crosses_above(X, Y)`, `crosses_below(X, Y)` are conditions. None: it holds for all.
    by : str, optional
        A number that orders the answer.
    top : int, optional
        How many of it are kept, at least 1; needs `by`.
    ascending : bool
        The smallest first.
    show : tuple of str
        Numbers and facts to stand beside each instrument; those of text and `by` do anyway.

    Raises
    ------
    ScreenError
        With the character, counted from 1, at which it stops making sense.
    ParameterError
        `top` is out of bounds, or stands without `by`.
    """
    if top is not None and (by is None or not 1 <= top <= MOST_ROWS):
        bound = f"from 1 to {MOST_ROWS:,}, with by to say of what"
        raise ParameterError(name="top", value=top, bound=bound)
    reader = ScreenReader(text) if text is not None else None
    condition = None if reader is None else reader.read()
    lines = {} if reader is None else dict(reader.lines)
    shown: dict[str, Operand] = {} if reader is None else dict(reader.shown)
    order: Operand | None = None
    for each in (*((by,) if by is not None else ()), *show):
        extra = ScreenReader(each, "by" if each is by else "show")
        operand = extra.operand(extra.parsed(), 0)
        if each is by:
            order = operand
            if not is_number(operand):
                raise extra.refused("at character 1: it orders nothing; ask for a number of each instrument", 1)
        lines |= extra.lines
        shown[extra.line] = operand
    shown.pop("close", None)
    question = Question(condition, lines, shown, order, top, ascending)
    if len(question.places()) > _MOST_TERMS:
        raise (reader or ScreenReader("")).refused(f"it asks for more than {_MOST_TERMS} lines", 1)
    return question


def read_place(text: str) -> Place:
    """Return the line that a text stands for under which one is stored; raises ScreenError where there is none."""
    if text == TIME:
        return ScreenLine(TIME), 0
    reader = ScreenReader(text)
    term = reader.operand(reader.parsed(), 0)
    if not isinstance(term, Term):
        raise reader.refused("it is no line", 1)
    return reader.lines[term.name], term.back


class ScreenReader(Reader):
    """Reads what screens know more than filters.

    Attributes
    ----------
    lines : dict
        What is to be computed, by canonical text.
    shown : dict
        What stands beside each instrument, by the text it was asked by.
    """

    noun = "screen"
    kind: type[ExpressionError] = ScreenError
    example = EXAMPLE
    held = ", ".join(
        (*TEXTS, *COLUMNS, *(f"{name}(bars)" for name in WINDOWS), "rank(X), percentile(X), top(N, X)", *_CROSSINGS)
    )
    held = f"{held}, and indicators: tapehead indicators"

    def __init__(self, text: str, name: str = "expression") -> None:
        super().__init__(text, name)
        self.lines: dict[str, ScreenLine] = {}
        self.shown: dict[str, Operand] = {}

    def test(self, node: ast.expr, depth: int) -> Condition | None:
        """Read a crossing or a place among the first."""
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if not isinstance(node, ast.Call) or (name not in _CROSSINGS and name != "top"):
            return None
        if node.keywords or len(node.args) != 2:
            asked = "top(10, volume)" if name == "top" else f"{name}(ema(12), ema(26))"
            raise self.wrong(node, f"{name} takes two parts, such as {asked}")
        if name == "top":
            first = node.args[0]
            count = first.value if isinstance(first, ast.Constant) else None
            if type(count) is not int or not 1 <= count <= MOST_ROWS:
                raise self.wrong(first, f"top takes a whole number from 1 to {MOST_ROWS:,}, such as top(10, volume)")
            return Comparison(Ranked("place", self._number(node.args[1], depth)), "<=", float(count))
        now, before = _CROSSINGS[name]
        a, b = (self._number(each, depth, constant=True) for each in node.args)
        if not is_number(a) and not is_number(b):
            raise self.wrong(node, "two constants never cross")
        crossed = Comparison(a, now, b), Comparison(earlier(a, 1), before, earlier(b, 1))
        return Joined("and", crossed)

    def field(self, node: ast.Name) -> Operand:
        """Read a name on its own."""
        if node.id in TEXTS:
            return self._shown(node, Term(node.id))
        if node.id in COLUMNS:
            return self._shown(node, self._noted(ScreenLine(node.id)))
        if node.id in WINDOWS:
            raise self.wrong(node, f"{node.id} is over a number of bars, such as {node.id}(20)")
        if node.id in (*_RANKS, *_CROSSINGS, "top"):
            raise self.wrong(node, f"{node.id} is of something, such as {node.id}({'10, ' * (node.id == 'top')}volume)")
        return self._indicator(node, node, None)

    def call(self, node: ast.Call, depth: int) -> Operand:
        """Read a figure over bars, a rank or an indicator."""
        name = name_of(node.func) or ""
        if name in (*TEXTS, *COLUMNS):
            raise self.wrong(node, f"{name} stands without parentheses")
        if name in _CROSSINGS or name == "top":
            raise self.wrong(node, f"{name} is a condition and no number; join it to others by and, or, not")
        if name in WINDOWS:
            bars = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
            if node.keywords or type(bars) is not int or not 1 <= bars <= LONGEST_WINDOW:
                raise self.wrong(node, f"{name} takes a whole number of bars from 1 to {LONGEST_WINDOW:,}")
            return self._shown(node, self._noted(ScreenLine(f"{name}({bars})", bars)))
        if name in _RANKS:
            if node.keywords or len(node.args) != 1:
                raise self.wrong(node, f"{name} takes one part, such as {name}(volume)")
            return self._shown(node, Ranked(name, self._number(node.args[0], depth)))
        return self._indicator(node, node, None)

    def other(self, node: ast.expr, depth: int) -> Operand:
        """Read one line of an indicator, or what it was some bars before."""
        if isinstance(node, ast.Subscript):
            back = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if type(back) is not int or not 0 <= back <= LONGEST_WINDOW:
                raise self.wrong(node.slice, f"how many bars before is a whole number from 0 to {LONGEST_WINDOW:,}")
            moved = earlier(self._number(node.value, depth), back)
            if any(term.back > LONGEST_WINDOW for term in terms_of(moved)):
                raise self.wrong(node, f"it looks more than {LONGEST_WINDOW:,} bars back")
            return self._shown(node, moved)
        if isinstance(node, ast.Attribute):
            if name_of(node) is not None and name_of(node.value) == "talib":
                return self._indicator(node, node, None)
            return self._indicator(node, node.value, node.attr)
        return super().other(node, depth)

    def _number(self, node: ast.expr, depth: int, *, constant: bool = False) -> Operand:
        """Read a part that is a number by instrument."""
        read = self.operand(node, depth + 1)
        if not is_number(read) and not (constant and not isinstance(read, (str, Term))):
            raise self.wrong(node, "a number of each instrument is wanted, such as volume or rsi(14)")
        return read

    def _indicator(self, node: ast.expr, call: ast.expr, output: str | None) -> Operand:
        """Read the call of an indicator, and which of its lines is meant."""
        try:
            asked = asked_of(
                call, lambda at, bound: self.wrong(_placed(at, call), f"wanted is {bound.format(place='')}")
            )
        except UnknownIndicatorError:
            raise self.wrong(
                call, self._nothing(name_of(call.func if isinstance(call, ast.Call) else call) or "")
            ) from None
        one = asked.indicator
        inputs = tuple(_INPUTS.get(name, name) for name in asked.inputs.values())
        strange = [name for name in inputs if name not in (*PRICE_COLUMNS, "volume")]
        if strange:
            known = ", ".join((*PRICE_COLUMNS, "volume"))
            raise self.wrong(call, f"{one.name} is computed of {known} here, and not of {strange[0]}")
        if output is None and len(one.outputs) > 1:
            said = self._said(call)
            raise self.wrong(
                node, f"{one.name} has lines {', '.join(one.outputs)}; name one, such as {said}.{one.outputs[0]}"
            )
        if output is not None and output not in one.outputs:
            near = get_close_matches(output, one.outputs, 1)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            lines = ", ".join(one.outputs) or "one line without a name"
            raise self.wrong(node, f"{one.name} has no line '{output}'{hint} It has {lines}")
        place = one.outputs.index(output) if output is not None else 0
        return self._shown(node, self._noted(_line(asked, inputs, place)))

    def _noted(self, line: ScreenLine) -> Term:
        """Note a line, and return the term that stands for it."""
        self.lines[line.text] = line
        return Term(line.text)

    def _shown(self, node: ast.expr, operand: Operand) -> Operand:
        """Note what stands beside each instrument, under the text it was asked by, cut where it is long."""
        whole = ast.get_source_segment(self.line, node) or ""
        name, again = whole if len(whole) <= _SHOWN else f"{whole[: _SHOWN - 1]}…", 1
        while self.shown.get(name, operand) != operand:
            again += 1
            name = f"{whole[: _SHOWN - 4]}… {again}"
        self.shown[name] = operand
        return operand

    def _nothing(self, name: str) -> str:
        """Say that nothing is called so, and what is near."""
        if name.lower() in _ELSEWHERE:
            return f"{name.lower()} {_ELSEWHERE[name.lower()]}"
        words = (*TEXTS, *COLUMNS, *WINDOWS, *_RANKS, "top", *_CROSSINGS, *(one.name for one in indicators()))
        near = get_close_matches(name.lower(), words, 1)
        hint = f"; did you mean '{near[0]}'?" if near else "."
        return f"nothing is called '{name}'{hint} There are {self.held}"


def _line(asked: Asked, inputs: tuple[str, ...], output: int) -> ScreenLine:
    """Return the line that a call asks for, under a text that is the same however it was written."""
    one = asked.indicator
    text = f"{one.name}({', '.join([*inputs, *_figures(asked)])})" + (f".{one.outputs[output]}" if one.outputs else "")
    return ScreenLine(text, 0, one, inputs, tuple(asked.parameters.items()), output)


def _figures(asked: Asked) -> list[str]:
    """Return parameters as they stand in the text of a line."""
    return [f"{name}={value!r}" for name, value in asked.parameters.items()]


def _placed(at: ast.AST, call: ast.expr) -> ast.expr:
    """Return a node that has a place: that of its call, where it has none."""
    return at if isinstance(at, ast.expr) else call
