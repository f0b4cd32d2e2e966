"""per_trade: the metrics of closed trades, in money and as returns on the money an entry bought for."""

import math

import numpy as np
from numpy.typing import NDArray

from tapehead.metrics import definitions as define
from tapehead.metrics.definitions import DAY_US, DAYS_A_YEAR, Value
from tapehead.model.bars import F64
from tapehead.model.moments import Moments
from tapehead.model.rules import Rules
from tapehead.model.trades import Trades

_MEANS = ("expectancy", "payoff", "average_win", "average_loss", "best_trade", "worst_trade")
_NOTHING: dict[str, Value] = {
    "trades": (0, ""),
    "win_rate": (None, "no_trades"),
    "profit_factor": (None, "no_trades"),
    **{name: (None, "no_trades") for mean in _MEANS for name in (mean, f"{mean}_return")},
    "average_bars_held": (None, "no_trades"),
    "longest_win_streak": (0, ""),
    "longest_loss_streak": (0, ""),
    "sqn": (None, "no_trades"),
    "kelly": (None, "no_trades"),
    "turnover": (0.0, ""),
}


def per_trade(trades: Trades, sums: Moments, rules: Rules, length_us: int) -> dict[str, Value]:
    """Return each metric of closed trades by name.

    Parameters
    ----------
    trades : Trades
        Closed ones, in order of entry.
    sums : Moments
        Gives gross profit and loss, and the number of wins.
    rules : Rules
        Their `cash` is equity before the first trade.
    length_us : int
        Time from the first open to the end of the last bar, for what is said of a year.

    Notes
    -----
    A win is a trade with a profit above 0, a loss one below 0; a trade of exactly 0 is neither and ends a streak of
    either. About 50 us for 100 trades: it runs for every result.
    """
    n, profit = len(trades), trades.profit
    if n == 0:
        return _NOTHING
    won, lost = profit > 0.0, profit < 0.0
    wins, losses = sums.wins, int(np.count_nonzero(lost))
    bought = trades.entry_price * trades.quantity * rules.multiplier
    gains = _over(profit, bought)
    up, down = _ratio(total(np.maximum(gains, 0.0)), wins), _ratio(total(np.minimum(gains, 0.0)), losses)
    win, loss = _ratio(sums.won, wins), _ratio(-sums.lost, losses)
    payoff = _payoff(win, loss)
    return {
        "trades": (n, ""),
        "win_rate": define.win_rate(wins, n),
        "profit_factor": define.profit_factor(sums.won, sums.lost, n),
        "expectancy": define.expectancy(sums.won, sums.lost, n),
        "expectancy_return": (total(gains) / n, ""),
        "payoff": payoff,
        "payoff_return": _payoff(up, down),
        "average_win": (win, "no_wins"),
        "average_win_return": (up, "no_wins"),
        "average_loss": (loss, "no_losses"),
        "average_loss_return": (down, "no_losses"),
        "best_trade": (float(profit.max()), ""),
        "best_trade_return": (float(gains.max()), ""),
        "worst_trade": (float(profit.min()), ""),
        "worst_trade_return": (float(gains.min()), ""),
        "average_bars_held": (int((trades.exit_bar - trades.entry_bar).sum(dtype=np.int64)) / n, ""),
        "longest_win_streak": (longest_streak(won), ""),
        "longest_loss_streak": (longest_streak(lost), ""),
        "sqn": _sqn(profit, (sums.won - sums.lost) / n),
        "kelly": _kelly(wins / n, payoff),
        "turnover": _turnover(trades, bought, rules, length_us),
    }


def returns_of(trades: Trades, multiplier: float = 1.0) -> F64:
    """Return net profit over the notional of the entries, shape (n_trades,); 0 where that is 0."""
    return _over(trades.profit, trades.entry_price * trades.quantity * multiplier)


def _over(profit: F64, notional: F64) -> F64:
    """Return profits over notionals, 0 where those are 0."""
    if notional.all():
        return profit / notional
    return np.divide(profit, notional, out=np.zeros(profit.shape[0]), where=notional != 0.0)


def longest_streak(of: NDArray[np.bool_]) -> int:
    """Return the most neighbours that are true."""
    return max(map(len, of.tobytes().split(b"\0")))


def total(values: F64) -> float:
    """Return the sum in order, so that it is the same on every machine; 0 of nothing."""
    return float(values.cumsum()[-1]) if values.shape[0] else 0.0


def _ratio(amount: float, count: int) -> float | None:
    """Return a mean; None of nothing."""
    return amount / count if count else None


def _payoff(win: float | None, loss: float | None) -> Value:
    """Return the mean win over the size of the mean loss."""
    if not loss:
        return None, "no_losses"
    return (None, "no_wins") if win is None else (win / -loss, "")


def _sqn(profit: F64, mean: float) -> Value:
    """Return the root of the number of trades times mean over deviation (n - 1 below) of their profits."""
    n = profit.shape[0]
    if n < 2:
        return None, "too_few_trades"
    away = profit - mean
    deviation = math.sqrt(total(away * away) / (n - 1))
    if deviation < define.ZERO_VOLATILITY * (1 + abs(mean)):
        return None, "zero_volatility"
    return math.sqrt(n) * mean / deviation, ""


def _kelly(wins: float, payoff: Value) -> Value:
    """Return the win rate less the share of the others over the payoff."""
    if payoff[0] is None or payoff[0] == 0.0:
        return None, payoff[1] or "no_wins"
    return wins - (1.0 - wins) / payoff[0], ""


def _turnover(trades: Trades, bought: F64, rules: Rules, length_us: int) -> Value:
    """Return how often a year the equity was traded: notional of entries over equity before, of exits over after."""
    after = trades.profit.cumsum()
    after += rules.cash
    before = after - trades.profit
    sold = trades.exit_price * trades.quantity * rules.multiplier
    if after.min() <= 0.0:
        # A position that ends worthless is no sale.
        if (after[sold != 0.0] <= 0.0).any() or (before <= 0.0).any():
            return None, "not_finite"
        after[sold == 0.0] = 1.0
    return total(bought / before + sold / after) / (length_us / DAY_US / DAYS_A_YEAR), ""
