"""Equity from a ledger, at bars asked for in any number."""

from __future__ import annotations

import numpy as np

from tapehead.kernels.jit import readonly
from tapehead.kernels.moments import equity_at


def test_equity_is_cash_between_positions() -> None:
    """10 units over bars 1 and 2, then cash alone, 5 units short from bar 4 on; money twice a point."""
    close = readonly(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    ledger = readonly(np.array([[1.0, 3.0, 4.0], [60.0, 120.0, 170.0], [10.0, 0.0, -5.0]]))
    for points in ([0, 1, 2, 3, 4, 5], [2, 5], [5], []):
        out = np.empty(len(points))
        equity_at(close, 100.0, 2.0, ledger, readonly(np.array(points, np.int64)), out)
        assert out.tolist() == [[100, 100, 120, 120, 120, 110][point] for point in points]
