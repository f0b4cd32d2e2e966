"""Columns of the cells of a sweep: which metrics each has, and the reasons where one is undefined."""

from typing import Final

CELL_METRICS: Final = (
    "total_return",
    "cagr",
    "volatility_annual",
    "sharpe",
    "sortino",
    "max_drawdown",
    "max_drawdown_bars",
    "max_drawdown_days",
    "calmar",
    "exposure",
    "trades",
    "win_rate",
    "profit_factor",
    "expectancy",
    "fees_paid",
    "open_profit",
    "buy_and_hold_return",
)
"""Metrics of a cell, in the order of their columns; each is the metric of that name of a single run."""
WHOLE_METRICS: Final = frozenset(("max_drawdown_bars", "trades"))
"""Those that count something."""
CELL_REASONS: Final = (
    "",
    "too_short",
    "zero_volatility",
    "no_losses",
    "no_drawdown",
    "no_trades",
    "no_open_position",
    "not_finite",
    "no_price",
)
"""Why a metric is undefined; a column holds the place in this list, 0 where the metric is known."""
