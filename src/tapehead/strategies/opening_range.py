"""OpeningRange: out of the range of the first minutes of a day, until the day is over."""

from collections.abc import Sequence

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.need import Need
from tapehead.model.signals import Signals
from tapehead.strategies.begins import begins
from tapehead.strategies.day_of import day_of
from tapehead.strategies.strategy import param, strategy

_MINUTE_US = 60_000_000


@strategy
class OpeningRange:
    """Buy a close above the range of the first `minutes` of a day (UTC), with a stop at its other end.

    Leave when the day is over, `hours` after its first bar: 6.5 for New York. Short signals are the mirror. Wants bars
    finer than the range. Source: Toby Crabel, Day Trading with Short Term Price Patterns and Opening Range Breakout,
    1990.
    """

    minutes: int = param(60, low=1, high=1_380)
    hours: float = param(24.0, low=0.5, high=24)

    def warm(self) -> int:
        """Return none but the day that `needs` names."""
        return 0

    def needs(self) -> Sequence[Need]:
        """Return one day, so that the begin of the first one scored is known."""
        return [Need("day", interval="1d")]

    def signals(self, bars: Bars) -> Signals:
        """Return the closes beyond the opening range, and the end of each day."""
        day = day_of(bars, self.hours)
        opening = day.begun_us < self.minutes * _MINUTE_US
        starts = np.unique(day.first)
        top, bottom = bars.high.copy(), bars.low.copy()
        if len(bars):
            place = np.searchsorted(starts, day.first)
            top = np.maximum.reduceat(np.where(opening, bars.high, -np.inf), starts)[place]
            bottom = np.minimum.reduceat(np.where(opening, bars.low, np.inf), starts)[place]
        open_to = day.whole & ~opening
        up, down = begins(open_to & (bars.close > top)) & ~day.over, begins(open_to & (bars.close < bottom)) & ~day.over
        leave = day.over | (day.begun_us == 0)
        stop = np.where(down, top, bottom)
        stop_at = np.where((up | down) & (stop > 0.0), stop, np.nan)
        return Signals(enter=up, leave=leave, enter_short=down, leave_short=leave, stop_loss_at=stop_at)
