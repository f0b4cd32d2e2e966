"""Strategies for the look-ahead test: each of the first kind knows something of later bars, none of the second does."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tapehead.indicators.crossed import crossed_above, crossed_below
from tapehead.indicators.ema import ema
from tapehead.indicators.rsi import rsi
from tapehead.indicators.sma import sma
from tapehead.model.bars import Bars
from tapehead.model.signals import Signals

F64 = NDArray[np.float64]
Plan = Callable[[Bars], Signals]
DAY_US = 86_400_000_000


def moved(values: F64, bars: int) -> F64:
    """What a column holds `bars` later; its last value where there is none."""
    return np.concatenate((values[bars:], np.full(min(bars, len(values)), values[-1])))


def honest(bars: Bars, **lines: F64) -> Signals:
    """Entries and exits of an average, with lines beside them."""
    slow = sma(bars.close, 20)
    return Signals(enter=crossed_above(bars.close, slow), leave=crossed_below(bars.close, slow), **lines)


def next_bar(bars: Bars) -> Signals:
    later = moved(bars.close, 1)
    return Signals(enter=later > bars.close, leave=later < bars.close)


def next_bar_now_and_then(bars: Bars) -> Signals:
    """A dozen signals in all."""
    later = moved(bars.close, 1)
    return Signals(enter=later > 1.025 * bars.close, leave=later < 0.975 * bars.close)


def negative_shift(bars: Bars) -> Signals:
    later = moved(bars.close, 5)
    return Signals(enter=later > 1.01 * bars.close, leave=later < 0.99 * bars.close)


def rolled(bars: Bars) -> Signals:
    """numpy.roll(-1) brings the first bar behind the last one."""
    later = np.roll(bars.open, -1)
    return Signals(enter=later > bars.close, leave=later < bars.open)


def centred_window(bars: Bars) -> Signals:
    middle = np.convolve(bars.close, np.full(11, 1 / 11), "same")
    return Signals(enter=bars.close > middle, leave=bars.close < middle)


def z_score(bars: Bars) -> Signals:
    z = (bars.close - bars.close.mean()) / bars.close.std()
    return Signals(enter=z < -0.5, leave=z > 0.5)


def min_max(bars: Bars) -> Signals:
    place = (bars.close - bars.low.min()) / (bars.high.max() - bars.low.min())
    return Signals(enter=place < 0.3, leave=place > 0.7)


def quantile(bars: Bars) -> Signals:
    cheap, dear = np.quantile(bars.close, [0.2, 0.8])
    return Signals(enter=bars.close < cheap, leave=bars.close > dear)


def fitted_trend(bars: Bars) -> Signals:
    place = np.arange(len(bars), dtype=np.float64)
    trend = np.polyval(np.polyfit(place, bars.close, 1), place)
    return Signals(enter=bars.close > trend, leave=bars.close < trend)


def smoothed_backwards(bars: Bars) -> Signals:
    line = ema(ema(bars.close, 5)[4:][::-1].copy(), 5)[::-1]
    both = np.concatenate((np.full(4, np.nan), line))
    return Signals(enter=crossed_above(bars.close, both), leave=crossed_below(bars.close, both))


def high_of_the_day(bars: Bars) -> Signals:
    """The day's high, known from its first hour on."""
    _, day = np.unique(bars.ts // DAY_US, return_inverse=True)
    highest = np.full(int(day[-1]) + 1, -np.inf)
    np.maximum.at(highest, day, bars.high)
    return Signals(enter=bars.close < 0.985 * highest[day], leave=bars.close > 0.995 * highest[day])


def best_days(bars: Bars) -> Signals:
    """One entry at the lowest price of all, one exit at the highest."""
    place = np.arange(len(bars))
    return Signals(enter=place == bars.close.argmin(), leave=place == bars.close.argmax())


def size_of_the_next_move(bars: Bars) -> Signals:
    return honest(bars, size=0.1 + np.abs(moved(bars.close, 1) / bars.close - 1))


def stop_under_the_next_low(bars: Bars) -> Signals:
    return honest(bars, stop_loss_at=0.999 * moved(bars.low, 1))


def target_at_the_next_high(bars: Bars) -> Signals:
    return honest(bars, take_profit_at=1.001 * moved(bars.high, 1))


def trail_by_the_range_of_all(bars: Bars) -> Signals:
    return honest(bars, trail_at=bars.close - (bars.high - bars.low).mean())


def limit_at_the_next_low(bars: Bars) -> Signals:
    return honest(bars, limit=moved(bars.low, 1))


def entry_stop_at_the_next_high(bars: Bars) -> Signals:
    return honest(bars, stop=moved(bars.high, 1))


def part_by_the_next_bar(bars: Bars) -> Signals:
    return honest(bars, part=np.where(moved(bars.close, 1) > bars.close, 0.5, 1.0))


def weight_by_the_next_bar(bars: Bars) -> Signals:
    return Signals(target=np.sign(moved(bars.close, 1) - bars.close))


def volume_of_all(bars: Bars) -> Signals:
    busy = bars.volume > bars.volume.mean()
    return Signals(enter=busy, leave=~busy)


def number_of_bars(bars: Bars) -> Signals:
    place = np.arange(len(bars))
    return Signals(enter=place > len(bars) // 2, leave=place > 9 * len(bars) // 10)


def last_time(bars: Bars) -> Signals:
    quiet = bars.ts < bars.ts[-1] - 20 * DAY_US
    return Signals(enter=quiet, leave=~quiet)


def column_that_comes_and_goes(bars: Bars) -> Signals:
    return honest(bars, size=np.full(len(bars), 0.5)) if bars.close[-1] > bars.close[-2] else honest(bars)


PEEKING: dict[str, Plan] = {
    plan.__name__: plan
    for plan in (
        next_bar,
        next_bar_now_and_then,
        negative_shift,
        rolled,
        centred_window,
        z_score,
        min_max,
        quantile,
        fitted_trend,
        smoothed_backwards,
        high_of_the_day,
        best_days,
        size_of_the_next_move,
        stop_under_the_next_low,
        target_at_the_next_high,
        trail_by_the_range_of_all,
        limit_at_the_next_low,
        entry_stop_at_the_next_high,
        part_by_the_next_bar,
        weight_by_the_next_bar,
        volume_of_all,
        number_of_bars,
        last_time,
        column_that_comes_and_goes,
    )
}


def averages(bars: Bars) -> Signals:
    fast, slow = sma(bars.close, 3), sma(bars.close, 9)
    return Signals(enter=crossed_above(fast, slow), leave=crossed_below(fast, slow))


def recursive(bars: Bars) -> Signals:
    strength, slow = rsi(bars.close, 14), ema(bars.close, 200)
    return Signals(
        enter=crossed_above(strength, 30.0), leave=strength > 70, limit=np.where(slow == slow, slow, np.nan), size=None
    )


def seeded_by_time(bars: Bars) -> Signals:
    drawn = np.random.default_rng(int(bars.ts[0] // DAY_US)).random(len(bars))
    return Signals(enter=drawn > 0.95, leave=drawn < 0.05)


def so_far(bars: Bars) -> Signals:
    """Means, highs and counts of the bars up to each one."""
    known = np.arange(1, len(bars) + 1)
    mean = np.cumsum(bars.close) / known
    highest = np.maximum.accumulate(bars.high)
    return Signals(enter=bars.close > mean, leave=bars.close < 0.9 * highest, stop_loss_at=mean * 0.5)


def leaves_at_the_end(bars: Bars) -> Signals:
    last = np.zeros(len(bars), bool)
    last[-1:] = True
    return Signals(enter=bars.close > bars.open, leave=last | (bars.close < bars.open))


def last_bar_of_the_day(bars: Bars) -> Signals:
    """A calendar is known: whether the next bar is of another day."""
    days = bars.ts // DAY_US
    ends = np.append(days[1:] != days[:-1], True)
    return Signals(enter=days % 7 == 4, leave=ends)


def bar_by_bar(bars: Bars) -> Signals:
    """A loop in plain Python with a state of its own."""
    target, average = np.full(len(bars), np.nan), float(bars.close[0])
    for t, price in enumerate(bars.close.tolist()):
        average += 0.1 * (price - average)
        target[t] = 0.5 if price > average else -0.5
    return Signals(target=target)


def never(bars: Bars) -> Signals:
    return Signals(enter=np.zeros(len(bars), bool))


def nothing_at_all(bars: Bars) -> Signals:
    del bars
    return Signals()


def first_bar_only(bars: Bars) -> Signals:
    return Signals(enter=np.arange(len(bars)) == 0)


HONEST: dict[str, Plan] = {
    plan.__name__: plan
    for plan in (
        averages,
        recursive,
        seeded_by_time,
        so_far,
        leaves_at_the_end,
        last_bar_of_the_day,
        bar_by_bar,
        never,
        nothing_at_all,
        first_bar_only,
    )
}
