"""Formulas over all returns: moments, tails, losses against gains. Sums are exact (fsum) in any order."""

import math
from collections.abc import Sequence

import numpy as np

from tapehead.metrics.definitions import Spread, Value, is_still
from tapehead.model.bars import F64

TAIL = 0.05
"""The share of returns that counts as a tail."""


def mean(values: Sequence[float] | F64) -> float:
    """Return the arithmetic mean of at least one value."""
    return math.fsum(values) / len(values)


def central(values: F64, power: int) -> float:
    """Return the mean of the deviations from the mean, to a power."""
    away = values - mean(values.tolist())
    raised = away.copy()
    for _ in range(power - 1):
        raised *= away
    return mean(raised.tolist())


def spread(values: F64) -> Spread:
    """Return mean and deviation (ddof 1), in two passes."""
    n = len(values)
    middle = mean(values.tolist()) if n else 0.0
    return Spread(middle, math.sqrt(central(values, 2) * n / (n - 1)) if n > 1 else None)


def is_finite(values: F64) -> bool:
    """Say whether every value is a number."""
    return bool(np.isfinite(values).all())


def below(values: F64) -> float:
    """Return the root of the mean square of what is below 0, every value in the mean."""
    return math.sqrt(mean((np.minimum(values, 0.0) ** 2).tolist()))


def quantile(values: F64, share: float) -> float:
    """Return the value with `share` of all below it, linear between neighbours."""
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    first, second = float(ordered[low]), float(ordered[high])
    return first + (second - first) * (place - low)


def omega(excess: F64) -> Value:
    """Return the sum of gains over the sum of losses, each beyond the threshold already taken off."""
    gains, losses = math.fsum(excess[excess > 0.0].tolist()), -math.fsum(excess[excess < 0.0].tolist())
    return (None, "no_losses") if losses == 0.0 else (gains / losses, "")


def tail_ratio(values: F64) -> Value:
    """Return the size of the 95 % quantile over that of the 5 % quantile."""
    low = quantile(values, TAIL)
    return (None, "zero_quantile") if low == 0.0 else (abs(quantile(values, 1.0 - TAIL)) / abs(low), "")


def value_at_risk(values: F64) -> float:
    """Return the loss that 5 % of the returns exceed, as a positive fraction."""
    return 0.0 - quantile(values, TAIL)


def expected_shortfall(values: F64) -> float:
    """Return the mean loss of returns at or below the 5 % quantile, as a positive fraction."""
    return 0.0 - mean(values[values <= quantile(values, TAIL)].tolist())


def skew(values: F64) -> Value:
    """Return g1, the third standardised moment, biased."""
    if len(values) < 2:
        return None, "too_short"
    return (
        (None, "zero_volatility") if is_still(spread(values)) else (central(values, 3) / central(values, 2) ** 1.5, "")
    )


def kurtosis(values: F64) -> Value:
    """Return the fourth standardised moment less 3, biased."""
    if len(values) < 2:
        return None, "too_short"
    if is_still(spread(values)):
        return None, "zero_volatility"
    return central(values, 4) / central(values, 2) ** 2 - 3.0, ""


def covariance(a: F64, b: F64) -> float:
    """Return the mean product of deviations (ddof 0) of two arrays of one length."""
    return mean(((a - mean(a.tolist())) * (b - mean(b.tolist()))).tolist())
