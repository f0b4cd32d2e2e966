"""PairsSpread: against a price that has left the one it goes with."""

from collections.abc import Sequence

import numpy as np

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.z_score import z_score
from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.ratio_to import ratio_to
from tapehead.strategies.strategy import param, strategy


@strategy
class PairsSpread:
    """Buy when the log of price over `reference` falls more than `entry` deviations below its mean.

    Leave when it is `exit` below it or less. Short signals are the mirror. One leg is traded, that of the instrument;
    the reference says only when. Source: Evan Gatev, William Goetzmann and Geert Rouwenhorst, Pairs Trading:
    Performance of a Relative-Value Arbitrage Rule, Review of Financial Studies 19, 2006.
    """

    reference: str = param("BTCUSDT")
    period: int = param(60, low=2, high=10_000)
    entry: float = param(2.0, low=0.1, high=10)
    exit: float = param(0.0, low=-10, high=10)

    def warm(self) -> int:
        """Return what the mean needs on two bars: nothing older counts."""
        return self.period + 1

    def needs(self) -> Sequence[Need]:
        """Return the reference."""
        return [Need("reference", instrument=self.reference, bars=self.period + 1)]

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the spread's deviation with both distances, on either side."""
        ratio, first = ratio_to(bars, "reference")
        far = np.full(len(bars), np.nan)
        far[first:] = z_score(np.log(ratio[first:]), self.period)
        return Signals(
            enter=crossed_below(far, -self.entry),
            leave=crossed_above(far, -self.exit),
            enter_short=crossed_above(far, self.entry),
            leave_short=crossed_below(far, self.exit),
        )
