"""Passes: a line in, a line out, each one kernel; what most indicators are put together of."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.memo import in_use
from tapehead.indicators.scaling import scaled_line, summable
from tapehead.indicators.sma import mean_into
from tapehead.indicators.values import locked

F64 = NDArray[np.float64]

FEW = 48
"""Weights up to which a product for each is quicker than sums that do not grow with the window."""


def exponential_of(line: F64, period: int) -> F64:
    """Return the exponential average, seeded with the mean of the first `period` known values."""
    from tapehead.kernels.smoothing import exponential

    out = np.empty(line.shape[0])
    exponential(line, period, out)
    return locked(out)


def cascade_of(line: F64, periods: tuple[int, ...], weights: tuple[float, ...]) -> F64:
    """Return the line less weight x gap of each of some exponential averages below the one it smooths, in one pass.

    Two or three averages, each of the one before; six, where they have one period. Weights of 1 give the last average.
    """
    from tapehead.kernels.cascades import cascade, cascade_of_six
    from tapehead.kernels.jit import readonly

    out = np.empty(line.shape[0])
    make = cascade_of_six if len(periods) == 6 else cascade
    make(line, readonly(np.array(periods, np.int64)), readonly(np.array(weights, np.float64)), out)
    return locked(out)


def wilder_of(line: F64, period: int) -> F64:
    """Return Wilder's average, seeded alike."""
    from tapehead.kernels.smoothing import wilder

    out = np.empty(line.shape[0])
    wilder(line, period, out)
    return locked(out)


def mean_of(line: F64, period: int) -> F64:
    """Return the mean of each window of any numbers."""
    from tapehead.kernels.windows import mean_in_blocks

    out = np.empty(line.shape[0])
    mean_in_blocks(line, period, out)
    return locked(out)


def mean_of_prices(line: F64, period: int) -> F64:
    """Return the mean of each window, exactly as far as prices allow it, as `sma`."""
    out = np.empty(line.shape[0])
    mean_into(line, period, out)
    return locked(out)


def weighed_by(line: F64, weights: F64, level: float = 1.0) -> F64:
    """Return the sum of weight x value of each window, weights from the newest on; `level` is what they sum to."""
    from tapehead.kernels import taps

    out = np.empty(line.shape[0])
    taps.weighed_by(line, weights, level, out)
    return locked(out)


@lru_cache(64)
def rising(period: int) -> F64:
    """Return weights that sum to 1, the newest `period` times the oldest."""
    return locked(np.arange(period, 0, -1) / (period * (period + 1) / 2))


@lru_cache(64)
def even(period: int, window: int) -> F64:
    """Return weights of `window` values of which the newest `period` weigh alike, and sum to 1."""
    return locked(np.where(np.arange(window) < period, 1.0 / period, 0.0))


def weighted_of(line: F64, period: int) -> F64:
    """Return the average of each window of any numbers whose newest value weighs most."""
    out = np.empty(line.shape[0])
    weighted_into(line, period, out)
    return locked(out)


def weighted_into(line: F64, period: int, out: F64) -> None:
    """Write it: by its weights where they are few, in blocks otherwise."""
    from tapehead.kernels import taps, weights

    if period <= FEW:
        taps.weighed_by(line, rising(period), 1.0, out)
    else:
        weights.weighted_in_blocks(line, period, out)


def weighted_of_prices(line: F64, period: int) -> F64:
    """Return the same, exactly as far as prices allow it."""
    from tapehead.kernels import weights, windows

    out = np.empty(line.shape[0])
    if not in_use() and weights.weighted_at_once(line, period, out):
        return locked(out)
    weight = period * (period + 1) / 2
    found = summable(line, scaled_line(line), weight + 2 * period, windows.SUM_LIMIT, weight)
    bars = found.integers.shape[0]
    if bars < max(period, line.shape[0]):
        weighted_into(line, period, out)
    if bars >= period:
        weights.weighted_of_integers(found.integers, period, weight * found.power, out[:bars])
    return locked(out)


def deviation_of(line: F64, period: int, ddof: int = 0) -> F64:
    """Return the standard deviation of each window."""
    from tapehead.kernels.deviations import deviation

    out = np.empty(line.shape[0])
    deviation(line, period, 1.0 / (period - ddof), out)
    return locked(out)


def change_of(line: F64, period: int, scale: float = 1.0) -> F64:
    """Return scale x (value/value `period` bars ago - 1)."""
    from tapehead.kernels.changes import change

    out = np.empty(line.shape[0])
    change(line, period, scale, out)
    return locked(out)


def strength_of(line: F64, period: int) -> F64:
    """Return Wilder's relative strength index."""
    from tapehead.kernels.smoothing import strength

    out = np.empty(line.shape[0])
    strength(line, period, out)
    return locked(out)


def simple_strength_of(line: F64, period: int) -> F64:
    """Return the index of the last changes alone, exactly as far as prices allow it.

    100 x twice the sum of moves stays within 2^53.
    """
    from tapehead.kernels import changes, windows

    out = np.empty(line.shape[0])
    found = summable(line, scaled_line(line), 400 * (period + 1), windows.EXACT_LIMIT, 1)
    bars = found.integers.shape[0]
    if bars < max(period + 1, line.shape[0]):
        changes.simple_strength_in_blocks(line, period, out)
    if bars > period:
        changes.simple_strength_of_integers(found.integers, period, out[:bars])
    return locked(out)


def channel_of(high: F64, low: F64, period: int) -> tuple[F64, F64, F64]:
    """Return highest high, lowest low and their middle."""
    from tapehead.kernels.extremes import channel

    upper, lower, middle = np.empty(high.shape[0]), np.empty(high.shape[0]), np.empty(high.shape[0])
    channel(high, low, period, upper, lower, middle)
    return locked(upper), locked(lower), locked(middle)


def place_of(line: F64, upper: F64, lower: F64) -> F64:
    """Return where a line lies between two others, 0 to 100; 50 where both are one."""
    from tapehead.kernels.extremes import place

    out = np.empty(line.shape[0])
    place(line, upper, lower, out)
    return locked(out)


def ranges_of(high: F64, low: F64, close: F64) -> F64:
    """Return true ranges."""
    from tapehead.kernels.ranges import ranges

    out = np.empty(close.shape[0])
    ranges(high, low, close, out)
    return locked(out)


def average_ranges_of(high: F64, low: F64, close: F64, period: int) -> F64:
    """Return Wilder's average of true ranges."""
    from tapehead.kernels.ranges import average_ranges

    out = np.empty(close.shape[0])
    average_ranges(high, low, close, period, out)
    return locked(out)


def moves_of(line: F64, period: int = 1, *, sized: bool = False) -> F64:
    """Return value less value `period` bars ago, its size alone where `sized`."""
    from tapehead.kernels.elements import moved

    out = np.empty(line.shape[0])
    moved(line, period, sized, out)
    return locked(out)


def later(line: F64, bars: int) -> F64:
    """Return a line moved `bars` bars later: each bar has what was known so long ago."""
    out = np.empty(line.shape[0])
    out[:bars] = np.nan
    out[bars:] = line[: max(line.shape[0] - bars, 0)]
    return locked(out)


def ratio_of(part: F64, whole: F64, flat: float, scale: float = 1.0) -> F64:
    """Return scale x part/whole; `flat` where the whole is 0."""
    from tapehead.kernels.elements import ratio

    out = np.empty(part.shape[0])
    ratio(part, whole, scale, flat, out)
    return locked(out)


def mixed_of(a: float, one: F64, b: float, other: F64) -> F64:
    """Return a x one + b x other."""
    from tapehead.kernels.elements import mixed

    out = np.empty(one.shape[0])
    mixed(a, one, b, other, out)
    return locked(out)


def distance_in_percent(line: F64, fast: int, slow: int, signal: int) -> tuple[F64, F64, F64]:
    """Return 100 x (fast/slow exponential average - 1), 0 where the slow one is 0, its average, and their distance."""
    quick, calm = exponential_of(line, fast), exponential_of(line, slow)
    distance = ratio_of(mixed_of(1.0, quick, -1.0, calm), calm, 0.0, 100.0)
    smooth = exponential_of(distance, signal)
    return distance, smooth, mixed_of(1.0, distance, -1.0, smooth)
