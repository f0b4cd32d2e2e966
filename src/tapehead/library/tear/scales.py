"""Where the marks of an axis stand, and which points of a long line are drawn."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

POINTS = 1_000
"""At most so many points of a line are drawn."""
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_MARKS = 8


def thinned(values: F64, points: int = POINTS) -> I64:
    """Return the places of at most `points` values that keep both ends and the extremes of each stretch."""
    n = values.shape[0]
    if n <= points:
        return np.arange(n)
    stretches = max((points - 2) // 2, 1)
    edges = np.linspace(0, n, stretches + 1).astype(np.int64)
    kept = [0, n - 1]
    for lo, hi in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[lo:hi]
        kept += [lo + int(np.argmin(part)), lo + int(np.argmax(part))]
    return np.unique(np.array(kept))


def linear_marks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round numbers within [low, high], about `wanted` of them."""
    span = high - low
    if not math.isfinite(span) or not span > 1e-9 * max(abs(low), abs(high)):
        return [low]
    raw = span / wanted
    scale = 10.0 ** math.floor(math.log10(raw))
    step = next(scale * each for each in (1, 2, 2.5, 5, 10) if raw <= scale * each)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def log_marks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten within [low, high]; finer numbers where that gives fewer than 3."""
    lo, hi = math.floor(math.log10(low)), math.ceil(math.log10(high))
    marks = [m * 10.0**k for k in range(lo, hi + 1) for m in (1, 2, 5) if low <= m * 10.0**k <= high]
    if len(marks) < 3:
        return [each for each in linear_marks(low, high, 4) if each > 0]
    while len(marks) > _MARKS:
        marks = [each for place, each in enumerate(marks) if place % 3 == 0] if len(marks) > 2 * _MARKS else marks[::2]
    return marks


def time_marks(first: int, last: int) -> list[tuple[int, str]]:
    """Return times (us UTC) within [first, last] with their labels: years, months, days or hours."""
    span = max(last - first, 1)
    years = span / (365.25 * _DAY_US)
    if years > 2:
        step = next((s for s in (1, 2, 5, 10, 20, 50) if years / s <= _MARKS), 100)
        return _calendar_marks(first, last, 12 * step, "Y")
    if span > 60 * _DAY_US:
        step = next(s for s in (1, 2, 3, 6) if years * 12 / s <= _MARKS)
        return _calendar_marks(first, last, step, "M")
    steps = (_HOUR_US, 3 * _HOUR_US, 6 * _HOUR_US, 12 * _HOUR_US, *(_DAY_US * d for d in (1, 2, 4, 7, 14)))
    every = next((s for s in steps if span / s <= _MARKS), steps[-1])
    begin = -(-first // every) * every
    return [(t, _label(t, "D" if every >= _DAY_US else "h")) for t in range(begin, last + 1, every)]


def _calendar_marks(first: int, last: int, months: int, unit: str) -> list[tuple[int, str]]:
    """Return the first moments of months, `months` apart, counted from January of year 0."""
    begin, end = (datetime.fromtimestamp(t // 1_000_000, UTC) for t in (first, last))
    lo, hi = begin.year * 12 + begin.month - 1, end.year * 12 + end.month - 1
    out = []
    for k in range(-(-lo // months) * months, hi + 1, months):
        t = int(datetime(k // 12, k % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
        if first <= t <= last:
            out.append((t, _label(t, unit)))
    return out


def _label(ts: int, unit: str) -> str:
    """Return a time as the label of its unit."""
    form = {"Y": "%Y", "M": "%Y-%m", "D": "%Y-%m-%d", "h": "%m-%d %H:%M"}[unit]
    return datetime.fromtimestamp(ts // 1_000_000, UTC).strftime(form)


def histogram(values: F64, bins: int = 40) -> tuple[F64, NDArray[Any]]:
    """Return edges, shape (bins + 1,), and counts; the outer bins hold what lies beyond the 0.5 % quantiles.

    0 is an edge where values lie on both sides, so that no bar mixes gains and losses.
    """
    low, high = (float(q) for q in np.quantile(values, (0.005, 0.995)))
    if not high > low:
        low, high = low - max(abs(low), 1e-9) * 0.5, high + max(abs(high), 1e-9) * 0.5
    width = (high - low) / bins
    if low < 0 < high:
        lo, hi = math.floor(low / width), math.ceil(high / width)
        edges = np.arange(lo, hi + 1, dtype=np.float64) * width
    else:
        edges = np.linspace(low, high, bins + 1, dtype=np.float64)
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return edges, counts
