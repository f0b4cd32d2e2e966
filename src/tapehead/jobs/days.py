"""daily: the bars of a series by UTC day, and the figures that filters ask of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tapehead.jobs.adjust import Adjustment
from tapehead.model.bars import Bars
from tapehead.model.calendar import calendar
from tapehead.model.expression import Term
from tapehead.model.instrument import Instrument
from tapehead.model.sessions import DAY_US

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Figures by day on which a bar closed, shape (n_days,); days are counted from 1970-01-01.

    Attributes
    ----------
    known : int64 array
        The first day that begins when the bars of the row have closed, rising: a row tells of what was known then.
    first : int
        Day on which the first bar opened.
    bars : float64 array
        Bars closed so far.
    close : float64 array
        Last close, as stored.
    level : float64 array
        Last close with splits taken out, as far as they are known to the store.
    volume, money : float64 arrays
        Sums of volume and of close x volume over the bars of the row; NaN where the instrument has no volume.
    """

    known: I64
    first: int
    bars: F64
    close: F64
    level: F64
    volume: F64
    money: F64

    def figure(self, term: Term) -> F64:
        """Return a figure by row, NaN where it is not known; `age_days` depends on the day asked, not on a row."""
        if term.name == "dollar_volume":
            return over(self.money, term.days, np.median)
        if term.name == "change":
            return change(self.level, term.days)
        if term.name == "volatility":
            return over(change(self.level, 1), term.days, _deviation)
        figure: F64 = getattr(self, term.name)
        return figure


def daily(bars: Bars, instrument: Instrument, splits: Adjustment | None) -> Days:
    """Sum up bars by day of their close.

    A bar that closes at midnight counts for the day before; daily bars of an exchange close with their session.
    """
    known = -(-closes(bars, instrument.calendar) // DAY_US)
    first = np.flatnonzero(np.diff(known, prepend=known[:1] - 1))
    last = np.append(first[1:], known.shape[0]) - 1
    close = bars.close[last]
    level = close if splits is None else close * splits.price[splits.at(bars.ts[last])]
    if instrument.has_volume:
        volume, money = np.add.reduceat(bars.volume, first), np.add.reduceat(bars.close * bars.volume, first)
    else:
        volume = money = np.full(first.shape, np.nan)
    held = last.astype(np.float64) + 1
    return Days(known[first], int(bars.ts[0] // DAY_US), held, close, level, volume, money)


def closes(bars: Bars, name: str) -> I64:
    """Return the time at which each bar has closed, us UTC."""
    interval, days = bars.series.interval, calendar(name)
    plain: I64 = bars.ts + interval.us
    if name == "24/7" or interval.us != DAY_US:
        return plain
    opens, closes = days.sessions(int(bars.ts[0]) - 7 * DAY_US, int(bars.ts[-1]) + 7 * DAY_US)
    if not opens.size:
        return plain
    wanted = days.steps(bars.ts, interval)
    steps = days.steps(opens, interval)
    at = np.minimum(np.searchsorted(steps, wanted), steps.size - 1)
    found: I64 = np.where(steps[at] == wanted, closes[at], plain)
    # Bars before the first session of a table share its step; time must still rise.
    return np.maximum.accumulate(np.maximum(found, bars.ts))


def over(values: F64, days: int, how: Callable[..., F64]) -> F64:
    """Return a summary of the last `days` rows, NaN before there are as many; an unknown row makes it unknown."""
    out = np.full(values.shape, np.nan)
    if values.shape[0] >= days:
        windows = sliding_window_view(values, days)
        whole = np.isfinite(windows).all(axis=1)
        out[days - 1 :][whole] = how(windows[whole], axis=1)
    return out


def _deviation(windows: F64, axis: int) -> F64:
    """Return the sample standard deviation."""
    deviation: F64 = np.std(windows, axis=axis, ddof=1)
    return deviation


def change(level: F64, days: int) -> F64:
    """Return level over the level `days` rows before, less 1; unknown where that one is not above 0."""
    out = np.full(level.shape, np.nan)
    before = level[:-days]
    sound = before > 0
    out[days:][sound] = level[days:][sound] / before[sound] - 1
    return out
