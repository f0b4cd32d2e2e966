"""read_rules: settings as a user writes them become Rules."""

import re
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from tapehead.errors import ParameterError
from tapehead.model.fees import Fees, read_fees
from tapehead.model.rules import Rules, fraction

RATES = ("stop_loss", "take_profit", "trail", "band", "maintenance", "borrow", "cash_rate", "delist_haircut")
"""Settings that take a unit: `10bps`, `50%`."""
NUMBERS = ("cash", "lot", "tick", "min_notional", "multiplier", "leverage")
_SIZE_BOUND = "100% of equity, 1000usd, 5units or risk:1%"
_SLIPPAGE_BOUND = "2bps of the price, spread:0.01 (half of it, in price) or volume:10% (for the whole volume of a bar)"


def read_rules(settings: Mapping[str, Any]) -> Rules:
    """Return Rules from settings as a user writes them; raise ParameterError for an unknown one."""
    known = [f.name for f in fields(Rules)]
    for name in settings:
        if name not in known:
            close = get_close_matches(name, known, 1)
            bound = f"one of {', '.join(known)}" + (f"; did you mean {close[0]}?" if close else "")
            raise ParameterError(name="setting", value=name, bound=bound)
    values: dict[str, Any] = {name: _plain(value) for name, value in settings.items()}
    for name in values.keys() & {*RATES, *NUMBERS}:
        if values[name] is not None:
            values[name] = fraction(name, values[name])
    if "fee" in values:
        values["fee"] = read_fee(values["fee"])
    if "size" in values:
        values |= read_size(values["size"], values.get("sizing"))
    if "slippage" in values:
        values |= read_slippage(values["slippage"], values.get("slippage_kind"))
    return Rules(**values)


def _plain(value: Any) -> Any:
    """Return a number of NumPy as Python's own."""
    return value.item() if hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0 else value


def read_fee(value: Any) -> float | Fees:
    """Read one rate for both sides, or a schedule; see `model.fees.read_fees`."""
    try:
        return fraction("fee", value)
    except ParameterError:
        if not isinstance(value, (str, Fees)):
            raise
        return read_fees(value)


def read_size(value: Any, sizing: str | None = None) -> dict[str, Any]:
    """Read `100%`, `1000usd`, `5units` or `risk:1%`; a plain number is what `sizing` says, else a fraction."""
    said = _said_size(value) if isinstance(value, str) else {}
    share = isinstance(value, str) and sizing in ("cash", "units") and value.rstrip().endswith(("%", "bps", "bp"))
    if share or (said and sizing not in (None, said["sizing"])):
        bound = f"a plain number beside sizing={sizing}; or leave sizing out: {_SIZE_BOUND}"
        raise ParameterError(name="size", value=value, bound=bound)
    if said:
        return said
    try:
        return {"size": fraction("size", value), "sizing": "fraction" if sizing is None else sizing}
    except ParameterError as error:
        raise ParameterError(name="size", value=error.facts["value"], bound=_SIZE_BOUND) from None


def _said_size(value: str) -> dict[str, Any]:
    """Return a size whose text names its kind; nothing for a share or a plain number."""
    risk = re.fullmatch(r"\s*risk:\s*(.+)", value)
    money = re.fullmatch(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z]{3,5})\s*", value)
    if risk:
        return {"size": fraction("size", risk[1]), "sizing": "risk"}
    if money and money[2] != "bps":
        units = money[2].lower() in ("unit", "units")
        return {"size": float(money[1]), "sizing": "units" if units else "cash"}
    return {}


def read_slippage(value: Any, kind: str | None = None) -> dict[str, Any]:
    """Read `2bps`, `spread:0.01` or `volume:10%`; a plain number is what `kind` says, else a fraction of price."""
    named = re.fullmatch(r"\s*(spread|volume):\s*(.+)", value) if isinstance(value, str) else None
    try:
        if named:
            return {"slippage": fraction("slippage", named[2]), "slippage_kind": named[1]}
        return {"slippage": fraction("slippage", value), "slippage_kind": "fraction" if kind is None else kind}
    except ParameterError as error:
        raise ParameterError(name="slippage", value=error.facts["value"], bound=_SLIPPAGE_BOUND) from None
