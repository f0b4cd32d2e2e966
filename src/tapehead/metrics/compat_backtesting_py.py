"""backtesting.py: the series that `Backtest.run()` prints, from its documentation and from what it prints."""

import math

import numpy as np

from tapehead.metrics import distribution as shape
from tapehead.metrics.account import Account, changes
from tapehead.metrics.definitions import DAY_US
from tapehead.metrics.drawdowns import under_water
from tapehead.metrics.foreign import Table, duration, moment, percent, ratio
from tapehead.model.bars import F64, I64
from tapehead.model.pooling import ACCOUNT

_YEAR_DAYS = 365.25
_MONDAY_BASED = 3
"""The epoch was a Thursday."""
_WEEKEND = 5
_WEEKEND_SHARE = 2 / 7 * 0.6
"""With more of the bars on weekends than this the tool counts 365 days a year, else 252."""


def backtesting_py(account: Account, first: int = 0) -> Table:
    """Return the rows of its series; what it hides behind an underscore is left out.

    `first` is the bar from which it lets buying and holding begin: behind the warm-up of the indicators declared to it,
    which an account does not know. One that several instruments share has no one market: what is told of that is None.
    """
    bars, equity = account.bars, account.equity
    depth = under_water(equity, -math.inf)
    total = float(equity[-1]) / float(equity[0]) - 1.0
    shared = bars.series.instrument == ACCOUNT
    hold = float(bars.close[-1]) / float(bars.close[first]) - 1.0
    fees = math.fsum(account.trades.fees.tolist())
    return {
        "Start": moment(int(bars.ts[0])),
        "End": moment(int(bars.ts[-1])),
        "Duration": duration(int(bars.ts[-1] - bars.ts[0])),
        "Exposure Time [%]": _exposure(account) * 100.0,
        "Equity Final [$]": float(equity[-1]),
        "Equity Peak [$]": float(equity.max()),
        **({"Commissions [$]": fees} if fees else {}),
        "Return [%]": total * 100.0,
        "Buy & Hold Return [%]": None if shared else hold * 100.0,
        **_annual(account, -float(np.min(depth)), total),
        **({"Alpha [%]": None, "Beta": None} if shared else _market(account, total, hold)),
        "Max. Drawdown [%]": float(np.min(depth)) * 100.0,
        **_drawdowns(depth, bars.ts, bars.series.interval.us),
        **_trades(account),
    }


def _exposure(account: Account) -> float:
    """Return the share of bars from the entry to the exit of a closed trade, both included."""
    held = np.zeros(len(account.bars), bool)
    for entry, leave in zip(account.trades.entry_bar.tolist(), account.trades.exit_bar.tolist(), strict=True):
        held[entry : leave + 1] = True
    return float(np.count_nonzero(held)) / len(held)


def _annual(account: Account, deepest: float, total: float) -> Table:
    """Return the rows made of the returns of UTC days, compounded over a year of days."""
    bars = account.bars
    days = bars.ts // DAY_US
    year = 365.0 if np.mean((days + _MONDAY_BASED) % 7 >= _WEEKEND) > _WEEKEND_SHARE else 252.0
    closes = account.equity[np.flatnonzero(np.diff(days, append=days[-1] + 1))]
    returns = changes(closes, float(closes[0]))[1:]
    growth = _geometric_mean(returns)
    annual = (1.0 + growth) ** year - 1.0
    spread = shape.spread(returns).deviation if len(returns) > 1 else None
    wild = None
    if spread is not None:
        wild = math.sqrt((spread * spread + (1.0 + growth) ** 2) ** year - (1.0 + growth) ** (2.0 * year))
    years = int(bars.ts[-1] - bars.ts[0]) / DAY_US / _YEAR_DAYS
    risk = shape.below(returns) * math.sqrt(year) if len(returns) else None
    return {
        "Return (Ann.) [%]": annual * 100.0,
        "Volatility (Ann.) [%]": percent(wild),
        "CAGR [%]": ((1.0 + total) ** (1.0 / years) - 1.0) * 100.0 if years else None,
        "Sharpe Ratio": ratio(annual, wild),
        "Sortino Ratio": ratio(annual, risk),
        "Calmar Ratio": ratio(annual, deepest),
    }


def _geometric_mean(returns: F64) -> float:
    """Return the growth of one period that gives the whole; 0 where equity was lost."""
    grown = 1.0 + returns
    if not len(grown) or not (grown > 0.0).all():
        return 0.0
    return math.exp(math.fsum(np.log(grown).tolist()) / len(grown)) - 1.0


def _market(account: Account, total: float, hold: float) -> Table:
    """Return alpha and beta: beta of the log returns of bars, alpha what the whole return is above beta times it."""
    close, equity = account.bars.close, account.equity
    with np.errstate(divide="ignore", invalid="ignore"):
        mine, market = np.diff(np.log(equity)), np.diff(np.log(close))
    if len(mine) < 2 or not (shape.is_finite(mine) and shape.is_finite(market)):
        return {"Alpha [%]": None, "Beta": None}
    beta = ratio(shape.covariance(mine, market), shape.covariance(market, market))
    return {"Alpha [%]": None if beta is None else (total - beta * hold) * 100.0, "Beta": beta}


def _drawdowns(depth: F64, ts: I64, every_us: int) -> Table:
    """Return the rows about drawdowns: each from a peak to the next one, the last also to the last bar."""
    peaks = np.flatnonzero(depth >= 0.0).tolist()
    ends = [*peaks[1:], len(depth) - 1]
    spans = [(a, b) for a, b in zip(peaks, ends, strict=True) if b > a + 1 or (b > a and depth[b] < 0.0)]
    if not spans:
        names = ("Avg. Drawdown [%]", "Max. Drawdown Duration", "Avg. Drawdown Duration")
        return dict.fromkeys(names)
    depths = [float(np.min(depth[a : b + 1])) for a, b in spans]
    times = [int(ts[b] - ts[a]) for a, b in spans]
    return {
        "Avg. Drawdown [%]": shape.mean(depths) * 100.0,
        "Max. Drawdown Duration": _rounded(max(times), every_us),
        "Avg. Drawdown Duration": _rounded(shape.mean(times), every_us),
    }


def _rounded(us: float, every_us: int) -> str | None:
    """Return a time span in whole bars, rounded up."""
    return duration(math.ceil(us / every_us) * every_us)


def _trades(account: Account) -> Table:
    """Return the rows about closed trades; percents are of the money an entry bought for."""
    trades, ts, every = account.trades, account.bars.ts, account.bars.series.interval.us
    n, profit = len(trades), trades.profit
    gains = account.gains
    times = (ts[trades.exit_bar] - ts[trades.entry_bar]).tolist()
    wins = profit > 0.0
    up, down = math.fsum(gains[gains > 0.0].tolist()), -math.fsum(gains[gains < 0.0].tolist())
    spread = shape.spread(profit).deviation if n > 1 else None
    mean = shape.mean(profit.tolist()) if n else None
    return {
        "# Trades": n,
        "Win Rate [%]": percent(ratio(float(np.count_nonzero(wins)), n)),
        "Best Trade [%]": float(gains.max()) * 100.0 if n else None,
        "Worst Trade [%]": float(gains.min()) * 100.0 if n else None,
        "Avg. Trade [%]": _geometric_mean(gains) * 100.0 if n else None,
        "Max. Trade Duration": _rounded(max(times), every) if n else None,
        "Avg. Trade Duration": _rounded(shape.mean(times), every) if n else None,
        "Profit Factor": ratio(up, down),
        "Expectancy [%]": shape.mean(gains.tolist()) * 100.0 if n else None,
        "SQN": None if mean is None else ratio(math.sqrt(n) * mean, spread),
        "Kelly Criterion": _kelly(profit) if n else None,
    }


def _kelly(profit: F64) -> float | None:
    """Return the win rate less the share of the others over mean win by mean loss; None where one is missing."""
    wins, losses = profit[profit > 0.0], profit[profit < 0.0]
    if not len(wins) or not len(losses):
        return None
    rate = len(wins) / len(profit)
    return rate - (1.0 - rate) / (shape.mean(wins.tolist()) / -shape.mean(losses.tolist()))
