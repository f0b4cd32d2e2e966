"""Summary: every metric of one simulation, by name."""

import math
from collections.abc import Callable

import numpy as np

from tapehead.metrics import definitions as define
from tapehead.metrics.closed import per_trade
from tapehead.metrics.gains import Points
from tapehead.metrics.hold import buy_and_hold_return
from tapehead.model.bars import F64, Bars
from tapehead.model.calendar import calendar
from tapehead.model.moments import Moments
from tapehead.model.result import Metrics
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades


def summarise(
    bars: Bars,
    rules: Rules,
    sums: Moments,
    *,
    trades: Trades,
    final_equity: float,
    fees_paid: float,
    open_profit: float | None,
    equity: Callable[[], F64],
    multiplier: Points | None = None,
) -> tuple[Metrics, dict[str, str]]:
    """Return metrics by name and the reason of each None.

    Parameters
    ----------
    bars, rules
        What was traded, by which rules; metrics begin at bar `bars.warm`, equity at `rules.cash`.
    sums : Moments
        Of the bar returns and of the closed trades.
    trades : Trades
        Closed ones.
    final_equity, fees_paid : float
        At the last close; both sides, an open entry included.
    open_profit : float or None
        Net profit of the open position at the last close.
    equity : callable
        Gives equity at every bar close, shape (n_bars,); called only where the sums would lose digits.
    multiplier : float, array or mapping, optional
        Money a point of each trade, where it is not that of the rules; see `returns_of`.
    """
    interval = bars.series.interval
    clock = calendar(rules.calendar)
    periods = clock.periods_a_year(interval)
    length_us = clock.bar_end(int(bars.ts[-1]), interval) - int(bars.ts[bars.warm])
    spread = define.spread(sums.observations, sums.total, sums.squares)
    if define.cancels(sums.observations, sums.total, sums.squares):
        spread = two_pass(equity(), rules.cash, sums.observations)
    growth = define.cagr(rules.cash, final_equity, length_us)
    values: dict[str, define.Value] = {
        "total_return": define.total_return(rules.cash, final_equity),
        "cagr": growth,
        "volatility_annual": define.volatility_annual(spread, periods),
        "sharpe": define.sharpe(spread, periods),
        "sortino": define.sortino(sums.observations, sums.total, sums.downside, periods),
        "max_drawdown": (sums.drawdown, ""),
        "max_drawdown_bars": (sums.wet_bars, ""),
        "max_drawdown_days": (sums.wet_us / define.DAY_US, ""),
        "calmar": define.calmar(growth, sums.drawdown),
        "exposure": (sums.held / (len(bars) - bars.warm), ""),
        **per_trade(trades, sums, rules, length_us, multiplier),
        "fees_paid": (fees_paid, ""),
        "open_profit": (open_profit, "" if open_profit is not None else "no_open_position"),
        "buy_and_hold_return": buy_and_hold_return(bars, rules),
    }
    known, why = define.settle(values)
    return Metrics(known), why


def two_pass(equity: F64, cash: float, observations: int) -> define.Spread:
    """Return mean and deviation of bar returns about their mean; carried returns of 0 fill up `observations`."""
    before = np.concatenate(([cash], equity[:-1]))
    returns = (equity / before - 1.0).tolist()
    mean = math.fsum(returns) / observations
    squares = math.fsum((r - mean) * (r - mean) for r in returns) + (observations - len(returns)) * mean * mean
    return define.Spread(mean, math.sqrt(squares / (observations - 1)))
