"""read_rules: settings as a user writes them become Rules."""

from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from tapehead.errors import ParameterError
from tapehead.model.rules import Rules, fraction

RATES = ("fee", "slippage", "size", "delist_haircut")
"""Settings that take a unit: `10bps`, `50%`."""


def read_rules(settings: Mapping[str, Any]) -> Rules:
    """Return Rules from settings as a user writes them; raise ParameterError for an unknown one."""
    known = [f.name for f in fields(Rules)]
    for name in settings:
        if name not in known:
            close = get_close_matches(name, known, 1)
            bound = f"one of {', '.join(known)}" + (f"; did you mean {close[0]}?" if close else "")
            raise ParameterError(name="setting", value=name, bound=bound)
    values: dict[str, Any] = {
        name: fraction(name, value) if name in RATES else value for name, value in settings.items()
    }
    if "cash" in values:
        values["cash"] = fraction("cash", values["cash"])
    return Rules(**values)
