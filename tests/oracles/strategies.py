"""What each built-in strategy wants, bar after bar from its rules; lines of prices in, a list a wish out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import isnan, log, nan, sqrt
from typing import NamedTuple

from tests.oracles import indicators, momentum, reaches

Floats = list[float]
Wishes = dict[str, list[bool] | Floats]
DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


class Rows(NamedTuple):
    """Bars as lists, `step` us apart; `other` are times and closes of the reference, of the same interval."""

    ts: list[int]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    step: int
    other: tuple[list[int], Floats] = ([], [])


def exact(values: Sequence[float]) -> list[Decimal]:
    return [Decimal(repr(value)) for value in values]


def told(line: Sequence[Decimal | None]) -> Floats:
    return [nan if value is None else float(value) for value in line]


def each(make: Callable[..., bool], *lines: Sequence[float]) -> list[bool]:
    """Where something holds of values that are all known."""
    return [not any(map(isnan, row)) and make(*row) for row in zip(*lines, strict=True)]


def first_of(wish: Sequence[bool], known: Sequence[float] | None = None) -> list[bool]:
    """Where a wish holds that did not hold before; `known` must have been a number then."""
    return [
        t > 0 and wish[t] and not wish[t - 1] and (known is None or not isnan(known[t - 1])) for t in range(len(wish))
    ]


def ago(line: Sequence[float], n: int) -> Floats:
    return [line[t - n] if t >= n else nan for t in range(len(line))]


def crosses(a: Sequence[float], b: Sequence[float] | float) -> tuple[list[bool], list[bool]]:
    """Where a crosses above b, and where below."""
    other = [float(b)] * len(a) if isinstance(b, (int, float)) else list(b)
    return indicators.crossed_above(list(a), other), indicators.crossed_below(list(a), other)


def wishes(
    enter: list[bool], leave: list[bool], short: list[bool] | None = None, cover: list[bool] | None = None
) -> Wishes:
    made: Wishes = {"enter": enter, "leave": leave}
    return made if short is None or cover is None else {**made, "enter_short": short, "leave_short": cover}


def turning(up: list[bool], down: list[bool]) -> Wishes:
    return wishes(up, down, down, up)


def no(wish: Sequence[bool]) -> list[bool]:
    return [not one for one in wish]


def buy_and_hold(r: Rows) -> Wishes:
    return {"enter": [True] * len(r.ts)}


def sma_cross(r: Rows, fast: int, slow: int) -> Wishes:
    side = indicators.sma_side(r.close, fast, slow)
    pairs = [(a, b) for a, b in zip([None, *side[:-1]], side, strict=True)]
    known = [(a, b) if a is not None and b is not None else (0, 0) for a, b in pairs]
    return wishes([b > 0 >= a for a, b in known], [b < 0 <= a for a, b in known])


def ema_cross(r: Rows, fast: int, slow: int) -> Wishes:
    return turning(*crosses(indicators.ema(r.close, fast), indicators.ema(r.close, slow)))


def macd(r: Rows, fast: int, slow: int, signal: int) -> Wishes:
    line, average, _ = indicators.macd(r.close, fast, slow, signal)
    return turning(*crosses(line, average))


def rsi_reversion(r: Rows, period: int, oversold: float, overbought: float) -> Wishes:
    strength = indicators.rsi_wilder(r.close, period)
    return wishes(crosses(strength, oversold)[0], crosses(strength, overbought)[1])


def bollinger_reversion(r: Rows, period: int, width: float) -> Wishes:
    upper, middle, lower = indicators.bollinger(r.close, period, width)
    below, above = each(lambda c, b: c < b, r.close, lower), each(lambda c, b: c > b, r.close, upper)
    inside_up, inside_down = each(lambda c, b: c > b, r.close, lower), each(lambda c, b: c < b, r.close, upper)
    up, down = crosses(r.close, middle)
    back = [t > 0 and below[t - 1] and inside_up[t] for t in range(len(r.ts))]
    fell = [t > 0 and above[t - 1] and inside_down[t] for t in range(len(r.ts))]
    return wishes(back, up, fell, down)


def channels(r: Rows, entry: int, leave: int) -> Wishes:
    top, _, bottom = indicators.donchian(r.high, r.low, entry)
    high, _, low = indicators.donchian(r.high, r.low, leave)
    over, under = (lambda c, b: c > b), (lambda c, b: c < b)
    return wishes(
        each(over, r.close, ago(top, 1)),
        each(under, r.close, ago(low, 1)),
        each(under, r.close, ago(bottom, 1)),
        each(over, r.close, ago(high, 1)),
    )


def donchian(r: Rows, entry: int, exit: int) -> Wishes:  # noqa: A002 - the parameter's name
    return channels(r, entry, exit)


def turtle(r: Rows, entry: int, exit: int, period: int, width: float) -> Wishes:  # noqa: A002 - the parameter's name
    made = channels(r, entry, exit)
    reach = indicators.atr(r.high, r.low, r.close, period)
    stop = [nan] * len(r.ts)
    for t, price in enumerate(r.close):
        if made["enter"][t]:
            stop[t] = price - width * reach[t]
        if made["enter_short"][t]:
            stop[t] = price + width * reach[t]
    return {**made, "stop_loss_at": stop}


def keltner_breakout(r: Rows, period: int, atr_period: int, width: float) -> Wishes:
    upper, middle, lower = indicators.keltner(r.high, r.low, r.close, period, atr_period, width)
    up, down = crosses(r.close, middle)
    return wishes(crosses(r.close, upper)[0], down, crosses(r.close, lower)[1], up)


def atr_channel(r: Rows, period: int, atr_period: int, above: float, below: float) -> Wishes:
    middle, reach = indicators.sma(r.close, period), indicators.atr(r.high, r.low, r.close, atr_period)
    top = [mean + above * far for mean, far in zip(middle, reach, strict=True)]
    bottom = [mean - below * far for mean, far in zip(middle, reach, strict=True)]
    up, down = crosses(r.close, middle)
    return wishes(crosses(r.close, top)[0], down, crosses(r.close, bottom)[1], up)


def supertrend(r: Rows, period: int, width: float) -> Wishes:
    return turning(*crosses(r.close, indicators.supertrend(r.high, r.low, r.close, period, width)[0]))


def weights(swing: Floats, target: float, most: float, step: float) -> Floats:
    """target/volatility in steps, half of one rounded to the even one, at most `most`."""
    share = [nan if isnan(one) else most if one == 0 else min(target / one, most) for one in swing]
    return [nan if isnan(one) else min(round(one / step) * step, most) for one in share]


def volatility_target(r: Rows, period: int, target: float, most: float, step: float, bars_a_year: float) -> Wishes:
    year = bars_a_year or 365.25 * DAY_US / r.step
    return {"target": weights(indicators.volatility(r.close, period, 1, year), target, most, step)}


def time_series_momentum(
    r: Rows, period: int, window: int, target: float, most: float, step: float, bars_a_year: float
) -> Wishes:
    year = bars_a_year or 365.25 * DAY_US / r.step
    size = weights(indicators.volatility(r.close, window, 1, year), target, most, step)
    then = ago(r.close, period)
    sign = [nan if isnan(old) else (new > old) - (new < old) for new, old in zip(r.close, then, strict=True)]
    return {"target": [a * b for a, b in zip(sign, size, strict=True)]}


def triple_average(r: Rows, fast: int, middle: int, slow: int) -> Wishes:
    a, b, c = (indicators.sma(r.close, n) for n in (fast, middle, slow))
    every = [x + y + z for x, y, z in zip(a, b, c, strict=True)]
    up, down = crosses(a, b)
    rising = first_of(each(lambda x, y, z: x > y > z, a, b, c), every)
    falling = first_of(each(lambda x, y, z: x < y < z, a, b, c), every)
    return wishes(rising, down, falling, up)


def directional_movement(r: Rows, period: int, strength: float) -> Wishes:
    index, plus, minus = indicators.adx(r.high, r.low, r.close, period)
    up, down = crosses(plus, minus)
    rising = first_of(each(lambda a, p, m: a > strength and p > m, index, plus, minus), index)
    falling = first_of(each(lambda a, p, m: a > strength and p < m, index, plus, minus), index)
    return wishes(rising, down, falling, up)


def ichimoku_cloud(r: Rows, conversion: int, base: int, span: int) -> Wishes:
    quick, calm, far = (indicators.donchian(r.high, r.low, n)[1] for n in (conversion, base, span))
    one, two = ago([(a + b) / 2 for a, b in zip(quick, calm, strict=True)], base), ago(far, base)
    up, down = crosses(r.close, calm)
    both = [a + b for a, b in zip(one, two, strict=True)]
    above = each(lambda c, q, k, a, b: c > max(a, b) and q > k, r.close, quick, calm, one, two)
    below = each(lambda c, q, k, a, b: c < min(a, b) and q < k, r.close, quick, calm, one, two)
    return wishes(first_of(above, both), down, first_of(below, both), up)


def against(far: Floats, entry: float, leave: float) -> Wishes:
    """Beyond a distance on either side, back at another one."""
    return wishes(crosses(far, -entry)[1], crosses(far, -leave)[0], crosses(far, entry)[0], crosses(far, leave)[1])


def z_score_reversion(r: Rows, period: int, entry: float, exit: float) -> Wishes:  # noqa: A002 - the parameter's name
    return against(told(reaches.z_score(exact(r.close), period)[0]), entry, exit)


def connors_rsi2(r: Rows, period: int, oversold: float, trend: int, exit: int) -> Wishes:  # noqa: A002 - its name
    strength = indicators.rsi_wilder(r.close, period)
    long, short = indicators.sma(r.close, trend), indicators.sma(r.close, exit)
    return wishes(
        each(lambda s, c, m: s < oversold and c > m, strength, r.close, long),
        each(lambda c, m: c > m, r.close, short),
        each(lambda s, c, m: s > 100 - oversold and c < m, strength, r.close, long),
        each(lambda c, m: c < m, r.close, short),
    )


def williams_reversion(r: Rows, period: int, oversold: float, overbought: float) -> Wishes:
    place = told(momentum.williams_r(exact(r.high), exact(r.low), exact(r.close), period)[0])
    return turning(crosses(place, oversold)[0], crosses(place, overbought)[1])


def parabolic_stop(r: Rows, step: float, limit: float) -> Wishes:
    line, rising = reaches.psar(exact(r.high), exact(r.low), step, limit)
    up = [value == 1 for value in rising]
    stop = told(line)
    rose = [a and price > level for a, price, level in zip(first_of(up, stop), r.close, stop, strict=True)]
    fell = [a and price < level for a, price, level in zip(first_of(no(up), stop), r.close, stop, strict=True)]
    return turning(rose, fell)


def narrow_range(r: Rows, period: int, wait: int) -> Wishes:
    n = len(r.ts)
    span = [top - bottom for top, bottom in zip(r.high, r.low, strict=True)]
    found = {name: [False] * n for name in ("enter", "leave", "enter_short", "leave_short")}
    quiet: int | None = None
    for t in range(n):
        if quiet is not None:
            over, under = r.close[t] > r.high[quiet], r.close[t] < r.low[quiet]
            near = t - quiet <= wait
            for name, value in zip(found, (near and over, under, near and under, over), strict=True):
                found[name][t] = value
        if t >= period - 1 and all(span[t] < span[k] for k in range(t - period + 1, t)):
            quiet = t
    return dict(found)


def momentum_rank(r: Rows, period: int, skip: int) -> Wishes:
    rank = [
        nan if isnan(old) or isnan(new) else new / old - 1
        for new, old in zip(ago(r.close, skip), ago(r.close, period), strict=True)
    ]
    up, down = [one > 0 for one in rank], [one < 0 for one in rank]
    return {**wishes(up, no(up), down, no(down)), "rank": rank}


def coming(r: Rows, t: int) -> datetime:
    """When the next bar opens, as far as a clock knows."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=r.ts[t] + r.step)


def coming_day(r: Rows, t: int, week: int) -> date:
    day = coming(r, t).date()
    while day.isoweekday() > week:
        day += timedelta(days=1)
    return day


def hour_of_day(r: Rows, first: int, hours: int) -> Wishes:
    chosen = {(first + k) % 24 for k in range(hours)}
    inside = [coming(r, t).hour in chosen for t in range(len(r.ts))]
    return turning(inside, no(inside))


def cyclic(first: int, last: int, size: int) -> set[int]:
    found = {first}
    while first != last:
        first = first % size + 1
        found.add(first)
    return found


def day_of_week(r: Rows, first: int, last: int, week: int) -> Wishes:
    inside = [coming_day(r, t, week).isoweekday() in cyclic(first, last, 7) for t in range(len(r.ts))]
    return turning(inside, no(inside))


def month_season(r: Rows, first: int, last: int, week: int) -> Wishes:
    inside = [coming_day(r, t, week).month in cyclic(first, last, 12) for t in range(len(r.ts))]
    return turning(inside, no(inside))


def turn_of_month(r: Rows, before: int, after: int, week: int) -> Wishes:
    inside = []
    for t in range(len(r.ts)):
        day = coming_day(r, t, week)
        month = [date(day.year, day.month, k) for k in range(1, 32) if k <= 28 or _is_day(day.year, day.month, k)]
        days = [one for one in month if one.isoweekday() <= week]
        inside.append(day in days[:after] or (before > 0 and day in days[-before:]))
    return wishes(inside, no(inside))


def _is_day(year: int, month: int, day: int) -> bool:
    return (date(year, month, 28) + timedelta(days=day - 28)).month == month


def opening_range(r: Rows, minutes: int, hours: float) -> Wishes:
    n = len(r.ts)
    found = {name: [False] * n for name in ("enter", "leave", "enter_short", "leave_short")}
    stop = [nan] * n
    was: tuple[bool, bool] = (False, False)
    for t in range(n):
        day = [k for k in range(t + 1) if r.ts[k] // DAY_US == r.ts[t] // DAY_US]
        begun = r.ts[day[0]]
        opening = [k for k in day if r.ts[k] - begun < minutes * 60_000_000]
        over = r.ts[t] + r.step - begun >= hours * HOUR_US
        top, bottom = max(r.high[k] for k in opening), min(r.low[k] for k in opening)
        counts = day[0] > 0 and t not in opening
        now = (counts and r.close[t] > top, counts and r.close[t] < bottom)
        found["enter"][t], found["enter_short"][t] = (
            new and not old and not over for new, old in zip(now, was, strict=True)
        )
        found["leave"][t] = found["leave_short"][t] = over or t == day[0]
        if found["enter"][t] or found["enter_short"][t]:
            stop[t] = top if found["enter_short"][t] else bottom
        was = now
    return {**found, "stop_loss_at": stop}


class Whole(NamedTuple):
    """Coarse bars in which nothing is missing: when each had closed, and its prices."""

    closed: list[int]
    high: Floats
    low: Floats
    close: Floats


def coarse(r: Rows, step: int) -> Whole:
    """Bars of a longer interval, counted from midnight UTC."""
    made = Whole([], [], [], [])
    for begin in sorted({ts // step * step for ts in r.ts}):
        held = [k for k, ts in enumerate(r.ts) if begin <= ts < begin + step]
        if len(held) == step // r.step:
            made.closed.append(begin + step)
            made.high.append(max(r.high[k] for k in held))
            made.low.append(min(r.low[k] for k in held))
            made.close.append(r.close[held[-1]])
    return made


def known(r: Rows, closed: Sequence[int], line: Sequence[float]) -> Floats:
    """The value of the last other bar that had closed when each bar closed."""
    found = []
    for ts in r.ts:
        there = [k for k, end in enumerate(closed) if end <= ts + r.step]
        found.append(line[there[-1]] if there else nan)
    return found


def volatility_breakout(r: Rows, share: float, hours: float) -> Wishes:
    n, days = len(r.ts), coarse(r, DAY_US)
    span = known(r, days.closed, [top - bottom for top, bottom in zip(days.high, days.low, strict=True)])
    found = {name: [False] * n for name in ("enter", "leave", "enter_short", "leave_short")}
    was: tuple[bool, bool] = (False, False)
    for t in range(n):
        first = min(k for k in range(t + 1) if r.ts[k] // DAY_US == r.ts[t] // DAY_US)
        over = r.ts[t] + r.step - r.ts[first] >= hours * HOUR_US
        counts, far = first > 0 and span[first] > 0, share * span[first]
        moved = r.close[t] - r.open[first]
        now = (counts and moved > far, counts and moved < -far)
        fresh = tuple(new and (t == first or not old) and not over for new, old in zip(now, was, strict=True))
        found["enter"][t], found["enter_short"][t] = fresh
        found["leave"][t] = found["leave_short"][t] = over or (t == first and not any(fresh))
        was = now
    return dict(found)


STEPS = {"1h": HOUR_US, "4h": 4 * HOUR_US, "1d": DAY_US}


def triple_screen(r: Rows, longer: str, fast: int, slow: int, signal: int, period: int, oversold: float) -> Wishes:
    tides = coarse(r, STEPS[longer])
    gap = indicators.macd(tides.close, fast, slow, signal)[2]
    moved = [nan if t == 0 else gap[t] - gap[t - 1] for t in range(len(gap))]
    tide = known(r, tides.closed, moved)
    place = told(momentum.williams_r(exact(r.high), exact(r.low), exact(r.close), period)[0])
    up, down = crosses(place, oversold)[0], crosses(place, -100 - oversold)[1]
    return wishes(
        [a and b > 0 for a, b in zip(up, tide, strict=True)],
        [b < 0 for b in tide],
        [a and b < 0 for a, b in zip(down, tide, strict=True)],
        [b > 0 for b in tide],
    )


def faber_timing(r: Rows, longer: str, period: int) -> Wishes:
    whole = coarse(r, STEPS[longer])
    mean = indicators.sma(whole.close, period)
    above = known(r, whole.closed, [price - far for price, far in zip(whole.close, mean, strict=True)])
    up, down = [one > 0 for one in above], [one < 0 for one in above]
    return wishes(up, no(up), down, no(down))


def ratio(r: Rows) -> Floats:
    times, closes = r.other
    other = known(r, [ts + r.step for ts in times], closes)
    return [price / far for price, far in zip(r.close, other, strict=True)]


def relative_strength(r: Rows, reference: str, period: int) -> Wishes:
    line = ratio(r)
    mean = indicators.mean_known(line, period)
    rank = [one / far - 1 for one, far in zip(line, mean, strict=True)]
    return {**turning(*crosses(line, mean)), "rank": rank}


def pairs_spread(r: Rows, reference: str, period: int, entry: float, exit: float) -> Wishes:  # noqa: A002 - its name
    spread = [nan if isnan(one) else log(one) for one in ratio(r)]
    far = []
    for t in range(len(spread)):
        held = spread[max(t + 1 - period, 0) : t + 1]
        if len(held) < period or any(map(isnan, held)):
            far.append(nan)
            continue
        mean = sum(held) / period
        swing = sqrt(sum((one - mean) ** 2 for one in held) / period)
        far.append((spread[t] - mean) / swing if swing else 0.0)
    return against(far, entry, exit)
