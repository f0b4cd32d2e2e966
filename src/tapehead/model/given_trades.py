"""GivenTrades: trades that another program made, as columns on the bars of one instrument."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

IMPORTED: Final = "import"
"""The origin of a run whose trades another program made; the path of a file would be absolute."""

ELSEWHERE: Final = "made elsewhere: fills, sizes and fees are those of another program"
"""The stamp of such a run."""


class GivenTrades(NamedTuple):
    """Trades and open positions, each column of shape (n_trades,).

    `side` is 1 long, -1 short; `exit_bar` is -1, and `exit_price` NaN, of a position that is still open; bars are
    counted from 0. Prices and `fees` (both sides) are in quote currency; `profit` is net, NaN where it is to be
    reckoned; `reason` is an index into `layout.columns.REASONS`.
    """

    side: NDArray[np.int8]
    entry_bar: NDArray[np.int32]
    exit_bar: NDArray[np.int32]
    entry_price: NDArray[np.float64]
    exit_price: NDArray[np.float64]
    quantity: NDArray[np.float64]
    fees: NDArray[np.float64]
    profit: NDArray[np.float64]
    reason: NDArray[np.uint8]

    def at(self, rows: NDArray[np.int64]) -> "GivenTrades":
        """Return those at some places."""
        return GivenTrades(
            self.side[rows],
            self.entry_bar[rows],
            self.exit_bar[rows],
            self.entry_price[rows],
            self.exit_price[rows],
            self.quantity[rows],
            self.fees[rows],
            self.profit[rows],
            self.reason[rows],
        )
