"""buy_and_hold: the whole cash from the first price the strategy could have got, at the same costs."""

from typing import NamedTuple

import numpy as np

from tapehead.layout.columns import TRADED
from tapehead.model.bars import F64, Bars
from tapehead.model.fees import FeeRow, Fees
from tapehead.model.rules import Rules


class Holding(NamedTuple):
    """Equity at each close from the start on, shape (n_bars - warm,); None with its reason where nothing was bought."""

    equity: F64 | None
    reason: str = ""


class Purchase(NamedTuple):
    """Bar bought in, units, and cash left; or the reason why not."""

    bar: int
    quantity: float
    rest: float
    reason: str = ""


def purchase(bars: Bars, rules: Rules) -> Purchase:
    """Return what the whole cash buys at the first price a strategy could have got."""
    start, n = bars.warm, len(bars)
    first = start + 1 if rules.fill == "next_open" else start
    bought = next((t for t in range(first, n) if bars.flags[t] & TRADED), n)
    if bought == n:
        return Purchase(n, 0.0, rules.cash, "too_short")
    price = _slipped(bars, rules, bought)
    if not price > 0.0:
        return Purchase(n, 0.0, rules.cash, "no_price")
    # L6: a fill at the close bears the time of its end.
    fee = _row(rules.fee, int(bars.ts[bought]) + (0 if rules.fill == "next_open" else bars.series.interval.us))
    unit = price * rules.multiplier
    quantity = (rules.cash - fee.fixed) / (unit * (1.0 + fee.taker))
    charge = quantity * unit * fee.taker + fee.fixed
    if not fee.least <= charge <= fee.most:
        charge = fee.least if charge < fee.least else fee.most
        quantity = (rules.cash - charge) / unit
    if not quantity > 0.0:
        return Purchase(n, 0.0, rules.cash, "no_price")
    return Purchase(bought, quantity, rules.cash - (quantity * unit + charge))


def _slipped(bars: Bars, rules: Rules, bought: int) -> float:
    """Return what a unit costs at that bar."""
    at_open = rules.fill == "next_open"
    price = float((bars.open if at_open else bars.close)[bought])
    if rules.slippage_kind == "spread":
        return price + rules.slippage
    if rules.slippage_kind == "fraction" or not price > 0.0:
        return price * (1.0 + rules.slippage)
    volume = float(bars.volume[bought - 1 if at_open else bought])
    share = min(rules.cash / (price * rules.multiplier) / volume, 1.0) if volume > 0.0 else 1.0
    return price * (1.0 + rules.slippage * share)


def _row(fee: float | Fees, ts: int) -> FeeRow:
    """Return what a fill at that time costs."""
    if not isinstance(fee, Fees):
        return FeeRow(ts, fee, fee)
    return next((row for row in reversed(fee.rows) if row.since <= ts), fee.rows[0])


def buy_and_hold(bars: Bars, rules: Rules) -> Holding:
    """Return the equity of buying and holding; see `purchase`."""
    made = purchase(bars, rules)
    if made.reason:
        return Holding(None, made.reason)
    equity = np.full(len(bars), rules.cash)
    units = made.quantity * rules.multiplier
    equity[made.bar :] = made.rest + units * bars.close[made.bar :]
    equity[-1] = made.rest + units * _last(bars, rules)
    return Holding(equity[bars.warm :])


def buy_and_hold_return(bars: Bars, rules: Rules) -> tuple[float | None, str]:
    """Return what buying and holding would have made by the last close, not sold."""
    made = purchase(bars, rules)
    if made.reason:
        return None, made.reason
    return (made.rest + made.quantity * rules.multiplier * _last(bars, rules)) / rules.cash - 1.0, ""


def _last(bars: Bars, rules: Rules) -> float:
    """Return the last close, less what delisting takes."""
    last = float(bars.close[-1])
    return last * (1.0 - rules.delist_haircut) if rules.delisted else last
