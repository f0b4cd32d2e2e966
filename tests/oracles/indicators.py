"""Indicators in plain Python, from their definitions: the slow obvious twins of the kernels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from math import isnan, nan

Floats = list[float]


def sma(values: Sequence[float], n: int) -> Floats:
    """Arithmetic mean of the last `n` prices as they are written in decimals, rounded once."""
    exact = [Fraction(repr(float(value))) for value in values]
    return [nan if t < n - 1 else float(sum(exact[t - n + 1 : t + 1], Fraction(0)) / n) for t in range(len(exact))]


def sma_side(values: Sequence[float], fast: int, slow: int) -> list[int | None]:
    """Sign of fast mean minus slow mean in exact arithmetic; None before both are known."""
    exact = [Fraction(repr(float(value))) for value in values]
    out: list[int | None] = []
    for t in range(len(exact)):
        if t < max(fast, slow) - 1:
            out.append(None)
            continue
        gap = slow * sum(exact[t - fast + 1 : t + 1]) - fast * sum(exact[t - slow + 1 : t + 1])
        out.append((gap > 0) - (gap < 0))
    return out


def ema(values: Sequence[float], n: int) -> Floats:
    """Mean of the first `n` values, then previous + 2/(n+1) of the way to the new value."""
    out = [nan] * len(values)
    if len(values) < n:
        return out
    total = 0.0
    for value in values[:n]:
        total += value
    out[n - 1] = total / n
    weight = 2.0 / (n + 1)
    for t in range(n, len(values)):
        out[t] = (values[t] - out[t - 1]) * weight + out[t - 1]
    return out


def gains_and_losses(values: Sequence[float]) -> list[tuple[float, float]]:
    """Up move and down move of each bar after the first, both counted positive."""
    moves = [later - earlier for earlier, later in itertools.pairwise(values)]
    return [(max(move, 0.0), max(-move, 0.0)) for move in moves]


def rsi_wilder(values: Sequence[float], n: int) -> Floats:
    """Relative strength index as J. Welles Wilder wrote it: New Concepts in Technical Trading Systems, 1978, page 65.

    average = (average of before * (n - 1) + today) / n; RSI = 100 - 100 / (1 + RS). A flat window is 50.
    """
    out = [nan] * len(values)
    moves = gains_and_losses(values)
    if n > len(moves):
        return out
    up = sum(gain for gain, _ in moves[:n]) / n
    down = sum(loss for _, loss in moves[:n]) / n
    for t in range(n, len(values)):
        if t > n:
            gain, loss = moves[t - 1]
            up = (up * (n - 1) + gain) / n
            down = (down * (n - 1) + loss) / n
        if down == 0:
            out[t] = 50.0 if up == 0 else 100.0
        else:
            out[t] = 100.0 - 100.0 / (1.0 + up / down)
    return out


def rsi_sums(values: Sequence[float], n: int) -> Floats:
    """Return the same index kept as n-fold averages, so that the first window is a plain sum: the engine's bits.

    sum = sum of before * ((n - 1) / n) + today; the ratio of the two sums is the ratio of Wilder's averages.
    """
    out = [nan] * len(values)
    moves = gains_and_losses(values)
    if n > len(moves):
        return out
    up = down = 0.0
    for gain, loss in moves[:n]:
        up += gain
        down += loss
    keep = (n - 1) / n
    for t in range(n, len(values)):
        if t > n:
            gain, loss = moves[t - 1]
            up = up * keep + gain
            down = down * keep + loss
        out[t] = 50.0 if up + down == 0 else 100.0 * up / (up + down)
    return out


def crossed_above(a: Sequence[float], b: Sequence[float]) -> list[bool]:
    """True at t when a[t] > b[t] and a[t-1] <= b[t-1], all four known."""
    return [False] * min(1, len(a)) + [
        not any(map(isnan, (a[t], b[t], a[t - 1], b[t - 1]))) and a[t] > b[t] and a[t - 1] <= b[t - 1]
        for t in range(1, len(a))
    ]


def crossed_below(a: Sequence[float], b: Sequence[float]) -> list[bool]:
    """True at t when a[t] < b[t] and a[t-1] >= b[t-1], all four known."""
    return crossed_above(b, a)
