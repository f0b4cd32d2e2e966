"""ZScoreReversion: against a close that lies far from its mean."""

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.z_score import z_score
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class ZScoreReversion:
    """Buy when the close falls more than `entry` deviations below its mean, leave when it is `exit` below it or less.

    Short signals are the mirror. Source: Ernest Chan, Algorithmic Trading, 2013, chapter 2.
    """

    period: int = param(20, low=2, high=10_000)
    entry: float = param(2.0, low=0.1, high=10)
    exit: float = param(0.0, low=-10, high=10)

    def warm(self) -> int:
        """Return what the mean needs on two bars: nothing older counts."""
        return self.period + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the deviation with both distances, on either side."""
        far = z_score(bars.close, self.period)
        return Signals(
            enter=crossed_below(far, -self.entry),
            leave=crossed_above(far, -self.exit),
            enter_short=crossed_above(far, self.entry),
            leave_short=crossed_below(far, self.exit),
        )
