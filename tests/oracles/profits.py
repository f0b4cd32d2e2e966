"""Profit of one trade by the definition of profit and loss, in exact fractions."""

from __future__ import annotations

from fractions import Fraction


def trade_profit(
    entry: float, exit_: float, quantity: float, side: int, fee: float = 0.0, multiplier: float = 1.0
) -> Fraction:
    """What was received less what was paid, less a fraction of both notionals."""
    bought, sold = (entry, exit_) if side == 1 else (exit_, entry)
    units = Fraction(quantity) * Fraction(multiplier)
    notionals = [abs(Fraction(price)) * units for price in (entry, exit_)]
    return Fraction(sold) * units - Fraction(bought) * units - Fraction(fee) * sum(notionals)
