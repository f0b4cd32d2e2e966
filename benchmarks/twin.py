"""The plain twin: the same backtest once more in plain Python floats, from the written rules and from nothing else.

It shares no code with Tapehead and uses no NumPy, so it is slow and easy to read. Wilder's index is kept as averages,
as in J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, page 65.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log, nan, sqrt
from typing import NamedTuple

PERIODS_A_YEAR = 365.25 * 24
DAY_US = 86_400_000_000
EVEN = 1e-12
"""Of what was traded: a profit below it has no sign."""


class Trade(NamedTuple):
    """One closed trade; bars counted from 0."""

    entry_bar: int
    exit_bar: int
    entry_price: float
    exit_price: float
    quantity: float
    profit: float


class Account(NamedTuple):
    """What the walk leaves: closed trades, equity at each close, entry bar of what is open at the end (or -1)."""

    trades: list[Trade]
    equity: list[float]
    opened: int


def wilder(closes: Sequence[float], period: int = 14) -> list[float]:
    """Relative strength index; the first `period` values are NaN, a flat window gives 50."""
    strength = [nan] * min(period, len(closes))
    gain = loss = 0.0
    for t in range(1, len(closes)):
        change = closes[t] - closes[t - 1]
        up, down = (change, 0.0) if change > 0 else (0.0, -change)
        if t <= period:
            gain += up / period
            loss += down / period
            if t < period:
                continue
        else:
            gain = (gain * (period - 1) + up) / period
            loss = (loss * (period - 1) + down) / period
        moved = gain + loss
        strength.append(100.0 * gain / moved if moved > 0 else 50.0)
    return strength


def crossings(
    strength: Sequence[float], oversold: float = 30.0, overbought: float = 70.0
) -> tuple[list[bool], list[bool]]:
    """Return where the index crosses above `oversold` (enter) and below `overbought` (leave)."""
    enter, leave = [False] * len(strength), [False] * len(strength)
    for t in range(1, len(strength)):
        before, now = strength[t - 1], strength[t]
        enter[t] = now > oversold and before <= oversold
        leave[t] = now < overbought and before >= overbought
    return enter, leave


def mean_crossings(ticks: Sequence[int], fast: int = 30, slow: int = 150) -> tuple[list[bool], list[bool]]:
    """Return where the mean of `fast` prices crosses above that of `slow` (enter) and below it (leave).

    `ticks` are prices as whole numbers of their tick: sums of those are exact, and means are compared without a
    division.
    """
    enter, leave = [False] * len(ticks), [False] * len(ticks)
    near = far = 0
    above: int | None = None
    for t, value in enumerate(ticks):
        near += value - (ticks[t - fast] if t >= fast else 0)
        far += value - (ticks[t - slow] if t >= slow else 0)
        if t < slow - 1:
            continue
        apart = slow * near - fast * far
        if above is not None:
            enter[t] = apart > 0 and above <= 0
            leave[t] = apart < 0 and above >= 0
        above = apart
    return enter, leave


def walk(
    opens: Sequence[float],
    closes: Sequence[float],
    enter: Sequence[bool],
    leave: Sequence[bool],
    *,
    fee: float,
    cash: float,
    at_close: bool,
) -> Account:
    """Trade long only with all the money: at the close of the signal's bar, or at the next bar's open."""
    trades: list[Trade] = []
    equity: list[float] = []
    quantity = paid = entry_price = 0.0
    entry_bar = 0
    for t in range(len(closes)):
        decided = t if at_close else t - 1
        price = closes[t] if at_close else opens[t]
        if decided >= 0:
            if quantity and leave[decided]:
                cash = quantity * price * (1 - fee)
                trades.append(Trade(entry_bar, t, entry_price, price, quantity, cash - paid))
                quantity = 0.0
            elif not quantity and enter[decided] and not leave[decided]:
                paid, entry_bar, entry_price = cash, t, price
                quantity = cash / (price * (1 + fee))
                cash = 0.0
        equity.append(cash + quantity * closes[t])
    return Account(trades, equity, entry_bar if quantity else -1)


def even_share(account: Account) -> float:
    """Return the share of closed trades of which rounding alone says whether they won.

    Bought at 9.99 and sold at 10.01 with 10 bps a side gives exactly nothing; what is left is a last digit.
    """
    trades = account.trades
    even = sum(abs(trade.profit) <= EVEN * trade.quantity * trade.entry_price for trade in trades)
    return even / len(trades) if trades else 0.0


def summary(account: Account, cash: float) -> dict[str, float]:
    """Return the named metrics from trades and equity; NaN where one is undefined."""
    returns = [now / before - 1 for before, now in zip([cash, *account.equity[:-1]], account.equity, strict=True)]
    mean = sum(returns) / len(returns)
    spread = sqrt(sum((r - mean) ** 2 for r in returns) / (len(returns) - 1)) if len(returns) > 1 else 0.0
    trades = account.trades
    below = sqrt(sum(min(r, 0.0) ** 2 for r in returns) / len(returns))
    won = sum(trade.profit for trade in trades if trade.profit > 0)
    lost = -sum(trade.profit for trade in trades if trade.profit <= 0)
    return {
        "total_return": account.equity[-1] / cash - 1,
        "max_drawdown": drawdown(account.equity, cash),
        "sharpe": mean / spread * sqrt(PERIODS_A_YEAR) if spread > 1e-12 * (1 + abs(mean)) else nan,
        "sortino": mean * PERIODS_A_YEAR / (below * sqrt(PERIODS_A_YEAR)) if below > 1e-12 * (1 + abs(mean)) else nan,
        "win_rate": sum(trade.profit > 0 for trade in trades) / len(trades) if trades else nan,
        "profit_factor": won / lost if lost else nan,
        "expectancy": (won - lost) / len(trades) if trades else nan,
        "trades": float(len(trades)),
    }


def drawdown(equity: Sequence[float], cash: float) -> float:
    """Return the deepest fall from a peak, the starting cash included, as a fraction of at most 0."""
    peak, deepest = cash, 0.0
    for value in equity:
        peak = max(peak, value)
        deepest = min(deepest, value / peak - 1)
    return deepest


def booked_late(account: Account, fee: float) -> list[float]:
    """Equity as backtesting.py 0.6.6 logs it when it fills at the close: a fill, and its fee, shows a bar later."""
    equity = list(account.equity)
    for trade in account.trades:
        equity[trade.entry_bar] *= 1 + fee
        equity[trade.exit_bar] /= 1 - fee
    if account.opened >= 0:
        equity[account.opened] *= 1 + fee
    return equity


def geometric_sharpe(ts: Sequence[int], equity: Sequence[float]) -> float:
    """Sharpe as backtesting.py 0.6.6 defines it: compounded mean over compounded volatility of UTC days, 365 a year.

    `ts` are open times in us. From `compute_stats` of its `_stats.py`; NaN where that gives none.
    """
    growths = _daily_growths(ts, equity)
    if len(growths) < 2:
        return nan
    growth = exp(sum(log(each) for each in growths) / len(growths))
    mean = sum(growths) / len(growths)
    variance = sum((each - mean) ** 2 for each in growths) / (len(growths) - 1)
    volatility = sqrt((variance + growth**2) ** 365 - growth ** (2 * 365))
    return (growth**365 - 1) / volatility if volatility else nan


def geometric_sortino(ts: Sequence[int], equity: Sequence[float]) -> float:
    """Sortino as backtesting.py 0.6.6 gives it: compounded mean over the downside of UTC days, both over 365 of them.

    Found by trying it from outside: the numerator of its Sharpe, and the root mean square of the falling days.
    """
    growths = _daily_growths(ts, equity)
    if not growths:
        return nan
    growth = exp(sum(log(each) for each in growths) / len(growths))
    below = sqrt(sum(min(each - 1, 0.0) ** 2 for each in growths) / len(growths)) * sqrt(365)
    return (growth**365 - 1) / below if below else nan


def by_percent(account: Account) -> dict[str, float]:
    """Profit factor and expectancy as backtesting.py 0.6.6 gives them: of returns in percent, not of money."""
    returns = [trade.profit / (trade.quantity * trade.entry_price) for trade in account.trades]
    lost = -sum(each for each in returns if each < 0)
    return {
        "percent-profit-factor": sum(each for each in returns if each > 0) / lost if lost else nan,
        "percent-expectancy": sum(returns) / len(returns) * 100 if returns else nan,
    }


def _daily_growths(ts: Sequence[int], equity: Sequence[float]) -> list[float]:
    """Growth from the last equity of each UTC day to that of the next."""
    days: dict[int, float] = {}
    for time, value in zip(ts, equity, strict=True):
        days[time // DAY_US] = value
    return [now / before for before, now in pairwise(days.values())]
