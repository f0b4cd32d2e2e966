"""Found: what one engine made of one case."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Deal:
    """A closed trade; `side` 1 or -1, bars counted from 0."""

    side: int
    entry_bar: int
    exit_bar: int
    entry_price: float
    exit_price: float
    quantity: float
    profit: float


@dataclass(frozen=True, slots=True)
class Found:
    """Closed trades in order of entry, side and entry bar of what is open at the end, and the final value.

    `refused` tells why an engine gave nothing.
    """

    deals: list[Deal] = field(default_factory=list)
    held: tuple[int, int] | None = None
    final: float = 0.0
    refused: str = ""

    def told(self) -> dict[str, Any]:
        """The finding as JSON holds it."""
        return asdict(self)

    @staticmethod
    def read(told: dict[str, Any]) -> Found:
        """Undo `told`."""
        held = told["held"]
        deals = [Deal(**deal) for deal in told["deals"]]
        return Found(deals, None if held is None else (held[0], held[1]), told["final"], told["refused"])


PRICE_TOLERANCE = 1e-12
MONEY_TOLERANCE = 1e-8


def difference(one: Found, other: Found) -> str:
    """Return the first difference of two findings, or nothing; bounds as in `benchmarks/parity.py`."""
    if one.refused or other.refused:
        return "" if one.refused == other.refused else f"refused: {one.refused or other.refused}"
    for number, (mine, theirs) in enumerate(zip(one.deals, other.deals, strict=False)):
        for name in ("side", "entry_bar", "exit_bar"):
            if getattr(mine, name) != getattr(theirs, name):
                return f"{name} of trade {number}: {getattr(mine, name)}, not {getattr(theirs, name)}"
        for name in ("entry_price", "exit_price", "quantity", "profit"):
            a, b = getattr(mine, name), getattr(theirs, name)
            bound = PRICE_TOLERANCE if name.endswith("price") else MONEY_TOLERANCE
            size = theirs.quantity * theirs.entry_price if name == "profit" else b
            if not abs(a - b) <= bound * abs(size):
                return f"{name} of trade {number}: {a!r}, not {b!r}"
    if len(one.deals) != len(other.deals):
        return f"closed trades: {len(one.deals)}, not {len(other.deals)}"
    if one.held != other.held:
        return f"open position: {one.held}, not {other.held}"
    if not abs(one.final - other.final) <= MONEY_TOLERANCE * abs(other.final):
        return f"final value: {one.final!r}, not {other.final!r}"
    return ""
