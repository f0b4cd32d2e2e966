"""MomentumRank: hold what rose most over a year, the last month left out."""

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars
from tapehead.model.signals import Signals
from tapehead.strategies.strategy import param, strategy


@strategy
class MomentumRank:
    """Hold as long as the close `skip` bars ago is above that of `period` bars ago; short below it.

    How far above is the `rank` by which a portfolio chooses among instruments, greatest first: 252 and 21 are 12 months
    less the last one, in days. Source: Narasimhan Jegadeesh and Sheridan Titman, Returns to Buying Winners and Selling
    Losers, Journal of Finance 48, 1993.
    """

    period: int = param(252, low=1, high=100_000)
    skip: int = param(21, low=0, high=10_000)

    def warm(self) -> int:
        """Return what the first change needs: nothing older counts."""
        return max(self.period, self.skip) + 1

    def signals(self, bars: Bars) -> Signals:
        """Return whether the price rose, and by which share."""
        rank = change(bars.close, self.skip, self.period)
        up, down = rank > 0.0, rank < 0.0
        return Signals(enter=up, leave=~up, enter_short=down, leave_short=~down, rank=rank)


def change(close: NDArray[np.float64], near: int, far: int) -> NDArray[np.float64]:
    """Return the share by which the close `near` bars ago is above that of `far` bars ago, shape (n_bars,).

    NaN where one of them is not there, or the older price is not above 0.
    """
    n = close.shape[0]
    found = np.full(n, np.nan)
    first = max(near, far)
    then, now = close[first - far : max(n - far, 0)], close[first - near : max(n - near, 0)]
    known = then > 0.0
    found[first:][known] = now[known] / then[known] - 1.0
    return found
