"""Moments: sums of one equity and of its closed trades."""

from typing import NamedTuple


class Moments(NamedTuple):
    """What the equity of one simulation did, from its start on.

    `observations` counts bar returns (grid steps where under 98 % of the grid is present); `total`, `squares`,
    `downside` are their sum, sum of squares, and sum of squares below 0; `drawdown` is at most 0; `wet_bars`, `wet_us`
    the longest time under water; `held` bars with a position; `won`, `lost` gross profit and loss of closed trades.
    """

    observations: int
    total: float
    squares: float
    downside: float
    drawdown: float
    wet_bars: int
    wet_us: int
    held: int
    wins: int
    won: float
    lost: float
