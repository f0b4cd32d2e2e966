"""returns_of: the return of each closed trade, wherever one is told. Light: it brings no kernel."""

from collections.abc import Mapping

import numpy as np

from tapehead.model.bars import F64
from tapehead.model.trades import AccountTrades, Trades

Points = float | F64 | Mapping[str, float]
"""Money a point of price and unit, in an instrument's own currency: one for all trades, one a trade, or by name."""


def returns_of(trades: Trades, multiplier: Points = 1.0) -> F64:
    """Return net profit over what the entries bought for, both in the account's money, shape (n_trades,).

    0 where nothing was paid; NaN where the rate of another currency was not kept.
    """
    bought = bought_of(trades, multiplier)
    if bought.all():
        return trades.profit / bought
    return np.divide(trades.profit, bought, out=np.zeros(len(trades)), where=bought != 0.0)


def bought_of(trades: Trades, multiplier: Points = 1.0) -> F64:
    """Return price x quantity x multiplier of the entries, times the rate of the first one, shape (n_trades,)."""
    return _money(trades, trades.entry_price, trades.entry_rate, multiplier)


def sold_of(trades: Trades, multiplier: Points = 1.0) -> F64:
    """Return price x quantity x multiplier of the exits, times the rate of the last one, shape (n_trades,)."""
    return _money(trades, trades.exit_price, trades.exit_rate, multiplier)


def _money(trades: Trades, price: F64, rate: F64 | None, multiplier: Points) -> F64:
    """Return what units at a price are worth."""
    if isinstance(multiplier, Mapping):
        names = trades.instrument.tolist() if isinstance(trades, AccountTrades) else []
        multiplier = np.array([multiplier.get(name, 1.0) for name in names], np.float64)
    money = price * trades.quantity * multiplier
    return money if rate is None else money * rate
