"""AtrChannel: a close that leaves a wide channel around a long average, until it is back there."""

from tapehead.indicators.atr import atr
from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class AtrChannel:
    """Buy when the close crosses above the average by `above` average ranges, leave when it crosses below the average.

    Sell short when it crosses below the average by `below` ranges, leave that above it. Source: Curtis Faith, Way of
    the Turtle, 2007, chapter 10: the ATR channel breakout, on 350 days.
    """

    period: int = param(350, low=1, high=10_000)
    atr_period: int = param(20, low=1, high=2_000)
    above: float = param(7.0, low=0.1, high=50)
    below: float = param(3.0, low=0.1, high=50)

    def warm(self) -> int:
        """Return what the average needs, and 20 times the period of the average range, which forgets slowly."""
        return max(self.period, 20 * self.atr_period) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the close with the average and both edges."""
        middle, reach = sma(bars.close, self.period), atr(bars.high, bars.low, bars.close, self.atr_period)
        return Signals(
            enter=crossed_above(bars.close, middle + self.above * reach),
            leave=crossed_below(bars.close, middle),
            enter_short=crossed_below(bars.close, middle - self.below * reach),
            leave_short=crossed_above(bars.close, middle),
        )
