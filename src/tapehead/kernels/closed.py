"""Sums of closed trades that the moments do not hold: one pass over the columns, in order of entry."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import short_kernel

F64 = NDArray[np.float64]
I32 = NDArray[np.int32]


@short_kernel
def closed_sums(
    profit: F64,
    entry_price: F64,
    exit_price: F64,
    quantity: F64,
    entry_bar: I32,
    exit_bar: I32,
    multiplier: float,
    cash: float,
    mean: float,
) -> tuple[float, float, float, float, float, float, float, float, float, int, int, int, int]:
    """Return sums and extremes of at least one closed trade; `mean` is that of their profits.

    In order: of gains (profit over the notional of the entry, 0 where that is 0) the sum, the sum of those above 0 and
    of those below; of profits the squares about `mean`; the notional of entries over equity before and of exits over
    equity after, NaN where that is gone; best and worst profit, best and worst gain; the number of losses, the longest
    streaks of wins and of losses, bars held. A NaN makes NaN of every sum and extreme that it is in.
    """
    earned = made = up = down = squares = turned = 0.0
    best = best_gain = -np.inf
    worst = worst_gain = np.inf
    losses = wins_now = losses_now = wins_most = losses_most = held = 0
    for row in range(profit.shape[0]):
        money = profit[row]
        bought = entry_price[row] * quantity[row] * multiplier
        sold = exit_price[row] * quantity[row] * multiplier
        gain = money / bought if bought != 0.0 else 0.0
        made += gain
        up += gain if not gain <= 0.0 else 0.0
        down += gain if not gain >= 0.0 else 0.0
        squares += (money - mean) * (money - mean)
        best, worst = max(best, money), min(worst, money)
        best_gain, worst_gain = max(best_gain, gain), min(worst_gain, gain)
        earned += money
        after = earned + cash
        before = after - money
        share = bought / before if not before <= 0.0 else np.nan
        # A position that ends worthless is no sale.
        share += (sold / after if not after <= 0.0 else np.nan) if sold != 0.0 else 0.0
        turned += share
        wins_now = wins_now + 1 if money > 0.0 else 0
        losses_now = losses_now + 1 if money < 0.0 else 0
        wins_most, losses_most = max(wins_most, wins_now), max(losses_most, losses_now)
        losses += money < 0.0
        held += exit_bar[row] - entry_bar[row]
    if earned != earned:
        best = worst = np.nan
    if made != made:
        best_gain = worst_gain = np.nan
    return made, up, down, squares, turned, best, worst, best_gain, worst_gain, losses, wins_most, losses_most, held


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    money, bars = values.copy(), np.zeros(values.shape[0], np.int32)
    closed_sums(money, money, money, money, bars, bars, 1.0, 1.0, 1.0)
