"""sensitivity_of: what a simulation hangs on; with `path="both"` it is walked on the other path too."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from tapehead.indicators.memo import Memo
from tapehead.metrics.costs import Held, cost_basis, cost_curve
from tapehead.metrics.sensitivity import sensitivity
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import Simulated, simulate

_STRAINED: Final = frozenset(("rounds_to_zero", "below_minimum", "ruined", "liquidated", "shortfall"))
"""Flags of a run in which another fee would have filled other orders."""


def sensitivity_of(
    bars: Bars, signals: Signals, rules: Rules, memo: Memo, done: Simulated
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return `metrics.sensitivity` of a simulation, with the reason of each None.

    With `path="both"` there are `total_return_optimistic` and `max_drawdown_optimistic`; without that suffix everything
    is of the pessimistic path. The two are a spread of two rules, not a bound.
    """
    other = None
    if rules.path == "both":
        best = simulate(bars, signals, replace(rules, path="optimistic"), memo)
        other = {"total_return": best.final_equity / rules.cash - 1.0, "max_drawdown": best.moments.drawdown}
    return sensitivity(done.trades, held_of(bars, done), rules, signals, other, strained=strained(bars, done))


def held_of(bars: Bars, done: Simulated) -> Held | None:
    """Return the position still open, as costs are replayed."""
    position = done.position
    if position is None:
        return None
    return Held(position.side, position.entry_price, position.stop, float(bars.close[-1]))


def cost_curve_of(bars: Bars, signals: Signals, rules: Rules, done: Simulated) -> list[tuple[float, float]]:
    """Return (fee a side, total return) pairs from one set of fills; none where a fee changes more."""
    return cost_curve(done.trades, held_of(bars, done), rules, signals, strained=strained(bars, done))[0]


def cost_basis_of(bars: Bars, signals: Signals, rules: Rules, done: Simulated) -> dict[str, Any] | None:
    """Return what a cost curve is replayed from beside the trades; None where there is no curve."""
    held = held_of(bars, done)
    return cost_basis(done.trades, held, rules, signals, strained=strained(bars, done))


def strained(bars: Bars, done: Simulated) -> bool:
    """Say whether another fee may change more than sizes: orders came to nothing, or a short came near its liquidation.

    A short without leverage is never liquidated below the double of its price, whatever the fee.
    """
    if not _STRAINED.isdisjoint(done.flags):
        return True
    short, position = done.trades.side < 0, done.position
    first, last, price = done.trades.entry_bar[short], done.trades.exit_bar[short], done.trades.entry_price[short]
    if position is not None and position.side < 0:
        first, price = np.append(first, position.entry_bar), np.append(price, position.entry_price)
        last = np.append(last, len(bars) - bars.warm - 1)
    if not first.size:
        return False
    high = np.append(bars.high[bars.warm :], 0.0)
    highest = np.maximum.reduceat(high, np.stack((first, last + 1), axis=1).ravel())[::2]
    return bool((highest >= 2.0 * price).any())
