"""asked_indicator: `bollinger(20, width=2)`, `sma(volume, 50)` or `rsi` as what is to be computed of which columns."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import Indicator, Parameter
from tapehead.library.documents.catalogue import find_indicator

_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """An indicator, the column that each of its inputs is, by the input's name, and its parameters."""

    indicator: Indicator
    inputs: Mapping[str, str]
    parameters: Mapping[str, int | float]


def read_asked(text: str) -> Asked:
    """Return what a text asks for.

    Parameters
    ----------
    text : str
        A name, or a call: columns first where they are not the usual ones (`values` is `close`), then parameters by
        place or by name.

    Raises
    ------
    ParameterError
        It is no such text, or a parameter is unknown, given twice, no number, or out of bounds; with its place.
    UnknownIndicatorError
        With what is near.
    """
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        place = getattr(error, "offset", None) or 1
        raise _refused(text, f"a call such as rsi(14); this one cannot be read from character {place} on") from None
    given = call.args if isinstance(call, ast.Call) else []
    named = call.keywords if isinstance(call, ast.Call) else []
    name = _name(call.func if isinstance(call, ast.Call) else call)
    if name is None:
        raise _refused(text, "the name of an indicator or a call of it, such as rsi(14)")
    indicator = find_indicator(name)
    columns = [one for one in given if isinstance(one, ast.Name)]
    numbers = given[len(columns) :]
    if given[: len(columns)] != columns or len(columns) > len(indicator.inputs):
        raise _refused(text, f"a call with columns first, then numbers, such as {indicator.call}")
    inputs = dict(zip(indicator.inputs, [*(one.id for one in columns), *indicator.inputs[len(columns) :]], strict=True))
    values: dict[str, int | float] = {}
    if len(numbers) > len(indicator.parameters):
        raise _refused(text, f"a call with {len(indicator.parameters)} numbers at most, such as {indicator.call}")
    pairs = [(one.name, node) for one, node in zip(indicator.parameters, numbers, strict=False)]
    for key, node in [*pairs, *((one.arg or "**", one.value) for one in named)]:
        found = next((one for one in indicator.parameters if one.name == key), None)
        if found is None or key in values:
            raise _refused(text, f"a call without {key} at character {node.col_offset + 1}, such as {indicator.call}")
        values[key] = _number(text, found, node)
    return Asked(indicator, inputs, {one.name: values.get(one.name, one.default) for one in indicator.parameters})


def _name(node: ast.expr) -> str | None:
    """Return a name, one with a dot among them."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else None


def _number(text: str, one: Parameter, node: ast.expr) -> int | float:
    """Return a number within the bounds of its parameter."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    low, high = one.low, _MOST if one.high is None else one.high
    whole = isinstance(value, int) and not isinstance(value, bool)
    fits = whole if one.kind is int else whole or isinstance(value, float)
    if not fits or not low <= value <= high:
        kind = "an integer" if one.kind is int else "a number"
        most = "" if one.high is None else f" and at most {one.high:g}"
        place = f"for {one.name} at character {node.col_offset + 1}"
        raise _refused(text, f"a call with {kind} of at least {low:g}{most} {place}")
    return one.kind(value)


def _refused(text: str, bound: str) -> ParameterError:
    """Return the error of a text."""
    return ParameterError(name="indicator", value=repr(text[:80]), bound=bound)
