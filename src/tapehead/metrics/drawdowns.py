"""Formulas over the way of equity below its peak, which begins at the starting cash."""

import math

import numpy as np

from tapehead.layout.columns import REASONS
from tapehead.metrics.account import Account
from tapehead.metrics.definitions import Value
from tapehead.metrics.distribution import mean
from tapehead.model.bars import F64, Bars

_INSIDE = [REASONS.index(name) for name in ("stop", "target", "trail", "liquidation")]
_AT_CLOSE = [REASONS.index(name) for name in ("end", "delist", "square_off")]


def under_water(equity: F64, start: float) -> F64:
    """Return equity over its peak so far, less 1: at most 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return equity / np.maximum(np.maximum.accumulate(equity), start) - 1.0


def ulcer(equity: F64, start: float) -> Value:
    """Return the root of the mean square of drawdowns at closes, as a fraction."""
    depth = under_water(equity, start)
    return math.sqrt(mean((depth * depth).tolist())), ""


def recovery(equity: F64, start: float) -> Value:
    """Return net profit over the largest drawdown in money."""
    deepest = float(np.max(np.maximum(np.maximum.accumulate(equity), start) - equity))
    return (None, "no_drawdown") if deepest == 0.0 else ((float(equity[-1]) - start) / deepest, "")


def max_drawdown_intrabar(account: Account) -> Value:
    """Return the largest drawdown with equity marked at the low (short: the high) of each bar held throughout.

    Peaks are those of earlier closes. In a bar entered or left inside its range only the close counts: what price did
    before or after is not known.
    """
    start, equity = account.rules.cash, account.equity
    peak = np.maximum(np.maximum.accumulate(np.concatenate(([start], equity[:-1]))), start)
    lowest = np.minimum(equity, _left_at_close(account))
    if account.rules.fill == "next_open":
        lowest = np.minimum(lowest, _held_from_open(account))
    return min(float(np.min(lowest / peak)) - 1.0, float(np.min(under_water(equity, start)))), ""


def _left_at_close(account: Account) -> F64:
    """Return equity at the worst price of bars that kept the position of the bar before up to their close."""
    bars, trades, rules = account.bars, account.trades, account.rules
    units = np.concatenate(([0.0], account.units[:-1]))
    known = np.full(len(bars), rules.fill == "close")
    known[trades.exit_bar[np.isin(trades.reason, _AT_CLOSE)]] = True
    known[trades.exit_bar[np.isin(trades.reason, _INSIDE)]] = False
    if rules.fill == "next_open":
        known[trades.entry_bar] = False
    before = np.concatenate(([rules.cash], account.equity[:-1]))
    moved = _worst(bars, units) - np.concatenate((bars.close[:1], bars.close[:-1]))
    return np.where(known & (units != 0.0), before + units * rules.multiplier * moved, np.inf)


def _held_from_open(account: Account) -> F64:
    """Return equity at the worst price of bars that had the position of their close from the open on."""
    bars, trades, units = account.bars, account.trades, account.units
    known = units != 0.0
    opens = bars.open[trades.entry_bar]
    slipped = opens * (1.0 + trades.side * account.rules.slippage)
    known[trades.entry_bar[(trades.entry_wanted != opens) & (trades.entry_price != slipped)]] = False
    if account.opened is not None and not account.opened.at_open:
        known[account.opened.entry_bar] = False
    moved = _worst(bars, units) - bars.close
    return np.where(known, account.equity + units * account.rules.multiplier * moved, np.inf)


def _worst(bars: Bars, units: F64) -> F64:
    """Return the price of each bar that is worst for the units held in it."""
    return np.where(units < 0.0, bars.high, bars.low)
