"""DirectionalMovement: with the stronger of two movements, as long as there is a trend at all."""

from tapehead.indicators.adx import adx
from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.begins import begins
from tapehead.strategies.strategy import param, strategy


@strategy
class DirectionalMovement:
    """Buy when +DI stands above -DI and ADX above `strength`, leave when +DI crosses below -DI.

    Short signals are the mirror. Source: Welles Wilder, New Concepts in Technical Trading Systems, 1978, section IV.
    """

    period: int = param(14, low=2, high=2_000)
    strength: float = param(25.0, low=0, high=100)

    def warm(self) -> int:
        """Return 20 times the period: ADX smooths what is smoothed already, and forgets slowly."""
        return 20 * self.period

    def signals(self, bars: Bars) -> Signals:
        """Return where movement and strength agree, and the crossings of both indicators."""
        trend = adx(bars.high, bars.low, bars.close, self.period)
        strong = trend.adx > self.strength
        return Signals(
            enter=begins((trend.plus_di > trend.minus_di) & strong, trend.adx),
            leave=crossed_below(trend.plus_di, trend.minus_di),
            enter_short=begins((trend.plus_di < trend.minus_di) & strong, trend.adx),
            leave_short=crossed_above(trend.plus_di, trend.minus_di),
        )
