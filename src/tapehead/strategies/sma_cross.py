"""SmaCross: long while the fast average is above the slow one."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class SmaCross:
    """Buy when the fast average crosses above the slow one, leave when it crosses below.

    Source: William Brock, Josef Lakonishok and Blake LeBaron, Simple Technical Trading Rules and the Stochastic
    Properties of Stock Returns, Journal of Finance 47, 1992.
    """

    fast: int = param(10, low=1, high=10_000)
    slow: int = param(30, low=1, high=10_000)

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the two averages of the close."""
        fast, slow = sma(bars.close, self.fast), sma(bars.close, self.slow)
        return Signals(enter=crossed_above(fast, slow), leave=crossed_below(fast, slow))
