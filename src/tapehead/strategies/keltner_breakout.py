"""KeltnerBreakout: with a close that leaves the channel, until it is back at the average."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.keltner import keltner
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class KeltnerBreakout:
    """Buy when the close crosses above the upper Keltner band, leave when it crosses below the average.

    Short signals are the mirror: below the lower band, and up through the average. Source: Chester Keltner, How to Make
    Money in Commodities, 1960; the bands are in Linda Bradford Raschke's form.
    """

    period: int = param(20, low=1, high=10_000)
    atr_period: int = param(10, low=1, high=10_000)
    width: float = param(2.0, low=0.1, high=20)

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the close with the bands and their average."""
        bands = keltner(bars.high, bars.low, bars.close, self.period, self.atr_period, self.width)
        return Signals(
            enter=crossed_above(bars.close, bands.upper),
            leave=crossed_below(bars.close, bands.middle),
            enter_short=crossed_below(bars.close, bands.lower),
            leave_short=crossed_above(bars.close, bands.middle),
        )
