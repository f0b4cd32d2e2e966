"""NarrowRange: out of the quietest bar of several, to the side that breaks first."""

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy

F64 = NDArray[np.float64]


@strategy
class NarrowRange:
    """Buy a close above the high of the bar with the smallest range of `period`, within `wait` bars after it.

    Leave at a close below the low of that bar, or of a later such bar. Short signals are the mirror. The range must be
    smaller than each of the others, not equal. Source: Toby Crabel, Day Trading with Short Term Price Patterns and
    Opening Range Breakout, 1990, NR7.
    """

    period: int = param(7, low=2, high=1_000)
    wait: int = param(3, low=1, high=1_000)

    def warm(self) -> int:
        """Return 20 times the period, so that a narrow bar lies inside; what came before the last one is forgotten."""
        return 20 * self.period + self.wait

    def signals(self, bars: Bars) -> Signals:
        """Return the closes beyond the last narrow bar."""
        narrow = _narrowest(bars.high - bars.low, self.period)
        last = _last_before(narrow)
        known = last >= 0
        age = np.arange(len(bars)) - last
        top, bottom = np.where(known, bars.high[last], np.nan), np.where(known, bars.low[last], np.nan)
        near = known & (age <= self.wait)
        up, down = bars.close > top, bars.close < bottom
        return Signals(enter=near & up, leave=down, enter_short=near & down, leave_short=up)


def _narrowest(span: F64, period: int) -> NDArray[np.bool_]:
    """Say which bars have a range below each of the `period` - 1 before."""
    found = np.zeros(span.shape, np.bool_)
    if span.shape[0] >= period:
        windows = np.lib.stride_tricks.sliding_window_view(span, period)
        found[period - 1 :] = span[period - 1 :] < windows[:, :-1].min(axis=1)
    return found


def _last_before(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the place of the last marked bar before each bar, -1 where there is none."""
    places = np.where(marked, np.arange(marked.shape[0]), -1)
    last = np.maximum.accumulate(places) if places.shape[0] else places
    return np.concatenate([[-1], last[:-1]])[: marked.shape[0]].astype(np.int64)
