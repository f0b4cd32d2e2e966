"""sensitivity_of: what a simulation hangs on; with `path="both"` it is walked on the other path too."""

from dataclasses import replace

from tapehead.indicators.memo import Memo
from tapehead.metrics.costs import Held, cost_curve
from tapehead.metrics.sensitivity import sensitivity
from tapehead.model.bars import Bars
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.simulate import Simulated, simulate


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
    return sensitivity(done.trades, held_of(bars, done), rules, signals, other)


def held_of(bars: Bars, done: Simulated) -> Held | None:
    """Return the position still open, as costs are replayed."""
    position = done.position
    if position is None:
        return None
    return Held(position.side, position.entry_price, position.stop, float(bars.close[-1]))


def cost_curve_of(bars: Bars, signals: Signals, rules: Rules, done: Simulated) -> list[tuple[float, float]]:
    """Return (fee a side, total return) pairs from one set of fills; none where a fee changes more."""
    return cost_curve(done.trades, held_of(bars, done), rules, signals)[0]
