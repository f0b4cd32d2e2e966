"""Strategies and indicators, found by name and as plain values: what each takes, within which bounds."""

import inspect
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tapehead.errors import UnknownStrategyError
from tapehead.indicators.catalogue import INDICATORS, Indicator
from tapehead.indicators.definitions import DEFINITIONS

if TYPE_CHECKING:
    from tapehead.library.store import StrategyInfo


def strategy_json(info: "StrategyInfo") -> dict[str, Any]:
    """Return plain values of one strategy."""
    return {
        "name": info.name,
        "doc": inspect.cleandoc(info.doc),
        "origin": info.origin,
        "parameters": [
            {"name": one.name, "kind": kind_word(one), "default": one.default, "low": one.low, "high": one.high}
            for one in info.params
        ],
    }


def kind_word(one: Any) -> str:
    """Return the kind of a parameter in a word."""
    return one.kind.__name__ if isinstance(one.kind, type) else str(one.kind)


def indicator_json(one: Indicator) -> dict[str, Any]:
    """Return plain values of one indicator."""
    return {
        "name": one.name,
        "summary": one.summary,
        "call": call_of(one),
        "inputs": list(one.inputs),
        "parameters": [
            {
                "name": each.name,
                "kind": each.kind.__name__,
                "default": each.default,
                "low": each.low,
                "high": each.high,
            }
            for each in one.parameters
        ],
        "outputs": list(one.outputs) or [one.name],
        "warm_up": {"bars": one.warm_bars, "rule": one.warm_up},
        "definition": definition_of(one),
        "source": one.source,
        "compared": [{"tool": each.tool, "difference": each.difference, "why": each.why} for each in one.compared],
    }


def call_of(one: Indicator) -> str:
    """Return how an indicator is called: `sma(values, period=20)`, or by its name where it is none of the catalogue."""
    return one.call if one in INDICATORS else f'compute(bars, "{one.name}")'


def definition_of(one: Indicator) -> str:
    """Return the formula of an indicator in the letters of its call; nothing where a package does not tell."""
    if one not in INDICATORS:
        return ""
    letters, text = DEFINITIONS[one.name]
    return f"{one.name}({letters}): {text}"


def find_strategy(held: "Sequence[StrategyInfo]", name: str, asked: str | None = None) -> "StrategyInfo":
    """Return the one of a name; raise UnknownStrategyError for what was `asked`, with what is near."""
    found = next((info for info in held if info.name == name), None)
    if found is None:
        near = get_close_matches(name, [info.name for info in held], 1)
        raise UnknownStrategyError(name=asked or name, hint=f" Did you mean '{near[0]}'?" if near else "")
    return found
