"""Supertrend: on the side of the trailing line, turning where a close crosses it."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.supertrend import supertrend
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class Supertrend:
    """Buy when the close crosses above the Supertrend line, leave when it falls through it.

    Short signals are the mirror: with --both the position turns with the line. Source: Olivier Seban, about 2008.
    """

    period: int = param(10, low=1, high=10_000)
    width: float = param(3.0, low=0.1, high=20)

    def warm(self) -> int:
        """Return 20 times the period: beside the average range, the line's last turn must lie inside."""
        return 20 * self.period

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the close with the line, which are its turns."""
        line = supertrend(bars.high, bars.low, bars.close, self.period, self.width).line
        up, down = crossed_above(bars.close, line), crossed_below(bars.close, line)
        return Signals(enter=up, leave=down, enter_short=down, leave_short=up)
