"""terms: Rules as the record and the fee rows that kernels read."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels import account as names
from tapehead.kernels.account import TERMS, Records, from_bytes, record
from tapehead.kernels.jit import readonly
from tapehead.model.bars import Bars
from tapehead.model.fees import Fees
from tapehead.model.rules import Rules
from tapehead.model.signals import Signals
from tapehead.simulation.sessions import asks_sessions

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


def terms(bars: Bars, rules: Rules, signals: Signals, *, unit: int, all_traded: bool, lined: bool) -> Records:
    """Return the record of one walk.

    Parameters
    ----------
    bars, rules, signals
        What is walked over, and by what.
    unit : int
        What a calendar step counts in `step`.
    all_traded : bool
        Every bar traded.
    lined : bool
        Orders may bring levels of their own.
    """
    kept = _settings(rules, bars.series.interval.us, unit, all_traded, signals.target is not None, lined)
    made = from_bytes(TERMS, kept)
    made["n"], made["first"] = len(bars), bars.warm
    return made


@lru_cache(maxsize=64)
def _settings(rules: Rules, interval: int, unit: int, all_traded: bool, weighted: bool, lined: bool) -> bytes:
    """Return the record that instruments share; setting seventy fields takes a while."""
    content = record(TERMS)
    made = content[0]
    made.interval, made.unit, made.all_traded, made.weighted = interval, unit, all_traded, weighted
    made.leveled = lined or any(one is not None for one in (rules.stop_loss, rules.take_profit, rules.trail))
    made.carries = rules.cash_rate != 0.0 or (rules.borrow > 0.0 and rules.side != "long")
    made.each_bar = asks_sessions(rules) or made.carries or (weighted and rules.band is not None)
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
    made.plain = all_traded and not (lined or made.each_bar or weighted) and _is_plain(rules)
    return content.tobytes()


def _is_plain(rules: Rules) -> bool:
    """Say whether settings ask for nothing but market orders and levels by fraction: those have a walk of their own."""
    asks = (rules.time_stop, rules.lot, rules.tick, rules.min_notional, rules.pyramid > 1, rules.delisted)
    money = (rules.sizing, rules.slippage_kind) == ("fraction", "fraction") and isinstance(rules.fee, float)
    bounds = rules.size <= rules.leverage <= 1.0 and rules.multiplier == 1.0
    return money and bounds and _PATHS[rules.path] == names.PESSIMISTIC and not any(asks)


def _known(value: float | None) -> float:
    """Return NaN for what is not asked for."""
    return np.nan if value is None else value


@lru_cache(maxsize=64)
def fee_rows(rules: Rules) -> F64:
    """Return the schedule, shape (n_rows, 6): since (us), maker, taker, fixed, least, most."""
    rows = rules.fee.rows if isinstance(rules.fee, Fees) else ((-(2**62), rules.fee, rules.fee, 0.0, 0.0, np.inf),)
    return readonly(np.array(rows, np.float64))
