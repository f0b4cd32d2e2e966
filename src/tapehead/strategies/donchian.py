"""Donchian: buy a new high of many bars, sell a new low of fewer."""

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.donchian import donchian
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy

F64 = NDArray[np.float64]


@strategy
class Donchian:
    """Buy a close above every high of the `entry` bars before, leave at one below every low of the `exit` bars before.

    Short signals are the mirror. Source: Richard Donchian's four-week rule, and the Turtles' 20 and 10 days.
    """

    entry: int = param(20, low=1, high=10_000)
    exit: int = param(10, low=1, high=10_000)

    def warm(self) -> int:
        """Return what the first channel needs, and the bar after it: nothing older counts."""
        return max(self.entry, self.exit) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the closes outside the channels of the bars before."""
        entry, leave = donchian(bars.high, bars.low, self.entry), donchian(bars.high, bars.low, self.exit)
        return Signals(
            enter=bars.close > _before(entry.upper),
            leave=bars.close < _before(leave.lower),
            enter_short=bars.close < _before(entry.lower),
            leave_short=bars.close > _before(leave.upper),
        )


def _before(line: F64) -> F64:
    """Return what a line was one bar earlier; NaN at first."""
    return np.concatenate([[np.nan], line[:-1]])[: line.shape[0]]
