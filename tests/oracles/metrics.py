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


def of_wins_and_losses(amounts: Sequence[float]) -> dict[str, float | None]:
    """Means, extremes and payoff of what each trade made, in money or as returns."""
    wins, losses = [x for x in amounts if x > 0], [x for x in amounts if x < 0]
    win, loss = (mean(side) if side else None for side in (wins, losses))
    return {
        "average_win": win,
        "average_loss": loss,
        "payoff": win / abs(loss) if win is not None and loss is not None else None,
        "best_trade": max(amounts, default=None),
        "worst_trade": min(amounts, default=None),
    }


def per_trade(trades: Sequence[dict[str, Any]], cash: float, years: float) -> dict[str, float | None]:
    """Every figure of closed trades that `from_trades` does not have; `_return` is on what the entry bought for."""
    profits = [trade["profit"] for trade in trades]
    returns = [trade["profit"] / (trade["entry_price"] * trade["quantity"]) for trade in trades]
    found = of_wins_and_losses(profits)
    found |= {f"{name}_return": value for name, value in of_wins_and_losses(returns).items()}
    found["expectancy_return"] = mean(returns) if trades else None
    held = [trade["exit_bar"] - trade["entry_bar"] for trade in trades]
    found["average_bars_held"] = mean(held) if trades else None
    for name, sign in (("win", 1), ("loss", -1)):
        found[f"longest_{name}_streak"] = longest_run([sign * profit > 0 for profit in profits])
    spread = deviation(profits) if len(profits) > 1 else 0.0
    still = not profits or spread < 1e-12 * (1 + abs(mean(profits)))
    found["sqn"] = None if still else sqrt(len(profits)) * mean(profits) / spread
    rate, payoff = sum(profit > 0 for profit in profits) / len(profits) if profits else 0.0, found["payoff"]
    found["kelly"] = rate - (1 - rate) / payoff if payoff else None
    traded, equity = 0.0, cash
    for trade in trades:
        traded += trade["quantity"] * trade["entry_price"] / equity
        equity += trade["profit"]
        sold = trade["quantity"] * trade["exit_price"]
        traded += sold / equity if sold else 0.0
    found["turnover"] = traded / years
    return found


def longest_run(marks: Sequence[bool]) -> int:
    """Most neighbours that are true."""
    best = length = 0
    for mark in marks:
        length = length + 1 if mark else 0
        best = max(best, length)
    return best


def peaks(equity: Sequence[float], cash: float) -> list[float]:
    """The highest equity before each bar, and after the last."""
    return list(itertools.accumulate([cash, *equity], max))


def from_curve(equity: Sequence[float], cash: float) -> dict[str, float | None]:
    """Ulcer and recovery."""
    tops = peaks(equity, cash)[1:]
    deepest = max(top - value for top, value in zip(tops, equity, strict=True))
    return {
        "ulcer": sqrt(mean([(value / top - 1) ** 2 for top, value in zip(tops, equity, strict=True)])),
        "recovery": (equity[-1] - cash) / deepest if deepest else None,
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie, on a straight line between two of them."""
    ordered = sorted(values)
    low, part = divmod(share * (len(ordered) - 1), 1)
    beside = ordered[min(int(low) + 1, len(ordered) - 1)]
    return ordered[int(low)] * (1 - part) + beside * part


def from_distribution(returns: Sequence[float], free: float = 0.0) -> dict[str, float | None]:
    """Omega above a riskless return, tails, and standardised moments; biased, as their definition has them."""
    gains, losses = fsum(max(r - free, 0) for r in returns), fsum(max(free - r, 0) for r in returns)
    low = quantile(returns, 0.05)
    middle = mean(returns)
    square, cube, fourth = (mean([(r - middle) ** power for r in returns]) for power in (2, 3, 4))
    still = len(returns) < 2 or deviation(returns) < 1e-12 * (1 + abs(middle))
    return {
        "omega": gains / losses if losses else None,
        "tail_ratio": abs(quantile(returns, 0.95) / low) if low else None,
        "var_95": -low,
        "cvar_95": -mean([r for r in returns if r <= low]),
        "skew": None if still else cube / square**1.5,
        "kurtosis": None if still else fourth / square**2 - 3,
    }


def sharpe_of(returns: Sequence[float], periods: float, free: float = 0.0) -> float | None:
    """Mean over deviation of what is above a riskless return, a year."""
    above = [r - free for r in returns]
    if len(above) < 2 or deviation(above) < 1e-12 * (1 + abs(mean(above))):
        return None
    return mean(above) / deviation(above) * sqrt(periods)


def daily(equity: Sequence[float], ts: Sequence[int]) -> tuple[list[float], list[int]]:
    """The last equity of each UTC day that has bars, and the number of each such day."""
    last = {stamp // DAY_US: value for stamp, value in zip(ts, equity, strict=True)}
    return list(last.values()), list(last)


def line(returns: Sequence[float], market: Sequence[float]) -> tuple[float, float] | None:
    """Intercept and slope of the least squares line of returns on the market's; None where that does not move."""
    if len(market) < 2 or deviation(market) < 1e-12 * (1 + abs(mean(market))):
        return None
    x, y = mean(market), mean(returns)
    slope = fsum((a - x) * (b - y) for a, b in zip(market, returns, strict=True)) / fsum((a - x) ** 2 for a in market)
    return y - slope * x, slope


def held_throughout(trade: dict[str, Any], at_open: bool) -> range:
    """Bars through all of which a trade was open, market orders only: entered at an open or at a close."""
    if not at_open:
        return range(trade["entry_bar"] + 1, trade["exit_bar"] + 1)
    sold_at_close = trade["reason"] in ("end", "delist")
    return range(trade["entry_bar"], trade["exit_bar"] + (sold_at_close and trade["exit_bar"] > trade["entry_bar"]))


def drawdown_at_lows(
    equity: Sequence[float],
    cash: float,
    low: Sequence[float],
    close: Sequence[float],
    held: Sequence[tuple[range, float, int | None]],
) -> float:
    """Deepest fall below the closes before: of equity at closes and, in bars held throughout, at lows.

    `held` has the bars of each long holding, its units, and the bar at whose close or open it was sold.
    """
    worst, before = drawdown(equity, cash), peaks(equity, cash)
    for bars, units, sold in held:
        for t in bars:
            at = t - 1 if t == sold else t
            money = equity[at] - units * close[at]
            worst = min(worst, (money + units * low[t]) / before[t] - 1)
    return worst
