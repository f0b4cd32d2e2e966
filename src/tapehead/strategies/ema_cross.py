"""EmaCross: with the fast exponential average, against the slow one."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.ema import ema
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class EmaCross:
    """Buy when the fast exponential average crosses above the slow one, leave when it crosses below.

    Short signals are the mirror: with --both the position turns at each crossing. The MACD of the two is 0
    there. Source: Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005, chapter 8.
    """

    fast: int = param(12, low=1, high=10_000)
    slow: int = param(26, low=1, high=10_000)

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the two averages of the close."""
        fast, slow = ema(bars.close, self.fast), ema(bars.close, self.slow)
        up, down = crossed_above(fast, slow), crossed_below(fast, slow)
        return Signals(enter=up, leave=down, enter_short=down, leave_short=up)
