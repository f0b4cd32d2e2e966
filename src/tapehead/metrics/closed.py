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
_OF_NO_TRADES = (*_MEANS, *(f"{name}_return" for name in _MEANS), "win_rate", "profit_factor", "average_bars_held")


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
    either. Some 30 us for 100 trades: it runs in every result.
    """
    n, profit = len(trades), trades.profit
    if n == 0:
        nothing: dict[str, Value] = {"trades": (0, "")}
        nothing |= dict.fromkeys(_OF_NO_TRADES, (None, "no_trades"))
        nothing |= {"longest_win_streak": (0, ""), "longest_loss_streak": (0, "")}
        return nothing | {"sqn": (None, "no_trades"), "kelly": (None, "no_trades"), "turnover": (0.0, "")}
    won, lost = profit > 0.0, profit < 0.0
    wins, losses = sums.wins, int(np.count_nonzero(lost))
    gains = returns_of(trades, rules.multiplier)
    up, down = _ratio(total(gains[won]), wins), _ratio(total(gains[lost]), losses)
    win, loss = _ratio(sums.won, wins), _ratio(-sums.lost, losses)
    return {
        "trades": (n, ""),
        "win_rate": define.win_rate(wins, n),
        "profit_factor": define.profit_factor(sums.won, sums.lost, n),
        "expectancy": define.expectancy(sums.won, sums.lost, n),
        "expectancy_return": (total(gains) / n, ""),
        "payoff": _payoff(win, loss),
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
        "sqn": _sqn(profit),
        "kelly": _kelly(wins / n, _payoff(win, loss)),
        "turnover": _turnover(trades, rules, length_us),
    }


def returns_of(trades: Trades, multiplier: float = 1.0) -> F64:
    """Return net profit over the notional of the entries, shape (n_trades,); 0 where that is 0."""
    notional = trades.entry_price * trades.quantity * multiplier
    if notional.all():
        return trades.profit / notional
    return np.divide(trades.profit, notional, out=np.zeros(len(trades)), where=notional != 0.0)


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


def _sqn(profit: F64) -> Value:
    """Return the root of the number of trades times mean over deviation (n - 1 below) of their profits."""
    n = profit.shape[0]
    if n < 2:
        return None, "too_few_trades"
    mean = total(profit) / n
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


def _turnover(trades: Trades, rules: Rules, length_us: int) -> Value:
    """Return how often a year the equity was traded: notional of entries over equity before, of exits over after."""
    after = rules.cash + trades.profit.cumsum()
    before = np.empty_like(after)
    before[0], before[1:] = rules.cash, after[:-1]
    sold = trades.quantity * trades.exit_price
    if after.min() <= 0.0:
        # A position that ends worthless is no sale.
        if (after[sold != 0.0] <= 0.0).any() or (before <= 0.0).any():
            return None, "not_finite"
        after[sold == 0.0] = 1.0
    shares = trades.quantity * trades.entry_price / before + sold / after
    return total(shares) * rules.multiplier / (length_us / DAY_US / DAYS_A_YEAR), ""
