"""terms: Rules as the record and the fee rows that kernels read."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import TERMS, record
from tapehead.kernels.jit import readonly
from tapehead.model.bars import Bars
from tapehead.model.fees import Fees
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals

F64 = NDArray[np.float64]

_CONFLICTS = {"nothing": names.NOTHING, "enter": names.ENTER, "ignore": names.IGNORE}
_PATHS = {
    "pessimistic": names.PESSIMISTIC,
    "optimistic": names.OPTIMISTIC,
    "ohlc": names.OHLC,
    "both": names.PESSIMISTIC,
}
_SIZINGS = {"fraction": names.FRACTION, "cash": names.CASH, "units": names.UNITS, "risk": names.RISK}
_SLIPPAGES = {"fraction": names.OF_PRICE, "spread": names.SPREAD, "volume": names.VOLUME}


def terms(bars: Bars, rules: Rules, signals: Signals, *, unit: int, all_traded: bool, has_sessions: bool) -> Any:
    """Return the record of one walk.

    Parameters
    ----------
    bars, rules, signals
        What is walked over, and by what.
    unit : int
        What a calendar step counts in `step`.
    all_traded : bool
        Every bar traded.
    has_sessions : bool
        Some rule asks what the session says of a bar.
    """
    made = _settings(rules).copy()
    made["n"], made["first"], made["interval"], made["unit"] = len(bars), bars.warm, bars.series.interval.us, unit
    made["all_traded"], made["weighted"] = all_traded, signals.target is not None
    carries = rules.cash_rate != 0.0 or (rules.borrow > 0.0 and rules.side != "long")
    made["each_bar"] = has_sessions or carries or (signals.target is not None and rules.band is not None)
    return made


@lru_cache(maxsize=64)
def _settings(rules: Rules) -> Any:
    """Return the part of the record that is the same for all instruments; setting fifty fields takes a while."""
    made = record(TERMS)
    made.at_open = rules.fill == "next_open"
    made.longs, made.shorts = rules.side != "short", rules.side != "long"
    made.flips, made.conflict = rules.flip, _CONFLICTS[rules.on_conflict]
    made.max_wait = -1 if rules.max_wait is None else rules.max_wait
    made.ending = names.DELIST if rules.delisted else names.SELL_AT_END if rules.close_at_end else names.OPEN_END
    made.sizing, made.slipping, made.path = _SIZINGS[rules.sizing], _SLIPPAGES[rules.slippage_kind], _PATHS[rules.path]
    made.valid_bars, made.time_stop = rules.valid_bars or 0, rules.time_stop or 0
    made.day, made.pyramid, made.overnight = rules.day, rules.pyramid, rules.overnight
    made.fee_row, made.fee_until = -1, -np.inf
    made.slippage, made.sized, made.haircut = rules.slippage, rules.size, rules.delist_haircut
    made.leverage, made.maintenance = rules.leverage, rules.maintenance
    made.lot, made.tick, made.minimum, made.multiplier = rules.lot, rules.tick, rules.min_notional, rules.multiplier
    made.reach = rules.limit_through * rules.tick
    made.stop_loss, made.take_profit, made.trail = map(_known, (rules.stop_loss, rules.take_profit, rules.trail))
    made.band, made.borrow, made.cash_rate = _known(rules.band), rules.borrow, rules.cash_rate
    made.taker = made.maker = rules.taker
    made.most = np.inf
    return made


def _known(value: float | None) -> float:
    """Return NaN for what is not asked for."""
    return np.nan if value is None else value


@lru_cache(maxsize=64)
def fee_rows(rules: Rules) -> F64:
    """Return the schedule, shape (n_rows, 6): since (us), maker, taker, fixed, least, most."""
    rows = rules.fee.rows if isinstance(rules.fee, Fees) else ((-(2**62), rules.fee, rules.fee, 0.0, 0.0, np.inf),)
    return readonly(np.array(rows, np.float64))
