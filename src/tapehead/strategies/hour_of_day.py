"""HourOfDay: in the market at certain hours only."""

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.next_open import next_open
from tapehead.strategies.strategy import param, strategy

_HOUR_US = 3_600_000_000


@strategy
class HourOfDay:
    """Hold during `hours` hours of each day (UTC), from the hour `first` on; short signals are the hours outside.

    Wants bars of an hour or less. Source: Matus Padysak and Radovan Vojtko, Seasonality, Trend-following, and Mean
    Reversion in Bitcoin, 2022, who find most of its rise between 21 and 23 hours; before them Steven Heston, Robert
    Korajczyk and Ronnie Sadka, Intraday Patterns in the Cross-section of Stock Returns, 2010.
    """

    first: int = param(21, low=0, high=23)
    hours: int = param(2, low=1, high=23)

    def warm(self) -> int:
        """Return none: the clock knows."""
        return 0

    def signals(self, bars: Bars) -> Signals:
        """Return whether the next bar opens within the hours."""
        hour = next_open(bars).astype(np.int64) // _HOUR_US % 24
        inside = (hour - self.first) % 24 < self.hours
        return Signals(enter=inside, leave=~inside, enter_short=~inside, leave_short=inside)
