"""Metrics from the equity of every bar, by their textbook formulas and exact sums (engine.md 6)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import fsum, sqrt
from typing import Any

DAY_US = 86_400_000_000
YEAR_DAYS = 365.25


def bar_returns(equity: Sequence[float], cash: float, steps: Sequence[int]) -> list[float]:
    """Returns from bar to bar, the first against the cash; on the grid with equity carried when under 98 % is there."""
    values = [cash, *equity]
    moves = [later / earlier - 1 for earlier, later in itertools.pairwise(values)]
    grid = steps[-1] - steps[0] + 1
    if len(equity) >= 0.98 * grid:
        return moves
    out = [0.0] * grid
    for step, move in zip(steps, moves, strict=True):
        out[step - steps[0]] = move
    return out


def mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """Sample standard deviation, two passes, ddof 1."""
    middle = mean(values)
    return sqrt(fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def drawdown(equity: Sequence[float], cash: float) -> float:
    """Deepest fall below the highest equity so far, which starts as the cash; at most 0."""
    peak, worst = cash, 0.0
    for value in equity:
        peak = max(peak, value)
        worst = min(worst, value / peak - 1)
    return worst


def longest_under_water(equity: Sequence[float], cash: float, ts: Sequence[int], interval_us: int) -> tuple[int, float]:
    """Bars and days of the longest way from a peak to its recovery or the end.

    Point 0 is the open of the first bar, with the cash as equity; point i is the close of bar i - 1.
    """
    values = [cash, *equity]
    times = [ts[0], *(stamp + interval_us for stamp in ts)]
    bars, days, peak = 0, 0.0, cash
    for start, value in enumerate(values):
        peak = max(peak, value)
        if value < peak or start + 1 == len(values) or values[start + 1] >= peak:
            continue
        end = start + 1
        while end < len(values) - 1 and values[end] < peak:
            end += 1
        bars = max(bars, end - start)
        days = max(days, (times[end] - times[start]) / DAY_US)
    return bars, days


def from_returns(returns: Sequence[float], periods: float) -> dict[str, float | None]:
    """volatility_annual, sharpe and sortino, without a risk-free rate; None where there is no such number."""
    if len(returns) < 2:
        return {"volatility_annual": None, "sharpe": None, "sortino": None}
    middle, spread = mean(returns), deviation(returns)
    flat = spread < 1e-12 * (1 + abs(middle))
    below = sqrt(mean([min(value, 0.0) ** 2 for value in returns]))
    return {
        "volatility_annual": spread * sqrt(periods),
        "sharpe": None if flat else middle / spread * sqrt(periods),
        "sortino": None if below == 0 else middle * periods / (below * sqrt(periods)),
    }


def from_equity(equity: Sequence[float], cash: float, ts: Sequence[int], interval_us: int) -> dict[str, float | None]:
    """total_return, cagr, calmar and the drawdown with its two lengths."""
    years = (ts[-1] + interval_us - ts[0]) / DAY_US / YEAR_DAYS
    growth = equity[-1] / cash
    short = years * YEAR_DAYS < 90
    cagr = None if short else max(growth, 0.0) ** (1 / years) - 1
    worst = drawdown(equity, cash)
    bars, days = longest_under_water(equity, cash, ts, interval_us)
    return {
        "total_return": growth - 1,
        "cagr": cagr,
        "max_drawdown": worst,
        "max_drawdown_bars": bars,
        "max_drawdown_days": days,
        "calmar": None if cagr is None or worst == 0 else cagr / abs(worst),
    }


def from_trades(trades: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Figures per closed trade, in money."""
    profits = [trade["profit"] for trade in trades]
    wins = [profit for profit in profits if profit > 0]
    losses = [profit for profit in profits if profit < 0]
    return {
        "trades": len(profits),
        "win_rate": len(wins) / len(profits) if profits else None,
        "profit_factor": fsum(wins) / abs(fsum(losses)) if losses else None,
        "expectancy": mean(profits) if profits else None,
    }
