"""Formulas over all returns: moments, tails, losses against gains. Sums are exact (fsum) in any order."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tapehead.metrics.definitions import Spread, Value, is_still
from tapehead.model.bars import F64

TAIL = 0.05
"""The share of returns that counts as a tail."""


def mean(values: Sequence[float] | F64) -> float:
    """Return the arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def spread(values: F64) -> Spread:
    """Return mean and deviation (ddof 1), in two passes."""
    n = len(values)
    if n < 2:
        return Spread(float(values[0]) if n else 0.0, None)
    middle = mean(values.tolist())
    return Spread(middle, math.sqrt(math.fsum(((values - middle) ** 2).tolist()) / (n - 1)))


def is_finite(values: F64) -> bool:
    """Say whether every value is a number."""
    return bool(np.isfinite(values).all())


def below(values: F64) -> float:
    """Return the root of the mean square of what is below 0, every value in the mean."""
    return math.sqrt(mean((np.minimum(values, 0.0) ** 2).tolist()))


def quantile(ordered: F64, share: float) -> float:
    """Return the value with `share` of all below it, linear between neighbours; `ordered` is rising."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    first, second = float(ordered[low]), float(ordered[min(low + 1, len(ordered) - 1)])
    return first + (second - first) * (place - low)


def omega(excess: F64) -> Value:
    """Return the sum of gains over the sum of losses, each beyond the threshold already taken off."""
    gains, losses = math.fsum(excess[excess > 0.0].tolist()), -math.fsum(excess[excess < 0.0].tolist())
    return (None, "no_losses") if losses == 0.0 else (gains / losses, "")


def tail_ratio(ordered: F64) -> Value:
    """Return the size of the 95 % quantile over that of the 5 % quantile; `ordered` is rising."""
    low = quantile(ordered, TAIL)
    return (None, "zero_quantile") if low == 0.0 else (abs(quantile(ordered, 1.0 - TAIL)) / abs(low), "")


def value_at_risk(ordered: F64) -> float:
    """Return the loss that 5 % of the returns exceed, as a positive fraction; `ordered` is rising."""
    return 0.0 - quantile(ordered, TAIL)


def expected_shortfall(ordered: F64) -> float:
    """Return the mean loss of returns at or below the 5 % quantile, as a positive fraction; `ordered` is rising."""
    return 0.0 - mean(ordered[ordered <= quantile(ordered, TAIL)].tolist())


def skew_and_kurtosis(values: F64) -> tuple[Value, Value]:
    """Return g1, the third standardised moment, and the fourth less 3; both biased."""
    n = len(values)
    if n < 2:
        return (None, "too_short"), (None, "too_short")
    middle = mean(values.tolist())
    away = values - middle
    square = away * away
    second = mean(square.tolist())
    if is_still(Spread(middle, math.sqrt(second * n / (n - 1)))):
        return (None, "zero_volatility"), (None, "zero_volatility")
    third, fourth = mean((square * away).tolist()), mean((square * square).tolist())
    return (third / second**1.5, ""), (fourth / second**2 - 3.0, "")


class Line(NamedTuple):
    """The least squares line of one array on another: intercept and slope; None where the other does not move."""

    intercept: float
    slope: float


def line(values: F64, on: F64) -> Line | None:
    """Return the line through the points (on, values), at least two."""
    y, x = mean(values.tolist()), mean(on.tolist())
    away, n = on - x, len(on)
    square = mean((away * away).tolist())
    if is_still(Spread(x, math.sqrt(square * n / (n - 1)))):
        return None
    slope = mean((away * (values - y)).tolist()) / square
    return Line(y - slope * x, slope)


def covariance(a: F64, b: F64) -> float:
    """Return the mean product of deviations (ddof 0) of two arrays of one length."""
    return mean(((a - mean(a.tolist())) * (b - mean(b.tolist()))).tolist())
