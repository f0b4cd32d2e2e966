"""RsiReversion: buy weakness when it ends, sell strength when it ends."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.rsi import rsi
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class RsiReversion:
    """Buy when RSI climbs out of oversold, leave when it falls out of overbought.

    Source: Welles Wilder, New Concepts in Technical Trading Systems, 1978, section VI.
    """

    period: int = param(14, low=2, high=200)
    oversold: float = param(30.0, low=1, high=50)
    overbought: float = param(70.0, low=50, high=99)

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of Wilder's RSI of the close with both levels."""
        strength = rsi(bars.close, self.period)
        enter, leave = crossed_above(strength, self.oversold), crossed_below(strength, self.overbought)
        return Signals(enter=enter, leave=leave)
