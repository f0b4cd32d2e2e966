"""Averages from their definitions, in decimals; each takes its inputs as lines and gives a tuple of lines."""

from __future__ import annotations

from decimal import Decimal
from math import isqrt

from tests.oracles import known
from tests.oracles.known import Known, Line

D = Decimal
Lines = tuple[list[Known], ...]


def dema(values: Line, period: int = 20) -> Lines:
    """Twice the average less the average of the average (Patrick Mulloy, 1994)."""
    once = known.exponential(values, period)
    return (known.bar_by_bar(lambda a, b: 2 * a - b, once, known.exponential(once, period)),)


def tema(values: Line, period: int = 20) -> Lines:
    """3 e1 - 3 e2 + e3 (Patrick Mulloy, 1994)."""
    once = known.exponential(values, period)
    twice = known.exponential(once, period)
    thrice = known.exponential(twice, period)
    return (known.bar_by_bar(lambda a, b, c: 3 * a - 3 * b + c, once, twice, thrice),)


def trima(values: Line, period: int = 20) -> Lines:
    """Weights that rise by one to the middle of the window and fall again."""
    rising = [min(i, period + 1 - i) for i in range(1, period + 1)]
    whole = D(sum(rising))
    return (known.windows(lambda held: sum(w * x for w, x in zip(rising, held, strict=True)) / whole, values, period),)


def efficiency_ratio(values: Line, period: int = 10) -> Lines:
    """|direction| over volatility (Perry Kaufman, 1995)."""
    way = known.total(known.sizes(known.change(values)), period)
    return (known.ratio(known.sizes(known.change(values, period)), way, D(0)),)


def kama(values: Line, period: int = 10, fast: int = 2, slow: int = 30) -> Lines:
    """Kaufman's average, from the price before the first efficiency that is known, as in TA-Lib."""
    (straight,) = efficiency_ratio(values, period)
    quick, calm = D(2) / (fast + 1), D(2) / (slow + 1)
    out: list[Known] = [None] * len(values)
    average = None
    for t, efficiency in enumerate(straight):
        if efficiency is None:
            continue
        if average is None:
            average = values[t - 1]
        share = (efficiency * (quick - calm) + calm) ** 2
        average += share * (values[t] - average)
        out[t] = average
    return (out,)


def hma(values: Line, period: int = 20) -> Lines:
    """WMA(2 WMA(n/2) - WMA(n), root of n), both numbers rounded down (Alan Hull, 2005)."""
    half, whole = known.weighted(values, period // 2), known.weighted(values, period)
    return (known.weighted(known.bar_by_bar(lambda a, b: 2 * a - b, half, whole), isqrt(period)),)


def t3(values: Line, period: int = 5, factor: float = 0.7) -> Lines:
    """GD(GD(GD(x))) with GD(x) = (1 + v) EMA(x) - v EMA(EMA(x)) (Tim Tillson, 1998)."""
    v = D(repr(factor))
    # Expanded: a product of operators, each EMA begun with the first value of the one before.
    lines = [list(values)]
    for _ in range(6):
        lines.append(known.exponential(lines[-1], period))
    weights = {3: (1 + v) ** 3, 4: -3 * v * (1 + v) ** 2, 5: 3 * v**2 * (1 + v), 6: -(v**3)}
    parts = [known.bar_by_bar(lambda x, w=weight: w * x, lines[depth]) for depth, weight in weights.items()]
    return (known.bar_by_bar(lambda *held: sum(held), *parts),)


def zlema(values: Line, period: int = 20) -> Lines:
    """EMA of x + (x - x[lag]) (Ehlers and Way, 2010)."""
    lagged = known.before(values, (period - 1) // 2)
    return (known.exponential(known.bar_by_bar(lambda now, then: now + (now - then), values, lagged), period),)


def alma(values: Line, period: int = 9, offset: float = 0.85, sigma: float = 6.0) -> Lines:
    """Gaussian weights about offset x (n - 1) rounded down, of width n/sigma (Legoux and Kouzis-Loukas, 2009)."""
    middle, width = int(D(repr(offset)) * (period - 1)), period / D(repr(sigma))
    weights = [(-((i - middle) ** 2) / (2 * width**2)).exp() for i in range(period)]
    whole = sum(weights)
    return (known.windows(lambda held: sum(w * x for w, x in zip(weights, held, strict=True)) / whole, values, period),)


def vwma(values: Line, volume: Line, period: int = 20) -> Lines:
    """Sum of value x volume over sum of volume."""
    traded = known.bar_by_bar(lambda x, size: x * size, values, volume)
    return (known.ratio(known.total(traded, period), known.total(volume, period), None),)


def rma(values: Line, period: int = 14) -> Lines:
    """(before x (n - 1) + x)/n (Wilder, 1978)."""
    return (known.wilder(values, period),)


def midpoint(values: Line, period: int = 14) -> Lines:
    """Half way between highest and lowest."""
    return (known.windows(lambda held: (max(held) + min(held)) / 2, values, period),)
