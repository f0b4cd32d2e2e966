"""Adjusted prices from the actions themselves, bar after bar; knows nothing of factors or anchors.

Source: a split of n new shares for m old ones leaves m/n of the price on each; a cash dividend takes its share of the
last close off the price (CRSP, Data Descriptions Guide, "Adjustments"). Held from the first bar, one share becomes n/m
and its dividends buy more of it, so that the value of what was one share goes on without a jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Action:
    """From the open of bar `bar` on: `shares` for one share, and `paid` of the last close as a dividend."""

    bar: int
    shares: Fraction = Fraction(1)
    paid: Fraction = Fraction(0)


def multipliers(n_bars: int, actions: list[Action], *, dividends: bool) -> list[Fraction]:
    """What each bar's price is multiplied by, 1 at the first bar."""
    out, now = [], Fraction(1)
    for bar in range(n_bars):
        for action in actions:
            if action.bar == bar and bar > 0:
                now *= action.shares
                if dividends:
                    now /= 1 - action.paid
        out.append(now)
    return out


def vendor_factors(n_bars: int, actions: list[Action], digits: int | None = None) -> tuple[list[float], list[float]]:
    """What a vendor publishes for each bar, 1 at the newest: split and dividend factors, rounded to `digits`."""
    split, dividend = [], []
    for bar in range(n_bars):
        later = [action for action in actions if action.bar > bar]
        a, b = Fraction(1), Fraction(1)
        for action in later:
            a, b = a / action.shares, b * (1 - action.paid)
        split.append(float(a) if digits is None else float(f"{float(a):.{digits}g}"))
        dividend.append(float(b) if digits is None else float(f"{float(b):.{digits}g}"))
    return split, dividend
