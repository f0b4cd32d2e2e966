"""Sensitivity: what a result hangs on that nobody knows for sure: the fee, and the order of prices inside a bar."""

from collections.abc import Mapping

from tapehead.metrics.costs import Held, costs_of
from tapehead.metrics.definitions import Value, settle
from tapehead.metrics.intrabar import ambiguous_profit, ambiguous_trades
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.model.trades import Trades


def sensitivity(
    trades: Trades,
    held: Held | None,
    rules: Rules,
    signals: Signals,
    other: Mapping[str, float] | None = None,
    *,
    strained: bool = False,
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return metrics by name and the reason of each None.

    Parameters
    ----------
    trades, held, rules, signals
        What was traded: closed trades, what is still open, by which rules and wishes.
    other : mapping, optional
        Metrics on the optimistic path by name, where both were walked.
    strained : bool
        As for `costs_of`.
    """
    costs = costs_of(trades, held, rules, signals, strained=strained)
    values: dict[str, Value] = {
        "return_without_fees": costs.without,
        "break_even_fee": costs.break_even,
        "ambiguous_trades": ambiguous_trades(trades),
        "ambiguous_profit": ambiguous_profit(trades),
    }
    for name, value in (other or {}).items():
        values[f"{name}_optimistic"] = (value, "")
    return settle(values)
