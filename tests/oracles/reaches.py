"""Ranges, trends and statistics from their definitions, in decimals; each gives a tuple of lines."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.oracles import known
from tests.oracles.averages import Lines
from tests.oracles.known import Known, Line

D = Decimal


def natr(high: Line, low: Line, close: Line, period: int = 14) -> Lines:
    """100 x average true range/close (John Forman, 2006)."""
    reach = known.wilder(known.true_range(high, low, close), period)
    return (known.bar_by_bar(lambda far, last: 100 * far / last if last else None, reach, close),)


def ulcer_index(values: Line, period: int = 14) -> Lines:
    """Root of the mean square of falls from the highest, in percent (Martin and McCann, 1989)."""
    falls = known.bar_by_bar(lambda x, top: 100 * (x - top) / top, values, known.highest(values, period))
    squares = known.mean(known.bar_by_bar(lambda fall: fall * fall, falls), period)
    return (known.bar_by_bar(lambda square: square.sqrt(), squares),)


def choppiness(high: Line, low: Line, close: Line, period: int = 14) -> Lines:
    """100 x log10(sum of true ranges/(highest true high - lowest true low))/log10(n) (E. W. Dreiss)."""
    then = known.before(close, 1)
    top = known.highest(known.bar_by_bar(max, high, then), period)
    bottom = known.lowest(known.bar_by_bar(min, low, then), period)
    way = known.total(known.true_range(high, low, close), period)
    return (
        known.bar_by_bar(
            lambda far, up, down: 100 * (far / (up - down)).log10() / D(period).log10() if up != down else D(100),
            way,
            top,
            bottom,
        ),
    )


def mass_index(high: Line, low: Line, period: int = 25, average: int = 9) -> Lines:
    """Sum of EMA(range)/EMA(EMA(range)) (Donald Dorsey, 1992)."""
    once = known.exponential(known.less(high, low), average)
    return (known.total(known.ratio(once, known.exponential(once, average), D(1)), period),)


def stops(high: Line, low: Line, close: Line, period: int, width: float) -> Lines:
    """Highest high less, lowest low plus `width` average true ranges."""
    reach = known.wilder(known.true_range(high, low, close), period)
    far = known.bar_by_bar(lambda one: D(repr(width)) * one, reach)
    return known.less(known.highest(high, period), far), known.plus(known.lowest(low, period), far)


def chandelier(high: Line, low: Line, close: Line, period: int = 22, width: float = 3.0) -> Lines:
    """Chuck LeBeau's exit: long below the highest high, short above the lowest low."""
    return stops(high, low, close, period, width)


def chande_kroll(high: Line, low: Line, close: Line, period: int = 10, width: float = 1.0, smooth: int = 9) -> Lines:
    """Highest stop from highs is for shorts, lowest from lows for longs (Chande and Kroll, 1994)."""
    above, below = stops(high, low, close, period, width)
    return known.lowest(below, smooth), known.highest(above, smooth)


def aroon(high: Line, low: Line, period: int = 14) -> Lines:
    """100 x (n - bars since the extreme of n + 1 bars)/n (Tushar Chande, 1995)."""

    def since(held: Sequence[D], extreme: D) -> D:
        return D(next(k for k, value in enumerate(reversed(held)) if value == extreme))

    up = known.windows(lambda held: 100 * (period - since(held, max(held))) / period, high, period + 1)
    down = known.windows(lambda held: 100 * (period - since(held, min(held))) / period, low, period + 1)
    return up, down, known.less(up, down)


def vortex(high: Line, low: Line, close: Line, period: int = 14) -> Lines:
    """|high - low before| and |low - high before| over true ranges (Botes and Siepman, 2010)."""
    reach = known.total(known.true_range(high, low, close), period)
    up = known.total(known.sizes(known.less(high, known.before(low, 1))), period)
    down = known.total(known.sizes(known.less(low, known.before(high, 1))), period)
    return known.ratio(up, reach, D(1)), known.ratio(down, reach, D(1))


def psar(high: Line, low: Line, step: float = 0.02, limit: float = 0.2) -> Lines:
    """Wilder's rules (1978, section II), begun by the first move as in TA-Lib; 1 while it lies below."""
    n, grow, most = len(high), D(repr(step)), D(repr(limit))
    line: list[Known] = [None] * n
    rising: list[Known] = [D(0)] * n
    if n < 2:
        return line, rising
    up = not low[0] - low[1] > max(high[1] - high[0], D(0))
    stop, extreme, share = (low[0], high[1], min(grow, most)) if up else (high[0], low[1], min(grow, most))
    for t in range(1, n):
        # What no stop may enter; the bar before the first is the first itself.
        held = slice(max(t - 1, 1), t + 1)
        touched = low[t] <= stop if up else high[t] >= stop
        if touched:
            line[t] = max(extreme, *high[held], high[t]) if up else min(extreme, *low[held], low[t])
            up, extreme, share = not up, low[t] if up else high[t], min(grow, most)
        else:
            line[t] = stop
            if up and high[t] > extreme:
                extreme, share = high[t], min(share + grow, most)
            if not up and low[t] < extreme:
                extreme, share = low[t], min(share + grow, most)
        rising[t] = D(up)
        stop = line[t] + share * (extreme - line[t])
        stop = min(stop, *low[held], low[t]) if up else max(stop, *high[held], high[t])
    return line, rising


def vhf(values: Line, period: int = 28) -> Lines:
    """(highest - lowest)/sum of |changes| (Adam White, 1991)."""
    span = known.less(known.highest(values, period), known.lowest(values, period))
    return (known.ratio(span, known.total(known.sizes(known.change(values)), period), D(0)),)


def ichimoku(high: Line, low: Line, conversion: int = 9, base: int = 26, span: int = 52, shift: int = 26) -> Lines:
    """Middles of three ranges; both edges of the cloud as they were drawn `shift` bars ahead (Goichi Hosoda, 1969)."""

    def middle(n: int) -> list[Known]:
        return known.bar_by_bar(lambda a, b: (a + b) / 2, known.highest(high, n), known.lowest(low, n))

    quick, calm = middle(conversion), middle(base)
    edge = known.bar_by_bar(lambda a, b: (a + b) / 2, quick, calm)
    return quick, calm, known.before(edge, shift), known.before(middle(span), shift)


def heikin_ashi(opening: Line, high: Line, low: Line, close: Line) -> Lines:
    """Close the mean of four prices, open the middle of the bar before (Dan Valcu, 2004)."""
    ends = known.bar_by_bar(lambda *four: sum(four) / D(4), opening, high, low, close)
    starts: list[Known] = []
    for t in range(len(close)):
        starts.append((opening[0] + close[0]) / 2 if t == 0 else (starts[t - 1] + ends[t - 1]) / 2)
    return starts, known.bar_by_bar(max, high, starts, ends), known.bar_by_bar(min, low, starts, ends), ends


def pivots(high: Line, low: Line, close: Line, anchor: Sequence[bool] | None = None) -> Lines:
    """The floor's levels from the highest, lowest and last price of the session before."""
    levels: list[list[Known]] = [[] for _ in range(7)]
    begins = [t for t in range(len(close)) if t == 0 or anchor is None or anchor[t]]
    for t in range(len(close)):
        mine = max(k for k, begin in enumerate(begins) if begin <= t) if anchor is not None else t
        if mine == 0:
            row: Sequence[Known] = [None] * 7
        else:
            past = slice(begins[mine - 1], begins[mine])
            top, bottom, last = max(high[past]), min(low[past]), close[begins[mine] - 1]
            p = (top + bottom + last) / 3
            row = (p, 2 * p - bottom, 2 * p - top, p + (top - bottom), p - (top - bottom))
            row = (*row, top + 2 * (p - bottom), bottom - 2 * (top - p))
        for level, value in zip(levels, row, strict=True):
            level.append(value)
    return tuple(levels)


def z_score(values: Line, period: int = 20, ddof: int = 0) -> Lines:
    """(x - mean)/deviation."""
    far = known.windows(lambda held: held[-1] - sum(held) / D(period), values, period)
    return (known.ratio(far, known.deviation(values, period, ddof), D(0)),)


def linear_regression(values: Line, period: int = 14) -> Lines:
    """Least squares through the points (0, oldest) to (n - 1, newest)."""
    middle = D(period - 1) / 2
    squares = sum((i - middle) ** 2 for i in range(period))

    def slope_of(held: list[D]) -> D:
        return sum((i - middle) * x for i, x in enumerate(held)) / squares

    def r2_of(held: list[D]) -> Known:
        whole = sum((period * x - sum(held)) ** 2 for x in held) / D(period**2)
        return slope_of(held) ** 2 * squares / whole if whole else None

    slope = known.windows(slope_of, values, period)
    end = known.bar_by_bar(lambda mean, rise: mean + rise * middle, known.mean(values, period), slope)
    return end, slope, known.windows(r2_of, values, period)


def moments(one: Line, other: Line, period: int) -> list[tuple[D, D, D] | None]:
    """Squares of each line and products about the means of each window, n squared times each."""
    out: list[tuple[D, D, D] | None] = []
    for t in range(len(one)):
        pairs = list(zip(one[max(t + 1 - period, 0) : t + 1], other[max(t + 1 - period, 0) : t + 1], strict=True))
        if len(pairs) < period or any(x is None or y is None for x, y in pairs):
            out.append(None)
            continue
        # n times how far each lies from its mean: sums alone, so that a flat window is exactly that.
        xs, ys = ([period * x - sum(side) for x in side] for side in zip(*pairs, strict=True))
        found = (sum(x * x for x in xs), sum(y * y for y in ys), sum(x * y for x, y in zip(xs, ys, strict=True)))
        out.append(found)
    return out


def correlation(values: Line, benchmark: Line, period: int = 20) -> Lines:
    """Covariance over the product of both deviations (Karl Pearson, 1895)."""
    found = moments(values, benchmark, period)
    return ([None if one is None or not one[0] * one[1] else one[2] / (one[0] * one[1]).sqrt() for one in found],)


def beta(values: Line, benchmark: Line, period: int = 20) -> Lines:
    """Covariance of returns over the benchmark's variance."""
    found = moments(known.change_in_percent(values, 1), known.change_in_percent(benchmark, 1), period)
    return ([None if one is None or not one[1] else one[2] / one[1] for one in found],)


def percent_rank(values: Line, period: int = 100) -> Lines:
    """Share of the values before that lie below."""
    return (
        [
            None if t < period else 100 * D(sum(one < values[t] for one in values[t - period : t])) / period
            for t in range(len(values))
        ],
    )
