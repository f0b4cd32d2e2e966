"""rated: closed trades with what their currency was worth in the account's (rule P10)."""

from dataclasses import replace

import numpy as np

from tapehead.layout.columns import REASONS
from tapehead.model.trades import Trades
from tapehead.portfolio.leg import Leg

_AT_LEVELS = np.isin(REASONS, ("stop", "target", "trail", "liquidation"))
_AT_ENDS = np.isin(REASONS, ("square_off", "expiry", "delist"))
_LAST = np.isin(REASONS, ("end",))
"""By the number of a reason: exits that fill at an open or inside a bar, those at a close, those after all bars."""


def rated(leg: Leg, trades: Trades, last: float) -> Trades:
    """Return trades with the rate of their currency at the first entry and at the last exit of each.

    Parameters
    ----------
    leg : Leg
    trades : Trades
        Those of this instrument alone; bars are its own, counted from the start.
    last : float
        The rate at the end of the clock, when what is held is sold where that is asked for, whenever its last bar was.

    Returns
    -------
    Trades
        The same ones where the currency is the account's.
    """
    rates, bars = leg.rates, leg.bars
    if rates is None:
        return trades
    closes = leg.rules.fill == "close"
    rests = np.zeros(len(trades), bool)
    for line in (leg.signals.limit, leg.signals.stop):
        if line is not None:
            rests |= np.isfinite(line[trades.decision_bar + bars.warm])
    step = bars.series.interval.us
    late = _AT_ENDS[trades.reason] | (closes & ~_AT_LEVELS[trades.reason])
    entered = bars.ts[trades.entry_bar + bars.warm] + np.where(closes & ~rests, step, 0)
    left = bars.ts[trades.exit_bar + bars.warm] + np.where(late, step, 0)
    entry, leave = (np.searchsorted(rates.since, times, "right") - 1 for times in (entered, left))
    known = np.where(_LAST[trades.reason], last, rates.value[leave])
    return replace(trades, entry_rate=rates.value[entry], exit_rate=known)
