"""Definitions of the metrics (engine.md, section 6): each a formula over sums, None with its reason where undefined."""

import math
from collections.abc import Mapping
from typing import NamedTuple

DAYS_A_YEAR = 365.25
DAY_US = 86_400_000_000
SHORTEST_FOR_CAGR_DAYS = 90
ZERO_VOLATILITY = 1e-12
STEADY = 0.1
"""Below this share of the squares the variance takes two passes: a mean of three deviations, which no market shows."""

Value = tuple[float | None, str]
"""A metric, and the reason when it is None."""


class Spread(NamedTuple):
    """Mean and standard deviation (ddof 1) of bar returns; `deviation` None below two observations."""

    mean: float
    deviation: float | None


def spread(observations: int, total: float, squares: float) -> Spread:
    """Return mean and deviation from sums."""
    if observations < 1:
        return Spread(0.0, None)
    mean = total / observations
    if observations < 2:
        return Spread(mean, None)
    return Spread(mean, math.sqrt(max(squares - total * mean, 0.0) / (observations - 1)))


def cancels(observations: int, total: float, squares: float) -> bool:
    """Say whether the variance is so small a part of the squares that sums lose its digits."""
    return observations > 1 and squares - total * total / observations < STEADY * squares


def is_still(found: Spread) -> bool:
    """Say whether a deviation counts as zero."""
    return found.deviation is None or found.deviation < ZERO_VOLATILITY * (1 + abs(found.mean))


def total_return(start: float, end: float) -> Value:
    """Return end/start - 1."""
    return end / start - 1.0, ""


def cagr(start: float, end: float, length_us: int) -> Value:
    """Return the annual growth rate; undefined under 90 days."""
    days = length_us / DAY_US
    if days < SHORTEST_FOR_CAGR_DAYS:
        return None, "too_short"
    return max(end / start, 0.0) ** (DAYS_A_YEAR / days) - 1.0, ""


def volatility_annual(found: Spread, periods: float) -> Value:
    """Return the deviation of bar returns over a year."""
    return (None, "too_short") if found.deviation is None else (found.deviation * math.sqrt(periods), "")


def sharpe(found: Spread, periods: float) -> Value:
    """Return mean over deviation, annualised; undefined where nothing moves."""
    if found.deviation is None:
        return None, "too_short"
    if is_still(found):
        return None, "zero_volatility"
    return found.mean / found.deviation * math.sqrt(periods), ""


def sortino(observations: int, total: float, downside: float, periods: float) -> Value:
    """Return annual mean over annual downside deviation, all observations in its denominator."""
    if observations < 2:
        return None, "too_short"
    mean = total / observations
    below = math.sqrt(downside / observations)
    if not math.isfinite(mean):
        return None, "not_finite"
    if below < ZERO_VOLATILITY * (1 + abs(mean)):
        return None, "no_losses" if mean > 0 else "zero_volatility"
    return mean * periods / (below * math.sqrt(periods)), ""


def calmar(growth: Value, drawdown: float) -> Value:
    """Return cagr over the size of the largest drawdown."""
    if growth[0] is None:
        return None, growth[1]
    return (None, "no_drawdown") if drawdown == 0 else (growth[0] / abs(drawdown), "")


def win_rate(wins: int, trades: int) -> Value:
    """Return the share of closed trades with a profit above 0."""
    return (None, "no_trades") if trades == 0 else (wins / trades, "")


def profit_factor(won: float, lost: float, trades: int) -> Value:
    """Return gross profit over gross loss of closed trades."""
    if trades == 0:
        return None, "no_trades"
    return (None, "no_losses") if lost == 0 else (won / lost, "")


def expectancy(won: float, lost: float, trades: int) -> Value:
    """Return the mean net profit of a closed trade, in money."""
    return (None, "no_trades") if trades == 0 else ((won - lost) / trades, "")


def settle(found: Mapping[str, Value]) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return values by name and the reason of each None; what no JSON can say is None, `not_finite`."""
    values = {name: value for name, (value, _) in found.items()}
    why: dict[str, str] = {}
    for name, value in values.items():
        if value is None:
            why[name] = found[name][1]
        elif not math.isfinite(value):
            values[name], why[name] = None, "not_finite"
    return values, why
