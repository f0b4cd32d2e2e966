"""TurnOfMonth: in the market from the last days of a month to the first of the next."""

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.next_open import WEEKMASKS, next_day
from tapehead.strategies.strategy import param, strategy


@strategy
class TurnOfMonth:
    """Hold during the last `before` trading days of each month and the first `after` of the next, UTC.

    `week` is 5 where nobody trades on Saturday and Sunday, else 7; holidays are not known, and count as days. Source:
    Josef Lakonishok and Seymour Smidt, Are Seasonal Anomalies Real?, Review of Financial Studies 1, 1988: the last day
    and the first three; Robert Ariel, A Monthly Effect in Stock Returns, 1987.
    """

    before: int = param(1, low=0, high=15)
    after: int = param(3, low=0, high=15)
    week: int = param(7, low=5, high=7)

    def warm(self) -> int:
        """Return none: the calendar knows."""
        return 0

    def signals(self, bars: Bars) -> Signals:
        """Return whether the next bar opens on one of the days, counted from either end of its month."""
        day = next_day(bars, self.week)
        month, mask = day.astype("datetime64[M]"), WEEKMASKS[self.week]
        begin, end = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]")
        passed = np.busday_count(begin, day, weekmask=mask)
        left = np.busday_count(day, end, weekmask=mask)
        inside = (passed < self.after) | (left <= self.before)
        return Signals(enter=inside, leave=~inside)
