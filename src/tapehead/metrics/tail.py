"""tail: the metrics that need the equity of every bar; made when they are asked for, never in a run."""

import math
from collections.abc import Mapping

import numpy as np

from tapehead.errors import ParameterError
from tapehead.metrics import definitions as define
from tapehead.metrics import distribution as shape
from tapehead.metrics import drawdowns
from tapehead.metrics.account import Account, Returns, bar_returns, daily_returns
from tapehead.metrics.hold import buy_and_hold

TAIL_METRICS = (
    "sharpe_daily",
    "max_drawdown_intrabar",
    "ulcer",
    "recovery",
    "omega",
    "tail_ratio",
    "var_95",
    "cvar_95",
    "skew",
    "kurtosis",
    "alpha",
    "beta",
)
Values = Mapping[str, define.Value]


def tail(account: Account, *, rf: float = 0.0) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return the metrics of an equity curve by name, and the reason of each None.

    Parameters
    ----------
    account : Account
        At least one bar.
    rf : float
        Riskless rate, annual effective, above -1; of one bar (1 + rf)^(1/P) - 1. Where it is not 0, `sharpe` and
        `sortino` are among the values.

    Returns
    -------
    values, why : dict

    Raises
    ------
    ParameterError
        `rf` is not above -1 and finite.

    Notes
    -----
    Some twenty passes over the bars: about 40 ms for 44,000.
    """
    if not -1.0 < rf < math.inf:
        raise ParameterError(name="rf", value=rf, bound="a yearly rate above -100 %, such as 2%")
    returns, start = bar_returns(account), account.rules.cash
    found: dict[str, define.Value] = {
        "sharpe_daily": _sharpe_daily(account, rf),
        "max_drawdown_intrabar": drawdowns.max_drawdown_intrabar(account),
        "ulcer": drawdowns.ulcer(account.equity, start),
        "recovery": drawdowns.recovery(account.equity, start),
        **_of_returns(returns, rf),
        **_against_holding(account, returns, rf),
    }
    return define.settle(found)


def _of_returns(returns: Returns, rf: float) -> Values:
    """Return what the returns alone tell."""
    values, excess = returns.values, returns.excess(rf)
    if not shape.is_finite(values):
        names = ("omega", "tail_ratio", "var_95", "cvar_95", "skew", "kurtosis", *(("sharpe", "sortino") if rf else ()))
        return dict.fromkeys(names, (None, "not_finite"))
    ordered = np.sort(values)
    skew, kurtosis = shape.skew_and_kurtosis(values)
    found: dict[str, define.Value] = {
        "omega": shape.omega(excess),
        "tail_ratio": shape.tail_ratio(ordered),
        "var_95": (shape.value_at_risk(ordered), ""),
        "cvar_95": (shape.expected_shortfall(ordered), ""),
        "skew": skew,
        "kurtosis": kurtosis,
    }
    if rf:
        n, below = len(excess), shape.below(excess)
        found["sharpe"] = define.sharpe(shape.spread(excess), returns.periods)
        found["sortino"] = define.sortino(n, math.fsum(excess.tolist()), below * below * n, returns.periods)
    return found


def _sharpe_daily(account: Account, rf: float) -> define.Value:
    """Return the Sharpe ratio of the returns of days."""
    if not account.is_intraday:
        return None, "not_intraday"
    returns = daily_returns(account)
    if not shape.is_finite(returns.values):
        return None, "not_finite"
    return define.sharpe(shape.spread(returns.excess(rf)), returns.periods)


def _against_holding(account: Account, returns: Returns, rf: float) -> Values:
    """Return alpha and beta against buying and holding the instrument: least squares of excess returns."""
    held = buy_and_hold(account.bars, account.rules)
    if held.equity is None:
        return dict.fromkeys(("alpha", "beta"), (None, held.reason))
    other = bar_returns(account, held.equity)
    mine, market = returns.excess(rf), other.excess(rf)
    if not (shape.is_finite(mine) and shape.is_finite(market)):
        return dict.fromkeys(("alpha", "beta"), (None, "not_finite"))
    if len(mine) < 2:
        return dict.fromkeys(("alpha", "beta"), (None, "too_short"))
    found = shape.line(mine, market)
    if found is None:
        return dict.fromkeys(("alpha", "beta"), (None, "zero_volatility"))
    return {"alpha": (found.intercept * returns.periods, ""), "beta": (found.slope, "")}
