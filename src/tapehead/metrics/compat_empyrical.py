"""empyrical: statistics of daily returns, under the names of its functions."""

import math

import numpy as np

from tapehead.metrics import distribution as shape
from tapehead.metrics.account import Account, daily_returns
from tapehead.metrics.drawdowns import under_water
from tapehead.metrics.foreign import Table, ratio
from tapehead.model.bars import F64

YEAR = {"24/7": 365.0}
USUAL_YEAR = 252.0
"""Days a year that these tools take where nobody says otherwise."""


def empyrical(account: Account) -> Table:
    """Return what its functions give for the daily returns of an account, the first against the starting cash."""
    return figures(daily_returns(account).values, YEAR.get(account.rules.calendar, USUAL_YEAR))


def figures(returns: F64, periods: float) -> Table:
    """Return each figure of a series of returns, `periods` of them a year."""
    n = len(returns)
    grown = np.cumprod(1.0 + returns, dtype=np.float64)
    total = float(grown[-1]) - 1.0
    growth = (1.0 + total) ** (periods / n) - 1.0
    deviation = shape.spread(returns).deviation
    mean, risk = shape.mean(returns.tolist()), shape.below(returns) * math.sqrt(periods)
    deepest = float(np.min(under_water(grown, 1.0)))
    ordered = np.sort(returns)
    return {
        "cum_returns_final": total,
        "annual_return": growth,
        "annual_volatility": None if deviation is None else deviation * math.sqrt(periods),
        "sharpe_ratio": ratio(mean * math.sqrt(periods), deviation),
        "sortino_ratio": ratio(mean * periods, risk),
        "downside_risk": risk,
        "calmar_ratio": ratio(growth, -deepest),
        "max_drawdown": deepest,
        "omega_ratio": shape.omega(returns)[0],
        "tail_ratio": shape.tail_ratio(ordered)[0],
        "value_at_risk": shape.quantile(ordered, shape.TAIL),
        "conditional_value_at_risk": shape.mean(ordered[: int((n - 1) * shape.TAIL) + 1].tolist()),
        "stability_of_timeseries": stability(returns),
    }


def stability(returns: F64) -> float | None:
    """Return the squared correlation of the sum of log returns with time."""
    with np.errstate(divide="ignore", invalid="ignore"):
        path = np.cumsum(np.log1p(returns))
    if len(path) < 2 or not np.isfinite(path).all():
        return None
    time = np.arange(float(len(path)))
    both = shape.covariance(time, path)
    return ratio(both * both, shape.covariance(time, time) * shape.covariance(path, path))
