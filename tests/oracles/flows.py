"""Indicators of volume from their definitions, in decimals; each gives a tuple of lines."""

from __future__ import annotations

from decimal import Decimal

from tests.oracles import known
from tests.oracles.averages import Lines
from tests.oracles.known import Known, Line

D = Decimal


def flow(high: Line, low: Line, close: Line, volume: Line) -> list[Known]:
    """Volume times ((close - low) - (high - close))/(high - low); 0 where the bar has no range."""
    return known.bar_by_bar(
        lambda top, bottom, last, size: size * (2 * last - top - bottom) / (top - bottom) if top != bottom else D(0),
        high,
        low,
        close,
        volume,
    )


def ad(high: Line, low: Line, close: Line, volume: Line) -> Lines:
    """Sum of the flow from the first bar (Marc Chaikin)."""
    return (known.summed_up(flow(high, low, close, volume)),)


def adosc(high: Line, low: Line, close: Line, volume: Line, fast: int = 3, slow: int = 10) -> Lines:
    """Distance of two exponential averages of it that both begin at its first value, told from bar slow - 1 on."""
    (level,) = ad(high, low, close, volume)
    line = known.less(known.running(level, 1, D(2) / (fast + 1)), known.running(level, 1, D(2) / (slow + 1)))
    return ([None if t < max(fast, slow) - 1 else value for t, value in enumerate(line)],)


def cmf(high: Line, low: Line, close: Line, volume: Line, period: int = 20) -> Lines:
    """Sum of the flow over the sum of volume (Marc Chaikin)."""
    return (known.ratio(known.total(flow(high, low, close, volume), period), known.total(volume, period), D(0)),)


def mfi(high: Line, low: Line, close: Line, volume: Line, period: int = 14) -> Lines:
    """Money of rising bars over all money that moved (Quong and Soudack, 1989).

    Which way a typical price went is asked of floats, as tools ask it: equal decimals may differ there.
    """
    price = [(float(top) + float(bottom) + float(last)) / 3 for top, bottom, last in zip(high, low, close, strict=True)]
    up: list[Known] = [None] * min(1, len(price))
    down = up[:]
    for t in range(1, len(price)):
        money = (high[t] + low[t] + close[t]) / 3 * volume[t]
        up.append(money if price[t] > price[t - 1] else D(0))
        down.append(money if price[t] < price[t - 1] else D(0))
    return (
        known.bar_by_bar(
            lambda a, b: 100 * a / (a + b) if a + b else D(50), known.total(up, period), known.total(down, period)
        ),
    )


def force_index(close: Line, volume: Line, period: int = 13) -> Lines:
    """Average of change x volume (Alexander Elder, 1993)."""
    return (known.exponential(known.bar_by_bar(lambda a, b: a * b, known.change(close), volume), period),)


def ease_of_movement(high: Line, low: Line, volume: Line, period: int = 14, scale: float = 1e8) -> Lines:
    """Midpoint move over box ratio, (volume/scale)/(high - low), and its mean (Richard Arms, 1983)."""
    moved = known.change(known.bar_by_bar(lambda top, bottom: (top + bottom) / 2, high, low))
    one = known.bar_by_bar(
        lambda move, top, bottom, size: move * (top - bottom) / (size / D(repr(scale))) if size and scale else D(0),
        moved,
        high,
        low,
        volume,
    )
    return (known.mean(one, period),)


def pvt(close: Line, volume: Line) -> Lines:
    """Sum of volume x return, from 0."""
    steps = known.bar_by_bar(lambda now, then, size: size * (now - then) / then, close, known.before(close, 1), volume)
    return (known.summed_up([D(0), *steps[1:]] if steps else []),)


def index(close: Line, volume: Line, start: float, sign: int) -> Lines:
    """From `start`, times close/close before where volume moved that way (Norman Fosback, 1976)."""
    value = D(repr(start))
    out: list[Known] = [value] if close else []
    for t in range(1, len(close)):
        if sign * (volume[t] - volume[t - 1]) > 0:
            value *= close[t] / close[t - 1]
        out.append(value)
    return (out,)


def nvi(close: Line, volume: Line, start: float = 1000.0) -> Lines:
    """Where volume fell."""
    return index(close, volume, start, -1)


def pvi(close: Line, volume: Line, start: float = 1000.0) -> Lines:
    """Where volume rose."""
    return index(close, volume, start, 1)
