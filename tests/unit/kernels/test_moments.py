"""Equity between trades, at bars asked for in any number."""

from __future__ import annotations

import numpy as np

from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import equity_at


def test_equity_is_cash_between_positions() -> None:
    """Two rows: 10 units over bars 1 and 2, 5 units from bar 4 to the end."""
    close = readonly(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    entries, exits = readonly(np.array([1, 4], np.int32)), readonly(np.array([3, 6], np.int32))
    paid, got = readonly(np.array([2.0, 5.0])), readonly(np.array([4.0, 0.0]))
    quantities, reasons = readonly(np.array([10.0, 5.0])), readonly(np.zeros(2, np.uint8))
    for points in ([0, 1, 2, 3, 4, 5], [2, 5], [5], []):
        out = np.empty(len(points))
        at = readonly(np.array(points, np.int64))
        equity_at(close, 100.0, 0.0, entries, exits, paid, got, quantities, reasons, at, out)
        assert out.tolist() == [[100, 100, 110, 120, 120, 125][point] for point in points]
