"""Ledger: what an account held after each bar at which something changed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.account import LEDGER, ROW_BAR, ROW_CASH, ROW_UNITS

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


class Ledger(NamedTuple):
    """Rows of (bar, cash after it, signed units after it), shape (3, n_rows); each holds until the next.

    Bars are counted from the first one at or after the start; before the first row there is the starting cash alone.
    Equity at the close of t is cash + units · multiplier · close[t] of the last row at or before t.
    """

    rows: F64

    @property
    def bar(self) -> I64:
        """Return the bars, rising."""
        bars: I64 = self.rows[ROW_BAR].astype(np.int64)
        return bars

    @property
    def cash(self) -> F64:
        """Return the cash after each."""
        cash: F64 = self.rows[ROW_CASH]
        return cash

    @property
    def units(self) -> F64:
        """Return the signed units after each."""
        units: F64 = self.rows[ROW_UNITS]
        return units

    def units_at(self, n: int) -> F64:
        """Return the signed units held after the close of each of n bars."""
        place = np.searchsorted(self.bar, np.arange(n), side="right")
        return np.concatenate(([0.0], self.units))[place]


def no_ledger() -> Ledger:
    """Return a ledger without a row."""
    return Ledger(np.empty((LEDGER, 0)))
