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

_ROWS, _GAINS = 6, 1
"""Rows that are summed in one pass: profits, gains, those above 0, those below, squares, shares of equity traded."""
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
    either. About 60 us for 100 trades: it runs for every result.
    """
    n, profit = len(trades), trades.profit
    if n == 0:
        return _NOTHING
    won, lost = profit > 0.0, profit < 0.0
    wins, losses = sums.wins, int(np.count_nonzero(lost))
    expected = define.expectancy(sums.won, sums.lost, n)
    rows = np.empty((_ROWS, n))
    gains = _gains(trades, rules, profit - (expected[0] or 0.0), rows)
    made, up, down, squares, turned = rows[_GAINS:].cumsum(axis=1)[:, -1].tolist()
    most, least = gains.max(axis=1).tolist(), gains.min(axis=1).tolist()
    win, loss = _ratio(sums.won, wins), _ratio(-sums.lost, losses)
    up, down = _ratio(up, wins), _ratio(down, losses)
    payoff = _payoff(win, loss)
    return {
        "trades": (n, ""),
        "win_rate": define.win_rate(wins, n),
        "profit_factor": define.profit_factor(sums.won, sums.lost, n),
        "expectancy": expected,
        "expectancy_return": (made / n, ""),
        "payoff": payoff,
        "payoff_return": _payoff(up, down),
        "average_win": (win, "no_wins"),
        "average_win_return": (up, "no_wins"),
        "average_loss": (loss, "no_losses"),
        "average_loss_return": (down, "no_losses"),
        "best_trade": (most[0], ""),
        "best_trade_return": (most[1], ""),
        "worst_trade": (least[0], ""),
        "worst_trade_return": (least[1], ""),
        "average_bars_held": (int((trades.exit_bar - trades.entry_bar).sum(dtype=np.int64)) / n, ""),
        "longest_win_streak": (longest_streak(won), ""),
        "longest_loss_streak": (longest_streak(lost), ""),
        "sqn": _sqn(n, expected[0] or 0.0, squares),
        "kelly": _kelly(wins / n, payoff),
        "turnover": (turned / (length_us / DAY_US / DAYS_A_YEAR), ""),
    }


def _gains(trades: Trades, rules: Rules, away: F64, rows: F64) -> F64:
    """Fill the rows; `away` is profit less its mean. Return the first two."""
    bought = trades.entry_price * trades.quantity * rules.multiplier
    rows[0] = trades.profit
    rows[1] = _over(trades.profit, bought)
    np.maximum(rows[1], 0.0, out=rows[2])
    np.minimum(rows[1], 0.0, out=rows[3])
    np.multiply(away, away, out=rows[4])
    _traded(trades, bought, rules, rows[5])
    return rows[:2]


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


def _ratio(amount: float, count: int) -> float | None:
    """Return a mean; None of nothing."""
    return amount / count if count else None


def _payoff(win: float | None, loss: float | None) -> Value:
    """Return the mean win over the size of the mean loss."""
    if not loss:
        return None, "no_losses"
    return (None, "no_wins") if win is None else (win / -loss, "")


def _sqn(n: int, mean: float, squares: float) -> Value:
    """Return the root of the number of trades times mean over deviation (n - 1 below) of their profits."""
    if n < 2:
        return None, "too_few_trades"
    deviation = math.sqrt(squares / (n - 1))
    if deviation < define.ZERO_VOLATILITY * (1 + abs(mean)):
        return None, "zero_volatility"
    return math.sqrt(n) * mean / deviation, ""


def _kelly(wins: float, payoff: Value) -> Value:
    """Return the win rate less the share of the others over the payoff."""
    if payoff[0] is None or payoff[0] == 0.0:
        return None, payoff[1] or "no_wins"
    return wins - (1.0 - wins) / payoff[0], ""


def _traded(trades: Trades, bought: F64, rules: Rules, out: F64) -> None:
    """Write the notional of entries over equity before and of exits over equity after; NaN where that is gone."""
    after = trades.profit.cumsum()
    after += rules.cash
    before = after - trades.profit
    sold = trades.exit_price * trades.quantity * rules.multiplier
    if after.min() <= 0.0:
        # A position that ends worthless is no sale.
        after[(after <= 0.0) & (sold != 0.0)] = np.nan
        after[sold == 0.0] = 1.0
        before[before <= 0.0] = np.nan
    np.divide(bought, before, out=out)
    sold /= after
    out += sold
