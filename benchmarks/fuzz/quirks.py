"""Which rules of a peer differ from ours, and what it is not asked since it has no such thing."""

from __future__ import annotations

from benchmarks.fuzz import plain as rules
from benchmarks.fuzz.case import Case

QUIRKS: dict[str, tuple[str, ...]] = {
    "vectorbt": (rules.HOLD_ON_BOTH,),
    "raptorbt": (rules.HOLD_ON_BOTH, rules.ENTER_ON_BOTH, rules.ALL_IN),
    "backtesting": (rules.FREE_EXIT, rules.FEE_BESIDE_SPREAD),
}
"""Each is a heading of docs/divergences.md."""


def is_asked(engine: str, case: Case) -> bool:
    """Say whether a peer can be told what the case wants."""
    said = case.settings
    has_levels = said.stop_loss is not None or said.take_profit is not None
    if engine == "backtesting":
        # Its orders carry prices: shares of a fill are not known before the fill. It has no trailing stop.
        return said.trail is None and (not has_levels or said.fill == "close" or said.levels == "at")
    # Shares of the fill are all the other two take, and RaptorBT's array door trades one side.
    from_fill = not has_levels or said.fill == "close" or said.levels == "fill"
    return from_fill and (engine != "raptorbt" or said.side != "both")
