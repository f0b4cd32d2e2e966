"""Equity between trades, at bars asked for in any number."""

from __future__ import annotations

import numpy as np

from tapehead.kernels import walk
from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import equity_at


def test_equity_is_cash_between_positions() -> None:
    """Two rows: 10 units over bars 1 and 2, 5 units from bar 4 to the end."""
    close = readonly(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    bars = np.array([[1, 3, 0, 0], [4, 6, 0, 0]], np.int32)
    money = np.zeros((2, walk.MONEY_COLUMNS))
    money[:, walk.QUANTITY] = [10, 5]
    money[:, walk.REST] = [80, 75]
    money[:, walk.AFTER] = [120, 0]
    for points in ([0, 1, 2, 3, 4, 5], [2, 5], [5], []):
        out = np.empty(len(points))
        equity_at(close, 100.0, 2, bars, money, readonly(np.array(points, np.int64)), out)
        assert out.tolist() == [[100, 100, 110, 120, 100, 105][point] for point in points]
