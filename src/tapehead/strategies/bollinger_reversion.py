"""BollingerReversion: buy below the band when the fall ends, sell at the mean."""

import numpy as np

from tapehead.indicators.bollinger import bollinger
from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.model.bars import Bars
from tapehead.model.signals import BoolArray, Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class BollingerReversion:
    """Buy when the close climbs back above the lower Bollinger band, leave when it crosses above the mean.

    Short signals are the mirror: below the upper band again, and down through the mean. Source: John Bollinger,
    Bollinger on Bollinger Bands, 2001.
    """

    period: int = param(20, low=2, high=10_000)
    width: float = param(2.0, low=0.1, high=10)

    def warm(self) -> int:
        """Return what the first band needs: nothing older counts."""
        return self.period

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the close with lower, middle and upper band."""
        upper, middle, lower = bollinger(bars.close, self.period, self.width)
        return Signals(
            enter=_after(bars.close < lower) & (bars.close > lower),
            leave=crossed_above(bars.close, middle),
            enter_short=_after(bars.close > upper) & (bars.close < upper),
            leave_short=crossed_below(bars.close, middle),
        )


def _after(outside: BoolArray) -> BoolArray:
    """Return where the bar before was outside; at a band is inside, or the end of a flat stretch would be a signal."""
    return np.concatenate([[False], outside[:-1]])[: outside.shape[0]]
