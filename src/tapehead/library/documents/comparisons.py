"""Two runs side by side as plain values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tapehead.library.documents.runs import listed_json

if TYPE_CHECKING:
    from tapehead.jobs.compare import Pair, TradePair
    from tapehead.library.compare import Comparison, TradesApart

METRICS = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor")
"""Those that are compared where none are named."""


def comparison_json(found: "Comparison", metrics: Sequence[str] = METRICS) -> dict[str, Any]:
    """Return plain values of a comparison, of each result the metrics that are named."""
    return {
        "a": listed_json(found.a),
        "b": listed_json(found.b),
        "differing": [{"name": one.name, "a": one.a, "b": one.b} for one in found.settings],
        "reasons": list(found.reasons),
        "results": [_pair_json(pair, metrics) for pair in found.results],
        "instruments_differing": found.apart,
        "trades": [trades_json(one) for one in found.trades],
    }


def trades_json(found: "TradesApart") -> dict[str, Any]:
    """Return plain values of the trades of one instrument that differ."""
    return {
        "instrument": found.instrument,
        "reasons": list(found.reasons),
        "trades": [_trade_json(trade) for trade in found.trades],
        "more": found.more,
    }


def _pair_json(pair: "Pair", metrics: Sequence[str]) -> dict[str, Any]:
    """Return plain values of two results of one instrument."""
    sides: dict[str, Any] = {}
    for side, result in (("a", pair.a), ("b", pair.b)):
        sides[side] = None if result is None else {name: result.metrics.get(name) for name in metrics}
        sides[f"why_{side}"] = (
            {} if result is None else {name: result.why[name] for name in metrics if name in result.why}
        )
    return {"instrument": pair.instrument, **sides, "same_trades": pair.same_trades}


def _trade_json(trade: "TradePair") -> dict[str, Any]:
    """Return plain values of a trade that differs."""
    only = "b" if trade.a is None else "a" if trade.b is None else None
    return {
        "side": trade.side,
        "entry_time": trade.entry_time,
        "only": only,
        "differing": list(trade.differing),
        "a": None if trade.a is None else dict(trade.a),
        "b": None if trade.b is None else dict(trade.b),
    }
