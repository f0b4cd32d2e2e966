"""MonthSeason: in the market in certain months only."""

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.next_open import next_day
from tapehead.strategies.strategy import param, strategy


@strategy
class MonthSeason:
    """Hold from the month `first` to the month `last` of each year, UTC; both count, and 11 to 4 is a winter.

    `week` is 5 where nobody trades on Saturday and Sunday, else 7. Short signals are the other months. Source: Sven
    Bouman and Ben Jacobsen, The Halloween Indicator, American Economic Review 92, 2002.
    """

    first: int = param(11, low=1, high=12)
    last: int = param(4, low=1, high=12)
    week: int = param(7, low=5, high=7)

    def warm(self) -> int:
        """Return none: the calendar knows."""
        return 0

    def signals(self, bars: Bars) -> Signals:
        """Return whether the next bar opens in one of the months."""
        month = next_day(bars, self.week).astype("datetime64[M]").astype(np.int64) % 12 + 1
        inside = (month - self.first) % 12 <= (self.last - self.first) % 12
        return Signals(enter=inside, leave=~inside, enter_short=~inside, leave_short=inside)
