"""vectorbt: the table of `Portfolio.stats()`, from its documentation and from what its wheel prints."""

import math

import numpy as np
from numpy.typing import NDArray

from tapehead.metrics import distribution as shape
from tapehead.metrics.account import Account, changes
from tapehead.metrics.closed import longest_streak
from tapehead.metrics.definitions import DAY_US
from tapehead.metrics.drawdowns import under_water
from tapehead.metrics.foreign import Table, duration, moment, percent, ratio
from tapehead.model.bars import F64
from tapehead.model.pooling import ACCOUNT

_YEAR_US = 365 * DAY_US


def vectorbt(account: Account) -> Table:
    """Return the rows of its statistics; a year has 365 days, and the first return is against the starting cash.

    An account that several instruments share has no one market: what is told of that is None.
    """
    bars, equity, start = account.bars, account.equity, account.rules.cash
    every, n = bars.series.interval.us, len(bars)
    market = _market(account) if bars.series.instrument != ACCOUNT else (None, None)
    total = float(equity[-1]) / start - 1.0
    depth = under_water(equity, -math.inf)
    span = longest_streak(depth < 0.0)
    return {
        "Start": moment(int(bars.ts[0])),
        "End": moment(int(bars.ts[-1])),
        "Period": duration(n * every),
        "Start Value": start,
        "End Value": float(equity[-1]),
        "Total Return [%]": total * 100.0,
        "Benchmark Return [%]": market[0],
        "Max Gross Exposure [%]": market[1],
        "Total Fees Paid": account.fees_paid,
        "Max Drawdown [%]": float(np.min(depth)) * -100.0 if span else None,
        "Max Drawdown Duration": duration(span * every) if span else None,
        **_trades(account),
        **_returns(changes(equity, start), _YEAR_US / every, total, -float(np.min(depth))),
    }


def _market(account: Account) -> tuple[float | None, float | None]:
    """Return what the market made and the most that was in it, of equity; both in percent."""
    close, exposed = account.bars.close, np.abs(account.units) * account.rules.multiplier * account.bars.close
    with np.errstate(divide="ignore", invalid="ignore"):
        gross = float(np.max(exposed / account.equity))
    return percent(ratio(float(close[-1] - close[0]), float(close[0]))), gross * 100.0


def _trades(account: Account) -> Table:
    """Return the rows about trades; those still open count in the first three only."""
    trades, opened, every = account.trades, account.opened, account.bars.series.interval.us
    gains = account.gains * 100.0
    held = (trades.exit_bar - trades.entry_bar).astype(np.float64)
    won, lost = trades.profit > 0.0, trades.profit < 0.0
    up, down = math.fsum(trades.profit[won].tolist()), -math.fsum(trades.profit[lost].tolist())
    n, still = len(trades), opened is not None
    return {
        "Total Trades": n + still,
        "Total Closed Trades": n,
        "Total Open Trades": int(still),
        "Open Trade PnL": 0.0 if opened is None else opened.profit,
        "Win Rate [%]": percent(ratio(float(np.count_nonzero(won)), n)),
        "Best Trade [%]": float(gains.max()) if n else None,
        "Worst Trade [%]": float(gains.min()) if n else None,
        "Avg Winning Trade [%]": _mean(gains, won),
        "Avg Losing Trade [%]": _mean(gains, lost),
        "Avg Winning Trade Duration": _cut(_mean(held, won), every),
        "Avg Losing Trade Duration": _cut(_mean(held, lost), every),
        "Profit Factor": ratio(up, down),
        "Expectancy": ratio(up - down, n),
    }


def _cut(bars: float | None, every_us: int) -> str | None:
    """Return a number of bars as a time span, cut off at the microsecond."""
    return None if bars is None else duration(math.floor(bars * every_us))


def _mean(values: F64, chosen: NDArray[np.bool_]) -> float | None:
    """Return the mean of the chosen values; None of nothing."""
    return shape.mean(values[chosen].tolist()) if chosen.any() else None


def _returns(returns: F64, periods: float, total: float, deepest: float) -> Table:
    """Return the rows made of the returns of bars."""
    names = ("Sharpe Ratio", "Calmar Ratio", "Omega Ratio", "Sortino Ratio")
    if not shape.is_finite(returns):
        return dict.fromkeys(names)
    mean, deviation = shape.mean(returns.tolist()), shape.spread(returns).deviation
    growth = (1.0 + total) ** (periods / len(returns)) - 1.0
    risk = shape.below(returns) * math.sqrt(periods)
    return {
        "Sharpe Ratio": ratio(mean * math.sqrt(periods), deviation),
        "Calmar Ratio": ratio(growth, deepest),
        "Omega Ratio": shape.omega(returns)[0],
        "Sortino Ratio": ratio(mean * periods, risk),
    }
