"""rates_of_trades, points_of_trades: what a point of each closed trade is worth in the account's money (rule P10)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import REASONS
from tapehead.model.trades import Trades
from tapehead.portfolio.leg import Leg
from tapehead.portfolio.walk import Walked

F64 = NDArray[np.float64]

_AT_LEVELS = np.isin(REASONS, ("stop", "target", "trail", "liquidation"))
_AT_ENDS = np.isin(REASONS, ("square_off", "expiry", "delist", "end"))
"""By the number of a reason: exits that fill at an open or inside a bar, and those that fill at a close."""


def rates_of_trades(leg: Leg, trades: Trades) -> tuple[F64, F64]:
    """Return the rate of an instrument's currency at the first entry and at the last exit of each of its trades.

    Parameters
    ----------
    leg : Leg
    trades : Trades
        Those of this instrument alone; bars are its own, counted from the start.

    Returns
    -------
    entry, exit : float64 arrays, shape (n_trades,)
        1 where the currency is the account's.
    """
    n, rates, bars = len(trades), leg.rates, leg.bars
    if rates is None:
        return np.ones(n), np.ones(n)
    closes = leg.rules.fill == "close"
    rests = np.zeros(n, bool)
    for line in (leg.signals.limit, leg.signals.stop):
        if line is not None:
            rests |= np.isfinite(line[trades.decision_bar + bars.warm])
    step = bars.series.interval.us
    late = _AT_ENDS[trades.reason] | (closes & ~_AT_LEVELS[trades.reason])
    entered = bars.ts[trades.entry_bar + bars.warm] + np.where(closes & ~rests, step, 0)
    left = bars.ts[trades.exit_bar + bars.warm] + np.where(late, step, 0)
    entry, leave = (np.searchsorted(rates.since, times, "right") - 1 for times in (entered, left))
    return rates.value[entry], rates.value[leave]


def points_of_trades(legs: Sequence[Leg], walked: Walked) -> tuple[F64, F64]:
    """Return the money a point at the entry and at the exit of each closed trade of an account, in order of exit.

    Returns
    -------
    entry, exit : float64 arrays, shape (n_trades,)
        The instrument's multiplier times the rate of its currency.
    """
    held = {leg.name: leg for leg in legs}
    made = [
        [held[done.name].rules.multiplier * rate for rate in rates_of_trades(held[done.name], done.trades)]
        for done in walked.legs
    ]
    entry, leave = (np.array([made[leg][side][row] for leg, row in walked.order], np.float64) for side in (0, 1))
    return entry, leave
