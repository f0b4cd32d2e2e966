"""asked_indicator: `bollinger(20, width=2)`, `sma(volume, 50)` or `rsi` as what is to be computed of which columns."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import ParameterError
from tapehead.indicators.catalogue import Indicator, Parameter
from tapehead.jobs.unknown import there_are
from tapehead.wiring.indicator_plugins import find_indicator

_MOST = 2**31 - 1
Refuse = Callable[[ast.AST, str], Exception]


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

    def refuse(node: ast.AST, bound: str) -> ParameterError:
        return _refused(text, bound.format(place=f" at character {getattr(node, 'col_offset', 0) + 1}"))

    return asked_of(call, refuse)


def asked_of(call: ast.expr, refuse: Refuse) -> Asked:
    """Return what Python's tree of a name or a call asks for.

    Parameters
    ----------
    call : ast.expr
    refuse : callable
        Gives the error for a node and what is wanted there, in which `{place}` stands for its place.

    Raises
    ------
    UnknownIndicatorError
        With what is near.
    """
    given = call.args if isinstance(call, ast.Call) else []
    named = call.keywords if isinstance(call, ast.Call) else []
    name = name_of(call.func if isinstance(call, ast.Call) else call)
    if name is None:
        raise refuse(call, "the name of an indicator or a call of it, such as rsi(14)")
    indicator = find_indicator(name)
    columns = [one for one in given if isinstance(one, ast.Name)]
    numbers = given[len(columns) :]
    shown = indicator.call.replace("{", "{{").replace("}", "}}")
    if given[: len(columns)] != columns or len(columns) > len(indicator.inputs):
        raise refuse(call, f"a call with columns first, then numbers, such as {shown}")
    inputs = dict(zip(indicator.inputs, [*(one.id for one in columns), *indicator.inputs[len(columns) :]], strict=True))
    values: dict[str, int | float] = {}
    inner = next((one for one in given if isinstance(one, ast.Call)), None)
    if inner is not None:
        raise refuse(inner, f"a call of columns and numbers, not of another call{{place}}, such as {shown}")
    if len(numbers) > (most := len(indicator.parameters)):
        raise refuse(call, f"a call with {most} number{'s' * (most != 1)} at most, such as {shown}")
    pairs = [(one.name, node) for one, node in zip(indicator.parameters, numbers, strict=False)]
    for key, node in [*pairs, *((one.arg or "**", one.value) for one in named)]:
        found = next((one for one in indicator.parameters if one.name == key), None)
        if found is None or key in values:
            raise refuse(node, f"a call without {key}{{place}}, such as {shown}")
        values[key] = _number(refuse, found, node)
    return Asked(indicator, inputs, {one.name: values.get(one.name, one.default) for one in indicator.parameters})


def name_of(node: ast.expr) -> str | None:
    """Return a name, one with a dot among them."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else None


def _number(refuse: Refuse, one: Parameter, node: ast.expr) -> int | float:
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
        beyond = isinstance(value, int | float) and value > high
        most = f" and at most {high:,.15g}" if one.high is not None or beyond else ""
        raise refuse(node, f"a call with {kind} of at least {low:g}{most} for {one.name}{{place}}")
    return one.kind(value)


def _refused(text: str, bound: str) -> ParameterError:
    """Return the error of a text."""
    return ParameterError(name="indicator", value=repr(text[:80]), bound=bound)


def check_length(
    indicator: Indicator, values: Mapping[str, int | float], computed: Sequence[NDArray[Any]], bars: int
) -> None:
    """Raise ParameterError where the warm-up is longer than the data, so that nothing is known of any bar."""
    told = {name: value for name, value in values.items() if isinstance(value, int)}
    known = any(not np.isnan(line).all() for line in computed if line.dtype == np.float64)
    # Without volume a line may know nothing for another reason.
    if known or not told or bars == 0 or ("volume" in indicator.inputs and bars > sum(told.values())):
        return
    longest = max(told, key=lambda name: told[name])
    bound = f"shorter: {there_are(bars)}, and {indicator.name} knows nothing of the first {indicator.warm_up}"
    raise ParameterError(name=f"{indicator.name}({longest})", value=told[longest], bound=bound)
