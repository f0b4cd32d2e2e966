"""Value by value, each in one pass: shares of a whole, changes, and sums of two lines."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.kernels.jit import kernel

F64 = NDArray[np.float64]


@kernel
def ratio(part: F64, whole: F64, scale: float, flat: float, out: F64) -> None:
    """Write scale x part/whole; `flat` where the whole is 0."""
    for t in range(part.shape[0]):
        whole_of = whole[t]
        out[t] = scale * part[t] / whole_of if whole_of != 0.0 else flat + 0.0 * part[t]


@kernel
def moved(values: F64, period: int, sized: bool, out: F64) -> None:
    """Write value less that of `period` bars ago, its size alone where `sized`."""
    n = values.shape[0]
    first = min(period, n)
    out[:first] = np.nan
    later = values[first:]
    made = out[first:]
    if sized:
        for t in range(n - first):
            made[t] = abs(later[t] - values[t])
    else:
        for t in range(n - first):
            made[t] = later[t] - values[t]


@kernel
def mixed(a: float, one: F64, b: float, other: F64, out: F64) -> None:
    """Write a x one + b x other."""
    for t in range(one.shape[0]):
        out[t] = a * one[t] + b * other[t]


@kernel
def averaged(one: F64, other: F64, out: F64) -> None:
    """Make of each value its mean with those of two other lines."""
    for t in range(out.shape[0]):
        out[t] = (one[t] + other[t] + out[t]) / 3.0


@kernel
def over(whole: F64, scale: float, flat: float, out: F64) -> None:
    """Make of each value scale x value/whole; `flat` where the whole is 0."""
    for t in range(out.shape[0]):
        whole_of = whole[t]
        out[t] = scale * out[t] / whole_of if whole_of != 0.0 else flat + 0.0 * out[t]


@kernel
def less(line: F64, bars: int, out: F64) -> None:
    """Make of each value that of `line`, `bars` bars ago, less the value."""
    first = min(bars, out.shape[0])
    out[:first] = np.nan
    made = out[first:]
    for t in range(made.shape[0]):
        made[t] = line[t] - made[t]


@kernel
def body(opening: F64, high: F64, low: F64, close: F64, out: F64) -> None:
    """Write the body of each bar over its range; 0 where it has none."""
    for t in range(close.shape[0]):
        moved_by = close[t] - opening[t]
        span = high[t] - low[t]
        out[t] = moved_by / span if span != 0.0 else 0.0 * moved_by


def warm(values: Any) -> None:
    """Compile every kernel of this file."""
    out = np.empty(values.shape[0])
    ratio(values, values, 1.0, 0.0, out)
    moved(values, 1, False, out)
    mixed(1.0, values, 1.0, values, out)
    averaged(values, values, out)
    over(values, 1.0, 0.0, out)
    less(values, 1, out)
    body(values, values, values, values, out)
