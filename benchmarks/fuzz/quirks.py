"""Which rules of a peer differ from ours, and what it is not asked since it has no such thing."""

from __future__ import annotations

from benchmarks.fuzz import plain as rules
from benchmarks.fuzz.case import Case

QUIRKS: dict[str, tuple[str, ...]] = {
    "vectorbt": (
        rules.HOLD_ON_BOTH,
        rules.LATE_LEVELS,
        rules.LEVELS_FIRST,
        rules.ONE_ORDER,
        rules.SLIPPED_TARGET,
        rules.STOP_WINS,
    ),
    "raptorbt": (
        rules.ALL_IN,
        rules.ENTER_ON_BOTH,
        rules.HOLD_ON_BOTH,
        rules.LEAVE_BEFORE_LEVELS,
        rules.LEAVE_FIRST,
        rules.SHORT_AS_LONG,
        rules.SLIPPED_TARGET,
        rules.STOP_WINS,
        rules.TARGET_AT_LEVEL,
    ),
    "backtesting": (rules.ENTERS_BEHIND, rules.FEE_BESIDE_SPREAD, rules.FREE_EXIT, rules.STOP_WINS),
}
"""Each is a heading of docs/divergences.md."""


def is_asked(engine: str, case: Case) -> bool:
    """Say whether a peer can be told what the case wants; docs/divergences.md lists what cannot be."""
    said = case.settings
    has_levels = said.stop_loss is not None or said.take_profit is not None
    if (has_levels or said.trail is not None) and said.path != "pessimistic":
        return False
    same_price = said.fill == "close" and not said.slippage
    if engine == "backtesting":
        refused = said.take_profit is not None and said.take_profit <= said.slippage
        return said.trail is None and not refused and (not has_levels or same_price or said.levels == "at")
    if has_levels and not same_price and said.levels == "at":
        return False
    if engine == "raptorbt":
        return said.side != "both"
    return not (said.flip and said.size < 1)
