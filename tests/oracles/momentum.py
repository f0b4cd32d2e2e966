"""Oscillators from their definitions, in decimals; each takes its inputs as lines and gives a tuple of lines."""

from __future__ import annotations

from decimal import Decimal

from tests.oracles import known
from tests.oracles.averages import Lines
from tests.oracles.known import Known, Line

D = Decimal


def middle_of(high: Line, low: Line) -> list[Known]:
    """(high + low)/2."""
    return known.bar_by_bar(lambda top, bottom: (top + bottom) / 2, high, low)


def mom(values: Line, period: int = 10) -> Lines:
    """Value less that of `period` bars ago."""
    return (known.change(values, period),)


def cmo(values: Line, period: int = 14) -> Lines:
    """100 x (up - down)/(up + down), sums of the window (Chande and Kroll, 1994)."""
    moves = known.change(values)
    return (
        known.windows(
            lambda held: 100 * sum(held) / D(sum(map(abs, held))) if any(held) else D(0),
            moves,
            period,
        ),
    )


def cci(high: Line, low: Line, close: Line, period: int = 20) -> Lines:
    """(typical - mean)/(0.015 x mean distance) (Donald Lambert, 1980)."""

    # Both sides of the fraction times 3 x period: sums alone, so that a flat window is exactly that.
    def of(held: list[D]) -> D:
        far = [period * x - sum(held) for x in held]
        return far[-1] / (D("0.015") * sum(map(abs, far)) / period) if any(far) else D(0)

    thrice = known.bar_by_bar(lambda top, bottom, last: top + bottom + last, high, low, close)
    return (known.windows(of, thrice, period),)


def williams_r(high: Line, low: Line, close: Line, period: int = 14) -> Lines:
    """-100 x (highest - close)/(highest - lowest) (Larry Williams, 1973); -50 in a flat range."""
    upper, lower = known.highest(high, period), known.lowest(low, period)
    return (
        known.bar_by_bar(
            lambda last, top, bottom: -100 * (top - last) / (top - bottom) if top != bottom else D(-50),
            close,
            upper,
            lower,
        ),
    )


def stoch_rsi(values: Line, period: int = 14, window: int = 14, slow: int = 3, signal: int = 3) -> Lines:
    """The stochastic of the index (Chande and Kroll, 1994); a range below 1e-9 of its 100 points stands still."""
    index = known.strength(values, period)
    upper, lower = known.highest(index, window), known.lowest(index, window)
    moving = known.bar_by_bar(lambda top, bottom: top if top - bottom > D("1e-9") else bottom, upper, lower)
    k = known.mean(known.place(index, moving, lower), slow)
    return k, known.mean(k, signal)


def ppo(values: Line, fast: int = 12, slow: int = 26, signal: int = 9) -> Lines:
    """100 x (fast - slow)/slow, and its average."""
    quick, calm = known.exponential(values, fast), known.exponential(values, slow)
    line = known.bar_by_bar(lambda a, b: 100 * (a - b) / b if b else D(0), quick, calm)
    smooth = known.exponential(line, signal)
    return line, smooth, known.less(line, smooth)


def pvo(volume: Line, fast: int = 12, slow: int = 26, signal: int = 9) -> Lines:
    """The same of volume."""
    return ppo(volume, fast, slow, signal)


def trix(values: Line, period: int = 15, signal: int = 9) -> Lines:
    """Change in percent of EMA(EMA(EMA(x))) (Jack Hutson, 1983)."""
    smooth = known.exponential(known.exponential(known.exponential(values, period), period), period)
    line = known.change_in_percent(smooth, 1)
    return line, known.exponential(line, signal)


def tsi(values: Line, slow: int = 25, fast: int = 13, signal: int = 7) -> Lines:
    """100 x twice smoothed change over twice smoothed size of it (William Blau, 1991)."""
    moves = known.change(values)
    up, size = (known.exponential(known.exponential(one, slow), fast) for one in (moves, known.sizes(moves)))
    line = known.ratio(known.scaled(up, 100), size, D(0))
    return line, known.exponential(line, signal)


def ultimate_oscillator(high: Line, low: Line, close: Line, short: int = 7, middle: int = 14, long: int = 28) -> Lines:
    """100 x (4 a + 2 b + c)/7, each buying pressure over true range (Larry Williams, 1985)."""
    then = known.before(close, 1)
    bought = known.bar_by_bar(lambda last, bottom, was: last - min(bottom, was), close, low, then)
    reach = known.true_range(high, low, close)
    parts = [known.ratio(known.total(bought, n), known.total(reach, n), D(1) / 2) for n in (short, middle, long)]
    return (known.bar_by_bar(lambda a, b, c: 100 * (4 * a + 2 * b + c) / 7, *parts),)


def awesome_oscillator(high: Line, low: Line, fast: int = 5, slow: int = 34) -> Lines:
    """Short less long mean of the middles (Bill Williams, 1998)."""
    middle = middle_of(high, low)
    return (known.less(known.mean(middle, fast), known.mean(middle, slow)),)


def coppock(values: Line, long: int = 14, short: int = 11, period: int = 10) -> Lines:
    """Weighted average of the sum of two rates of change (E. S. C. Coppock, 1962)."""
    both = known.plus(known.change_in_percent(values, long), known.change_in_percent(values, short))
    return (known.weighted(both, period),)


def kst(
    values: Line,
    first: int = 10,
    second: int = 15,
    third: int = 20,
    fourth: int = 30,
    smooth: int = 10,
    last: int = 15,
    signal: int = 9,
) -> Lines:
    """RCMA1 + 2 RCMA2 + 3 RCMA3 + 4 RCMA4 (Martin Pring, 1992)."""
    steps = ((first, smooth, 1), (second, smooth, 2), (third, smooth, 3), (fourth, last, 4))
    parts = [known.scaled(known.mean(known.change_in_percent(values, bars), n), weight) for bars, n, weight in steps]
    line = known.bar_by_bar(lambda *held: D(sum(held)), *parts)
    return line, known.mean(line, signal)


def connors_rsi(values: Line, period: int = 3, streak: int = 2, rank: int = 100) -> Lines:
    """(RSI(price) + RSI(streak) + rank of the last return)/3 (Connors and Alvarez, 2012).

    Returns are ranked as floats: two that are equal as decimals may differ there in their last digit.
    """
    run = D(0)
    runs: list[Known] = [run] if values else []
    for move in known.change(values)[1:]:
        run = max(run, D(0)) + 1 if move > 0 else min(run, D(0)) - 1 if move < 0 else D(0)
        runs.append(run)
    returns = [None if t == 0 else float(values[t]) / float(values[t - 1]) - 1 for t in range(len(values))]
    ranks: list[Known] = [
        None if t <= rank else 100 * D(sum(one < returns[t] for one in returns[t - rank : t])) / rank
        for t in range(len(values))
    ]
    parts = known.strength(values, period), known.strength(runs, streak), ranks
    return (known.bar_by_bar(lambda a, b, c: (a + b + c) / 3, *parts),)


def fisher(high: Line, low: Line, period: int = 10) -> Lines:
    """Ehlers' listing: Value1 = .33 x 2 (place - .5) + .67 Value1[1]; Fish = .5 ln((1+V)/(1-V)) + .5 Fish[1] (2002)."""
    middle = middle_of(high, low)
    spot = known.place(middle, known.highest(middle, period), known.lowest(middle, period))
    out: list[Known] = []
    value, fish = D(0), D(0)
    for x in spot:
        if x is None:
            out.append(None)
            continue
        value = D("0.33") * 2 * (x / 100 - D("0.5")) + D("0.67") * value
        if value > D("0.99"):
            value = D("0.999")
        if value < D("-0.99"):
            value = D("-0.999")
        fish = ((1 + value) / (1 - value)).ln() / 2 + fish / 2
        out.append(fish)
    return out, known.before(out, 1)


def elder_ray(high: Line, low: Line, close: Line, period: int = 13) -> Lines:
    """High and low less the average of the close (Alexander Elder, 1993)."""
    average = known.exponential(close, period)
    return known.less(high, average), known.less(low, average)


def bop(opening: Line, high: Line, low: Line, close: Line) -> Lines:
    """(close - open)/(high - low) (Igor Livshin, 2001)."""
    return (known.ratio(known.less(close, opening), known.less(high, low), D(0)),)


def dpo(values: Line, period: int = 20) -> Lines:
    """Price of n/2 + 1 bars ago less the mean of now."""
    return (known.less(known.before(values, period // 2 + 1), known.mean(values, period)),)
