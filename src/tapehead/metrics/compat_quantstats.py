"""quantstats: statistics of daily returns, under the names of its `stats` functions."""

import math
from statistics import NormalDist

import numpy as np

from tapehead.metrics import distribution as shape
from tapehead.metrics.account import Account, daily_returns
from tapehead.metrics.closed import longest_streak
from tapehead.metrics.compat_empyrical import USUAL_YEAR, YEAR
from tapehead.metrics.drawdowns import under_water
from tapehead.metrics.foreign import Table, ratio
from tapehead.model.bars import F64

_NORMAL = NormalDist()


def quantstats(account: Account) -> Table:
    """Return what its functions give for the daily returns of an account, the first against the starting cash."""
    return figures(daily_returns(account).values, YEAR.get(account.rules.calendar, USUAL_YEAR))


def figures(returns: F64, periods: float) -> Table:
    """Return each figure of a series of returns, `periods` of them a year."""
    return {**_growth(returns, periods), **_distribution(returns), **_days(returns)}


def _growth(returns: F64, periods: float) -> Table:
    """Return what the growth and its drawdowns tell."""
    n, root = len(returns), math.sqrt(periods)
    grown = np.cumprod(1.0 + returns, dtype=np.float64)
    total = float(grown[-1]) - 1.0
    cagr = (1.0 + total) ** (periods / n) - 1.0
    mean, deviation = shape.mean(returns.tolist()), shape.spread(returns).deviation
    sortino = ratio(mean * root, shape.below(returns))
    depth = under_water(grown, 1.0)
    deepest = float(np.min(depth))
    ulcer = math.sqrt(math.fsum((depth * depth).tolist()) / (n - 1)) if n > 1 else None
    return {
        "comp": total,
        "cagr": cagr,
        "expected_return": (1.0 + total) ** (1.0 / n) - 1.0,
        "sharpe": ratio(mean * root, deviation),
        "risk_return_ratio": ratio(mean, deviation),
        "sortino": sortino,
        "adjusted_sortino": ratio(sortino, math.sqrt(2.0)),
        "volatility": None if deviation is None else deviation * root,
        "max_drawdown": deepest,
        "calmar": ratio(cagr, -deepest),
        "recovery_factor": ratio(abs(math.fsum(returns.tolist())), -deepest),
        "ulcer_index": ulcer,
        "ulcer_performance_index": ratio(total, ulcer),
    }


def _distribution(returns: F64) -> Table:
    """Return what the shape of the returns tells; the tails are those of a normal distribution."""
    mean, deviation = shape.mean(returns.tolist()), shape.spread(returns).deviation
    z = _NORMAL.inv_cdf(shape.TAIL)
    return {
        "skew": sample_skew(returns),
        "kurtosis": sample_kurtosis(returns),
        "value_at_risk": mean + z * deviation if deviation else None,
        "expected_shortfall": None if deviation is None else mean - deviation * _NORMAL.pdf(z) / shape.TAIL,
        "tail_ratio": shape.tail_ratio(np.sort(returns))[0],
    }


def sample_skew(values: F64) -> float | None:
    """Return the skew corrected for the size of the sample (G1)."""
    n, still = len(values), shape.skew_and_kurtosis(values)[0][0]
    return None if still is None or n < 3 else still * math.sqrt(n * (n - 1)) / (n - 2)


def sample_kurtosis(values: F64) -> float | None:
    """Return the excess kurtosis corrected for the size of the sample (G2)."""
    n, still = len(values), shape.skew_and_kurtosis(values)[1][0]
    return None if still is None or n < 4 else ((n + 1) * still + 6.0) * (n - 1) / ((n - 2) * (n - 3))


def _days(returns: F64) -> Table:
    """Return what winning and losing days tell; days without a return are left out of rates and means."""
    wins, losses, moved = returns[returns > 0.0], returns[returns < 0.0], returns[returns != 0.0]
    won, lost = math.fsum(wins.tolist()), -math.fsum(losses.tolist())
    average_win, average_loss = _mean(wins), _mean(losses)
    rate = len(wins) / len(moved) if len(moved) else 0.0
    not_lost = returns[returns >= 0.0]
    payoff = ratio(average_win, None if average_loss is None else -average_loss)
    factor = ratio(won, lost) if lost else (None if won else 0.0)
    tail = shape.tail_ratio(np.sort(returns))[0]
    return {
        "exposure": math.ceil(len(moved) / len(returns) * 100.0) / 100.0,
        "win_rate": rate,
        "best": float(returns.max()),
        "worst": float(returns.min()),
        "avg_return": _mean(moved),
        "avg_win": average_win,
        "avg_loss": average_loss,
        "consecutive_wins": longest_streak(returns > 0.0),
        "consecutive_losses": longest_streak(returns < 0.0),
        "payoff_ratio": payoff,
        "profit_factor": factor,
        "profit_ratio": _profit_ratio(not_lost, losses),
        "omega": ratio(won, lost),
        "gain_to_pain_ratio": ratio(math.fsum(returns.tolist()), lost),
        "common_sense_ratio": _product(factor, tail),
        "cpc_index": _product(factor, rate, payoff),
        "kelly_criterion": None if not payoff else rate - (1.0 - rate) / payoff,
        "outlier_win_ratio": ratio(shape.quantile(np.sort(returns), 0.99), _mean(not_lost)),
        "outlier_loss_ratio": ratio(shape.quantile(np.sort(returns), 0.01), average_loss),
    }


def _mean(values: F64) -> float | None:
    """Return a mean; None of nothing."""
    return shape.mean(values.tolist()) if len(values) else None


def _product(*factors: float | None) -> float | None:
    """Return a product; None where a factor has no value."""
    return None if None in factors else math.prod(factor for factor in factors if factor is not None)


def _profit_ratio(wins: F64, losses: F64) -> float | None:
    """Return mean win by number of wins over mean loss by number of losses; days without a return are wins."""
    if not len(losses):
        return None
    if not len(wins):
        return 0.0
    return ratio(abs(shape.mean(wins.tolist())) / len(wins), abs(shape.mean(losses.tolist())) / len(losses))
