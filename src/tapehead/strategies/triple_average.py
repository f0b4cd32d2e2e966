"""TripleAverage: with three averages in order, out when the two quick ones disagree."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.begins import begins
from tapehead.strategies.strategy import param, strategy


@strategy
class TripleAverage:
    """Buy when the fast average stands above the middle one and that above the slow one, leave when fast crosses below.

    Short signals are the mirror. Source: the 4-9-18 days of R. C. Allen, 1972, in John Murphy, Technical Analysis of
    the Financial Markets, 1999, chapter 9.
    """

    fast: int = param(4, low=1, high=10_000)
    middle: int = param(9, low=1, high=10_000)
    slow: int = param(18, low=1, high=10_000)

    def warm(self) -> int:
        """Return what the longest average needs on two bars: nothing older counts."""
        return max(self.fast, self.middle, self.slow) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return where the three averages of the close come into order, and the crossings of the two quick ones."""
        fast, middle, slow = (sma(bars.close, period) for period in (self.fast, self.middle, self.slow))
        return Signals(
            enter=begins((fast > middle) & (middle > slow), fast, middle, slow),
            leave=crossed_below(fast, middle),
            enter_short=begins((fast < middle) & (middle < slow), fast, middle, slow),
            leave_short=crossed_above(fast, middle),
        )
