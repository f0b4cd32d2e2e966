"""Turtle: a new high of many bars, with a stop that lies some average ranges behind it."""

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.atr import atr
from tapehead.indicators.donchian import donchian
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy

F64 = NDArray[np.float64]


@strategy
class Turtle:
    """Buy a close above every high of the `entry` bars before, with a stop `width` average ranges below it.

    Leave at the stop, or at a close below every low of the `exit` bars before. Short signals are the mirror. With
    --size risk:1% a position is as large as the rules have it. Source: Curtis Faith, Way of the Turtle, 2007, system 1.
    """

    entry: int = param(20, low=1, high=10_000)
    exit: int = param(10, low=1, high=10_000)
    period: int = param(20, low=1, high=10_000)
    width: float = param(2.0, low=0.1, high=20)

    def warm(self) -> int:
        """Return what the channels need, and 20 times the period of the average range, which forgets slowly."""
        return max(self.entry, self.exit, 20 * self.period) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return the closes outside the channels of the bars before, and where the stop of an entry lies."""
        entry, leave = donchian(bars.high, bars.low, self.entry), donchian(bars.high, bars.low, self.exit)
        up, down = bars.close > _before(entry.upper), bars.close < _before(entry.lower)
        away = self.width * atr(bars.high, bars.low, bars.close, self.period)
        stop = np.where(down, bars.close + away, bars.close - away)
        return Signals(
            enter=up,
            leave=bars.close < _before(leave.lower),
            enter_short=down,
            leave_short=bars.close > _before(leave.upper),
            stop_loss_at=np.where((up | down) & (stop > 0.0), stop, np.nan),
        )


def _before(line: F64) -> F64:
    """Return what a line was one bar earlier; NaN at first."""
    return np.concatenate([[np.nan], line[:-1]])[: line.shape[0]]
