"""Indicators in plain Python, from their definitions: the slow obvious twins of the kernels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from math import fsum, isnan, nan, sqrt

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


def rsi_simple(values: Sequence[float], n: int) -> Floats:
    """Return 100 x gains/(gains + losses) of the last `n` changes of prices as written in decimals; 50 if flat."""
    exact = [Fraction(repr(float(value))) for value in values]
    moves = [later - earlier for earlier, later in itertools.pairwise(exact)]
    out = [nan] * len(exact)
    for t in range(n, len(exact)):
        window = moves[t - n : t]
        up, size = sum(move for move in window if move > 0), sum(map(abs, window))
        out[t] = 50.0 if size == 0 else float(100 * up / size)
    return out


def wma(values: Sequence[float], n: int) -> Floats:
    """Average with weights 1 for the oldest to `n` for the newest, of prices as written in decimals, rounded once."""
    exact = [Fraction(repr(float(value))) for value in values]
    share = n * (n + 1) // 2
    return [
        nan if t < n - 1 else float(sum(i * exact[t - n + i] for i in range(1, n + 1)) / share)
        for t in range(len(exact))
    ]


def std(values: Sequence[float], n: int, ddof: int = 0) -> Floats:
    """Deviation of the last `n` values in two passes, exact up to the root: the mean, then the squares about it."""
    exact = [Fraction(repr(float(value))) for value in values]
    out = [nan] * len(exact)
    for t in range(n - 1, len(exact)):
        window = exact[t - n + 1 : t + 1]
        mean = sum(window) / n
        out[t] = root(sum((value - mean) ** 2 for value in window) / (n - ddof))
    return out


def root(square: Fraction) -> float:
    """Square root of an exact number, to 40 digits before it is rounded."""
    with localcontext() as context:
        context.prec = 60
        return float((Decimal(square.numerator) / Decimal(square.denominator)).sqrt())


def bollinger(values: Sequence[float], n: int, width: float, ddof: int = 0) -> tuple[Floats, Floats, Floats]:
    """Upper, middle, lower: mean and deviation of the last `n` closes (John Bollinger, 2001)."""
    middle, reach = sma(values, n), std(values, n, ddof)
    upper = [mean + width * far for mean, far in zip(middle, reach, strict=True)]
    return upper, middle, [mean - width * far for mean, far in zip(middle, reach, strict=True)]


def macd(values: Sequence[float], fast: int, slow: int, signal: int) -> tuple[Floats, Floats, Floats]:
    """Line, signal, histogram as TA-Lib starts them: both averages begin on the first bar of the longer one."""
    first = max(fast, slow) - 1
    quick, calm = ema(values[max(0, first + 1 - fast) :], fast), ema(values[max(0, first + 1 - slow) :], slow)
    line = [nan] * len(values)
    for t in range(first, len(values)):
        line[t] = quick[t - (first + 1 - fast)] - calm[t - (first + 1 - slow)]
    smooth = [nan] * min(first, len(values)) + ema(line[first:], signal)
    return line, smooth, [here - there for here, there in zip(line, smooth, strict=True)]


def true_range(high: Sequence[float], low: Sequence[float], close: Sequence[float]) -> Floats:
    """The greatest of high - low, |high - close before|, |low - close before| (Wilder, 1978, page 22)."""
    return [nan] * min(1, len(close)) + [
        max(high[t] - low[t], abs(high[t] - close[t - 1]), abs(low[t] - close[t - 1])) for t in range(1, len(close))
    ]


def wilder(values: Sequence[float], n: int) -> Floats:
    """Wilder's average: the mean of the first `n` known values, then (before x (n - 1) + today)/n."""
    out = [nan] * len(values)
    known = [t for t, value in enumerate(values) if not isnan(value)]
    if len(known) < n:
        return out
    seed = known[n - 1]
    out[seed] = sum(values[t] for t in known[:n]) / n
    for t in range(seed + 1, len(values)):
        out[t] = (out[t - 1] * (n - 1) + values[t]) / n
    return out


def atr(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> Floats:
    """Wilder's average of true ranges."""
    return wilder(true_range(high, low, close), n)


def adx(high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int) -> tuple[Floats, Floats, Floats]:
    """ADX, +DI, -DI (Wilder, 1978, pages 36-47), sums begun with n - 1 bars as in TA-Lib.

    sum = sum - sum/n + today; DI = 100 x moved/range; DX = 100 x |+DI - -DI|/(+DI + -DI), 0 where nothing moved.
    """
    ranges = true_range(high, low, close)
    size = len(close)
    plus, minus, distance = [nan] * size, [nan] * size, [nan] * size
    reach = ups = downs = 0.0
    for t in range(1, size):
        up, down = high[t] - high[t - 1], low[t - 1] - low[t]
        moved = (ranges[t], up if up > max(down, 0) else 0.0, down if down > max(up, 0) else 0.0)
        if t < n:
            reach, ups, downs = reach + moved[0], ups + moved[1], downs + moved[2]
            continue
        reach, ups, downs = (was - was / n + now for was, now in zip((reach, ups, downs), moved, strict=True))
        plus[t] = 100 * ups / reach if reach else 0.0
        minus[t] = 100 * downs / reach if reach else 0.0
        both = plus[t] + minus[t]
        distance[t] = 100 * abs(plus[t] - minus[t]) / both if both else 0.0
    return wilder(distance, n), plus, minus


def donchian(high: Sequence[float], low: Sequence[float], n: int) -> tuple[Floats, Floats, Floats]:
    """Highest high, their middle, lowest low of the last `n` bars."""
    upper = [nan if t < n - 1 else max(high[t - n + 1 : t + 1]) for t in range(len(high))]
    lower = [nan if t < n - 1 else min(low[t - n + 1 : t + 1]) for t in range(len(low))]
    return upper, [(top + bottom) / 2 for top, bottom in zip(upper, lower, strict=True)], lower


def keltner(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int, n_atr: int, width: float
) -> tuple[Floats, Floats, Floats]:
    """Exponential average of the close, and `width` average true ranges around it."""
    middle, reach = ema(close, n), atr(high, low, close, n_atr)
    upper = [mean + width * far for mean, far in zip(middle, reach, strict=True)]
    return upper, middle, [mean - width * far for mean, far in zip(middle, reach, strict=True)]


def stochastic(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int, slow: int, signal: int
) -> tuple[Floats, Floats, Floats]:
    """Raw %K, its mean over `slow` bars, and that one's mean over `signal`; 50 where the range is one price."""
    upper, _, lower = donchian(high, low, n)
    raw = [
        nan if isnan(top) else 50.0 if top == bottom else 100 * (price - bottom) / (top - bottom)
        for top, bottom, price in zip(upper, lower, close, strict=True)
    ]
    smooth = mean_known(raw, slow)
    return raw, smooth, mean_known(smooth, signal)


def mean_known(values: Sequence[float], n: int) -> Floats:
    """Mean of the last `n` values; unknown while one of them is."""
    return [
        nan if t < n - 1 or any(map(isnan, values[t - n + 1 : t + 1])) else fsum(values[t - n + 1 : t + 1]) / n
        for t in range(len(values))
    ]


def roc(values: Sequence[float], n: int) -> Floats:
    """Change in percent against the value `n` bars ago; unknown where that is 0."""
    return [
        nan if t < n or values[t - n] == 0 else float(100 * (Fraction(values[t]) / Fraction(values[t - n]) - 1))
        for t in range(len(values))
    ]


def volatility(values: Sequence[float], n: int, ddof: int = 1, periods_a_year: float = 1.0) -> Floats:
    """Deviation of the last `n` returns x[t]/x[t-1] - 1, times the root of the periods a year; two passes."""
    returns = [later / earlier - 1 for earlier, later in itertools.pairwise(values)]
    return [nan] * min(1, len(values)) + [spread * sqrt(periods_a_year) for spread in std(returns, n, ddof)]


def obv(close: Sequence[float], volume: Sequence[float]) -> Floats:
    """The first bar's volume, plus that of each bar that rose, less that of each that fell; exact, rounded once."""
    out, total = [], Fraction(0)
    for t in range(len(close)):
        rose = 1 if t == 0 else (close[t] > close[t - 1]) - (close[t] < close[t - 1])
        total += rose * Fraction(volume[t])
        out.append(float(total))
    return out


def vwap(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    anchor: Sequence[bool] | None = None,
) -> Floats:
    """Sum of typical price x volume over sum of volume since the last anchor; unknown while there is no volume."""
    out, value, weight = [], Fraction(0), Fraction(0)
    for t in range(len(close)):
        if anchor is not None and anchor[t]:
            value, weight = Fraction(0), Fraction(0)
        price = (Fraction(high[t]) + Fraction(low[t]) + Fraction(close[t])) / 3
        value, weight = value + price * Fraction(volume[t]), weight + Fraction(volume[t])
        out.append(nan if weight == 0 else float(value / weight))
    return out


def vwap_rolling(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], volume: Sequence[float], n: int
) -> Floats:
    """The same over the last `n` bars."""
    return [
        nan if t < n - 1 else vwap(*(side[t - n + 1 : t + 1] for side in (high, low, close, volume)))[-1]
        for t in range(len(close))
    ]


def supertrend(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], n: int, width: float
) -> tuple[Floats, list[bool]]:
    """Trailing line and whether the close is above it, bar after bar from the rules as they are told.

    The upper band may only fall while closes stay at or below it, the lower one only rise while they stay at or above
    it; the line is the lower band while rising. A rise ends at a close at or below it, a fall at one above.
    """
    reach = atr(high, low, close, n)
    line, rising = [nan] * len(close), [False] * len(close)
    upper = lower = nan
    up = False
    for t in range(n, len(close)):
        middle = (high[t] + low[t]) / 2
        basic_upper, basic_lower = middle + width * reach[t], middle - width * reach[t]
        if t == n:
            upper, lower, up = basic_upper, basic_lower, close[t] >= middle
        else:
            upper = basic_upper if close[t - 1] > upper else min(upper, basic_upper)
            lower = basic_lower if close[t - 1] < lower else max(lower, basic_lower)
        up = close[t] > lower if up else close[t] > upper
        line[t], rising[t] = (lower if up else upper), up
    return line, rising


def crossed_above(a: Sequence[float], b: Sequence[float]) -> list[bool]:
    """True at t when a[t] > b[t] and a[t-1] <= b[t-1], all four known."""
    return [False] * min(1, len(a)) + [
        not any(map(isnan, (a[t], b[t], a[t - 1], b[t - 1]))) and a[t] > b[t] and a[t - 1] <= b[t - 1]
        for t in range(1, len(a))
    ]


def crossed_below(a: Sequence[float], b: Sequence[float]) -> list[bool]:
    """True at t when a[t] < b[t] and a[t-1] >= b[t-1], all four known."""
    return crossed_above(b, a)
