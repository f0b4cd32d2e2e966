"""Mean: the mean of many equities on one grid of time, taken in one after another."""

import numpy as np
from numpy.typing import NDArray

from tapehead.library.tear.returns import bar_returns

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_STEPS = 200_000
"""At most so many steps of the grid: two lines of it take 3 MB, however many instruments there are."""
_DAY_US = 86_400_000_000


class Mean:
    """Equity over starting cash, averaged over instruments, at grid closes; and the same of buying and holding.

    Before its first bar an instrument holds its cash, after its last one what it ended with.
    """

    def __init__(self, first: int, last: int, interval_us: int) -> None:
        steps = (last - first) // interval_us + 1
        self.every_us = interval_us * -(-steps // _STEPS)
        """Spacing of the grid, us."""
        n = -(-(last + interval_us - first) // self.every_us)
        self.closes: I64 = first + self.every_us * np.arange(1, n + 1, dtype=np.int64)
        self.count = 0
        self._sum, self._held = np.zeros(n), np.zeros(n)
        self._days: set[int] = set()

    def add(self, closes: I64, equity: F64, held: F64 | None, cash: float) -> None:
        """Take one instrument in; without a line of holding its cash counts."""
        at = np.searchsorted(closes, self.closes, side="right") - 1
        known = at >= 0
        self.count += 1
        self._sum += np.where(known, equity[at] / cash, 1.0)
        self._held += 1.0 if held is None else np.where(known, held[at] / cash, 1.0)
        self._days.update(np.unique((closes - 1) // _DAY_US).tolist())

    @property
    def equity(self) -> F64:
        """Mean equity over cash, shape (n_steps,)."""
        return self._sum / self.count

    @property
    def held(self) -> F64:
        """The same of buying and holding."""
        return self._held / self.count

    def daily(self) -> tuple[I64, F64]:
        """Return closes and returns of the days (UTC) on which any instrument had a bar."""
        days = (self.closes - 1) // _DAY_US
        last = np.flatnonzero(np.append(np.diff(days) != 0, True))
        kept = last[np.isin(days[last], np.array(sorted(self._days), np.int64))]
        return self.closes[kept], bar_returns(self.equity[kept], 1.0)
