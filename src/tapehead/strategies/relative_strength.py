"""RelativeStrength: hold what gains on another instrument."""

from collections.abc import Sequence

import numpy as np

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.ratio_to import ratio_to
from tapehead.strategies.strategy import param, strategy


@strategy
class RelativeStrength:
    """Buy when the price in units of `reference` crosses above its average of `period`, leave when it crosses below.

    Short signals are the mirror. How far above it lies is the `rank` by which a portfolio chooses. Source: Robert Levy,
    Relative Strength as a Criterion for Investment Selection, Journal of Finance 22, 1967.
    """

    reference: str = param("BTCUSDT")
    period: int = param(90, low=1, high=10_000)

    def warm(self) -> int:
        """Return what the average needs on two bars: nothing older counts."""
        return self.period + 1

    def needs(self) -> Sequence[Need]:
        """Return the reference."""
        return [Need("reference", instrument=self.reference, bars=self.period + 1)]

    def signals(self, bars: Bars) -> Signals:
        """Return the crossings of the ratio with its average."""
        ratio, first = ratio_to(bars, "reference")
        average = np.full(len(bars), np.nan)
        average[first:] = sma(ratio[first:], self.period)
        up, down = crossed_above(ratio, average), crossed_below(ratio, average)
        return Signals(enter=up, leave=down, enter_short=down, leave_short=up, rank=ratio / average - 1.0)
