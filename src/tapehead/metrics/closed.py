"""per_trade: the metrics of closed trades, in money and as returns on the money an entry bought for."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.closed import closed_sums
from tapehead.kernels.jit import writable
from tapehead.metrics import definitions as define
from tapehead.metrics.definitions import DAY_US, DAYS_A_YEAR, Value
from tapehead.metrics.gains import Points, bought_of, sold_of
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


class _Sums(NamedTuple):
    """What `closed_sums` returns, in its order."""

    made: float
    up: float
    down: float
    squares: float
    turned: float
    best: float
    worst: float
    best_gain: float
    worst_gain: float
    losses: int
    win_streak: int
    loss_streak: int
    bars_held: int


def per_trade(
    trades: Trades, sums: Moments, rules: Rules, length_us: int, multiplier: Points | None = None
) -> dict[str, Value]:
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
    multiplier : float, array or mapping, optional
        As in `returns_of`, where it is not that of the rules.

    Notes
    -----
    A win is a trade with a profit above 0, a loss one below 0; a trade of exactly 0 is neither and ends a streak of
    either. About 12 us for 100 trades: it runs for every result.
    """
    n = len(trades)
    if n == 0:
        return _NOTHING
    wins, expected = sums.wins, define.expectancy(sums.won, sums.lost, n)
    found = _sums(trades, rules, expected[0] or 0.0, multiplier)
    win, loss = _ratio(sums.won, wins), _ratio(-sums.lost, found.losses)
    up, down = _ratio(found.up, wins), _ratio(found.down, found.losses)
    payoff = _payoff(win, loss)
    return {
        "trades": (n, ""),
        "win_rate": define.win_rate(wins, n),
        "profit_factor": define.profit_factor(sums.won, sums.lost, n),
        "expectancy": expected,
        "expectancy_return": (found.made / n, ""),
        "payoff": payoff,
        "payoff_return": _payoff(up, down),
        "average_win": (win, "no_wins"),
        "average_win_return": (up, "no_wins"),
        "average_loss": (loss, "no_losses"),
        "average_loss_return": (down, "no_losses"),
        "best_trade": (found.best, ""),
        "best_trade_return": (found.best_gain, ""),
        "worst_trade": (found.worst, ""),
        "worst_trade_return": (found.worst_gain, ""),
        "average_bars_held": (found.bars_held / n, ""),
        "longest_win_streak": (found.win_streak, ""),
        "longest_loss_streak": (found.loss_streak, ""),
        "sqn": _sqn(n, expected[0] or 0.0, found.squares),
        "kelly": _kelly(wins / n, payoff),
        "turnover": (found.turned / (length_us / DAY_US / DAYS_A_YEAR), ""),
    }


def _sums(trades: Trades, rules: Rules, mean: float, multiplier: Points | None) -> _Sums:
    """Add up the columns; `mean` is that of the profits."""
    if multiplier is not None or trades.entry_rate is not None:
        point = rules.multiplier if multiplier is None else multiplier
        bought, sold = bought_of(trades, point), sold_of(trades, point)
        trades = replace(trades, entry_price=bought, exit_price=sold, quantity=np.ones(len(trades)))
        rules = replace(rules, multiplier=1.0)
    return _Sums._make(
        closed_sums(
            writable(trades.profit),
            writable(trades.entry_price),
            writable(trades.exit_price),
            writable(trades.quantity),
            writable(trades.entry_bar),
            writable(trades.exit_bar),
            rules.multiplier,
            rules.cash,
            mean,
        )
    )


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
