"""Macd: with the convergence of two averages, against its own average."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.macd import macd
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class Macd:
    """Buy when the MACD line crosses above its signal line, leave when it crosses below.

    Short signals are the mirror: with --both the position turns at each crossing. Source: Gerald Appel, Technical
    Analysis: Power Tools for Active Investors, 2005, chapter 8.
    """

    fast: int = param(12, low=1, high=10_000)
    slow: int = param(26, low=1, high=10_000)
    signal: int = param(9, low=1, high=10_000)

    def warm(self) -> int:
        """Return 5 times the longest average and the one laid over it."""
        return 5 * (max(self.fast, self.slow) + self.signal)

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the two lines."""
        lines = macd(bars.close, self.fast, self.slow, self.signal)
        up, down = crossed_above(lines.line, lines.signal), crossed_below(lines.line, lines.signal)
        return Signals(enter=up, leave=down, enter_short=down, leave_short=up)
