"""BuyAndHold: buy at the first price there is and never sell."""

import numpy as np

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import strategy


@strategy
class BuyAndHold:
    """Buy at the first price after the start and hold to the end.

    Source: Burton Malkiel, A Random Walk Down Wall Street, 1973.
    """

    def signals(self, bars: Bars) -> Signals:
        """Return the wish to hold at every bar."""
        return Signals(enter=np.ones(len(bars), dtype=bool))
