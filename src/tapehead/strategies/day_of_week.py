"""DayOfWeek: in the market on certain days of the week only."""

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.next_open import next_day
from tapehead.strategies.strategy import param, strategy


@strategy
class DayOfWeek:
    """Hold from the day `first` to the day `last` of each week, 1 for Monday to 7 for Sunday, UTC; both count.

    `week` is 5 where nobody trades on Saturday and Sunday, else 7. Short signals are the other days. Source: Kenneth
    French, Stock Returns and the Weekend Effect, Journal of Financial Economics 8, 1980, whose Mondays fell.
    """

    first: int = param(2, low=1, high=7)
    last: int = param(5, low=1, high=7)
    week: int = param(7, low=5, high=7)

    def warm(self) -> int:
        """Return none: the calendar knows."""
        return 0

    def signals(self, bars: Bars) -> Signals:
        """Return whether the next bar opens on one of the days."""
        # 1970-01-01 was a Thursday, the fourth day.
        day = (next_day(bars, self.week).astype(np.int64) + 3) % 7 + 1
        inside = (day - self.first) % 7 <= (self.last - self.first) % 7
        return Signals(enter=inside, leave=~inside, enter_short=~inside, leave_short=inside)
