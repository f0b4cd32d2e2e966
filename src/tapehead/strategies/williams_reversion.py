"""WilliamsReversion: from the bottom of the range to its top."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.williams_r import williams_r
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class WilliamsReversion:
    """Buy when %R climbs out of its lowest part, leave when it falls out of its highest.

    Short signals are the mirror: with --both the position turns there. %R is 0 at the top of the range of `period` bars
    and -100 at its bottom. Source: Larry Williams, How I Made One Million Dollars Last Year Trading Commodities, 1973.
    """

    period: int = param(14, low=1, high=10_000)
    oversold: float = param(-80.0, low=-99, high=-50)
    overbought: float = param(-20.0, low=-50, high=-1)

    def warm(self) -> int:
        """Return what the range needs on two bars: nothing older counts."""
        return self.period + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of %R with both levels."""
        place = williams_r(bars.high, bars.low, bars.close, self.period)
        up, down = crossed_above(place, self.oversold), crossed_below(place, self.overbought)
        return Signals(enter=up, leave=down, enter_short=down, leave_short=up)
