"""Strategies and indicators as plain values: what each takes, within which bounds."""

from typing import TYPE_CHECKING, Any

from tapehead.indicators.catalogue import Indicator

if TYPE_CHECKING:
    from tapehead.library.store import StrategyInfo


def strategy_json(info: "StrategyInfo") -> dict[str, Any]:
    """Return plain values of one strategy."""
    return {
        "name": info.name,
        "doc": info.doc or "",
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
        "call": one.call,
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
        "source": one.source,
    }
