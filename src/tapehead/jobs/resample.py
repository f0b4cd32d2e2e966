"""resample: bars of a coarser interval out of finer ones, and fewer bars for a chart."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.absent import EmptySteps, empty_steps
from tapehead.layout.columns import AFTER_HOLE, PARTIAL, REPAIRED, SUSPECT, SYNTHETIC, TRADED, Column
from tapehead.model.bars import F64, I64, U8, Bars, frozen_bars
from tapehead.model.calendar import Calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval

_DAY = Interval.parse("1d")
_WEEK_DAYS = 7
# An integer of at most 15 digits over a power of ten has one nearest double, and that double has no other such decimal.
_DECIMALS = (1e8, 1e5, 1e2, 1.0)
_DIGITS = 1e15
_EXACT = 2.0**53
_ANY = TRADED | PARTIAL | REPAIRED | SUSPECT | SYNTHETIC


@dataclass(frozen=True, slots=True)
class Resampled:
    """Coarse bars; `outside` counts the fine ones that lie in no session of the calendar and went into none."""

    bars: Bars
    outside: int


def divides(days: Calendar, fine: Interval, coarse: Interval) -> bool:
    """Say whether bars of `fine` make up bars of `coarse` on a calendar, none of them lying across two.

    Within a day both begin at midnight, or at the open of a session. Weeks begin on Monday, so they are made of days or
    less; days of an exchange are sessions, so its coarse intervals from `1d` up are whole days.
    """
    if coarse.us <= fine.us or coarse.us % fine.us:
        return False
    if coarse.us < _DAY.us:
        return True
    if days.name != "24/7" and coarse.us % _DAY.us:
        return False
    if fine.us < _DAY.us:
        return days.name != "24/7" or _DAY.us % fine.us == 0
    if days.name != "24/7" and fine.us % _DAY.us:
        return False
    weeks = coarse.us % (_WEEK_DAYS * _DAY.us) == 0 and fine.us % (_WEEK_DAYS * _DAY.us) != 0
    return not weeks or fine.us == _DAY.us


def resample(bars: Bars, to: Interval, days: Calendar, empty: Iterable[EmptyRange] = ()) -> Resampled:
    """Make bars of a coarser interval.

    Parameters
    ----------
    bars : Bars
        Of an interval that `divides` the coarser one. Unfinished bars may be among them.
    to : Interval
        A bar is one step of the calendar: from the session's open within a session, a session a day, weeks from
        Monday; 24/7 counts from UTC midnight.
    days : Calendar
    empty : iterable of EmptyRange
        Where no fine bar is expected, because its source says that there was none.

    Returns
    -------
    Resampled
        Open of the first, highest high, lowest low, close of the last, sum of volumes. A step without a fine bar is no
        bar. `traded`, `suspect`, `repaired` and `synthetic` where one of the fine bars is; `partial` where one is or
        where fewer came than the calendar expects, as in a step that has not closed; `after_hole` where the step
        before has no bar. Times are the opens of the steps; daily and longer bars made of bars that are named by their
        date are named by a date too.

    Notes
    -----
    A fine bar that opens in no session goes into the one that opens before it ends, or into none. Volumes that are
    decimals of up to 15 digits are summed as integers, so that the sum is rounded once; others from left to right.
    """
    at, inside = placed(bars.ts, bars.series.interval, days)
    columns = {name: getattr(bars, name) for name in ("ts", "open", "high", "low", "close", "volume", "flags")}
    outside = len(bars) - int(np.count_nonzero(inside))
    if outside:
        at, columns = at[inside], {name: values[inside] for name, values in columns.items()}
    steps = days.steps(at, to)
    starts = _starts(steps)
    kept = steps[starts]
    opens = days.opens(kept, to)
    unclosed = _missing(at, starts, opens, days.opens(kept + 1, to), days, bars.series.interval, empty)
    flags = _or(columns["flags"], starts) & np.uint8(_ANY)
    flags[unclosed] |= PARTIAL
    flags[1:][np.diff(kept) > 1] |= AFTER_HOLE
    named = _named(columns["ts"][starts], opens, days, bars.series.interval)
    made = _made(Series(bars.series.venue, bars.series.symbol, to), named, columns, starts, flags)
    return Resampled(made, outside)


def thin(bars: Bars, points: int, days: Calendar, empty: Iterable[EmptyRange] = ()) -> Bars:
    """Make at most `points` bars for a chart, by exact first, highest, lowest, last and sum.

    Parameters
    ----------
    bars : Bars
    points : int, at least 1
    days : Calendar
    empty : iterable of EmptyRange

    Returns
    -------
    Bars
        The same bars where they are few enough. Else every bucket takes the same number of grid steps, so that a hole
        wider than a bucket is a step in time here too; a bucket in which bars are missing is `partial`, and one whose
        first bar came after a hole is `after_hole`: no hole is lost between the two. Times are those of the first bar
        of each bucket, so none is invented; the interval stays that of the bars.
    """
    if len(bars) <= points:
        return bars
    interval = bars.series.interval
    steps = days.steps(bars.ts, interval)
    span = int(steps[-1] - steps[0]) + 1
    width = -(-span // points)
    bucket = (steps - steps[0]) // width
    starts = _starts(bucket)
    begin = steps[0] + bucket[starts] * width
    once = np.append([True], steps[1:] != steps[:-1])
    end = np.minimum(begin + width, steps[-1] + 1)
    absent = _fewer(steps, once, starts, begin, end, empty_steps(days, interval, empty))
    flags = _or(bars.flags, starts) & np.uint8(_ANY)
    flags[absent] |= PARTIAL
    flags |= bars.flags[starts] & np.uint8(AFTER_HOLE)
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    return _made(bars.series, bars.ts[starts], columns, starts, flags)


def placed(ts: I64, interval: Interval, days: Calendar) -> tuple[I64, NDArray[np.bool_]]:
    """Return the moment by which each bar belongs to a step of its calendar, and whether it belongs to any.

    Parameters
    ----------
    ts : int64 array, shape (n,)
        Opens of bars of one interval, rising, us UTC. An intraday bar that opens before a session and ends in it
        belongs to its open; one of a day or more bears the date of its session, or lies in it.
    """
    if days.name == "24/7" or not len(ts):
        return ts, np.ones(len(ts), np.bool_)
    margin = 2 * _WEEK_DAYS * _DAY.us
    opens, closes = days.sessions(int(ts[0]) - margin, int(ts[-1]) + margin)
    if interval.us >= _DAY.us:
        dates = _dates(closes)
        session = np.searchsorted(np.minimum(dates, opens), ts, side="right") - 1
        return ts, ts < np.maximum(closes, dates + _DAY.us)[session]
    session = np.searchsorted(opens, ts, side="right") - 1
    inside = ts < closes[session]
    following = opens[np.minimum(session + 1, len(opens) - 1)]
    early = ~inside & (ts < following) & (following < ts + interval.us)
    return np.where(early, following, ts), inside | early


def _dates(closes: I64) -> I64:
    """Return midnight UTC of the date that a session bears: the one on which it closes."""
    last: I64 = closes - 1
    return last - last % _DAY.us


def _named(first: I64, opens: I64, days: Calendar, fine: Interval) -> I64:
    """Return the time of each coarse bar: the open of its step, or its date where its fine bars bear dates."""
    if days.name == "24/7" or fine.us < _DAY.us or not len(first):
        return opens
    session = days.opens(days.steps(first, _DAY), _DAY)
    return np.where(first < session, opens - opens % _DAY.us, opens)


def _starts(steps: I64) -> I64:
    """Return the places at which a new step begins."""
    if not len(steps):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.append([True], steps[1:] != steps[:-1])).astype(np.int64)


def _missing(
    at: I64, starts: I64, opens: I64, following: I64, days: Calendar, fine: Interval, empty: Iterable[EmptyRange]
) -> NDArray[np.bool_]:
    """Say in which coarse steps fewer fine bars came than the calendar expects."""
    steps = days.steps(at, fine)
    bounds = days.steps(opens, fine), days.steps(following, fine)
    # Bars and not steps are counted, for hourly bars of 9:00, 10:00 ... leave no step of a day from 9:30 to itself.
    return _fewer(steps, np.ones(len(steps), np.bool_), starts, *bounds, empty_steps(days, fine, empty))


def _fewer(
    steps: I64, counts: NDArray[np.bool_], starts: I64, begin: I64, end: I64, empty: EmptySteps
) -> NDArray[np.bool_]:
    """Say which buckets [begin, end) of fine steps hold fewer bars that count than steps not confirmed empty."""
    if not len(starts):
        return np.zeros(0, np.bool_)
    counts = counts & ~empty.holds(steps)
    upto = np.cumsum(counts)
    counted = np.diff(upto[np.append(starts[1:], len(steps)) - 1], prepend=0)
    expected = end - begin - (empty.before(end) - empty.before(begin))
    fewer: NDArray[np.bool_] = counted < expected
    return fewer


def _or(flags: U8, starts: I64) -> U8:
    """Return the bits that any bar of a bucket has."""
    return np.bitwise_or.reduceat(flags, starts) if len(starts) else np.zeros(0, np.uint8)


def _made(series: Series, ts: I64, columns: dict[str, NDArray[np.float64]], starts: I64, flags: U8) -> Bars:
    """Make the bars of buckets that begin at `starts`."""
    if not len(starts):
        nothing = {name: np.zeros(0, np.float64) for name in ("open", "high", "low", "close", "volume")}
        return frozen_bars(series, {"ts": ts, "flags": flags, **nothing})
    ends = np.append(starts[1:], len(columns["close"])) - 1
    made: dict[Column, NDArray[np.float64] | I64 | U8] = {
        "ts": np.ascontiguousarray(ts),
        "open": columns["open"][starts],
        "high": np.maximum.reduceat(columns["high"], starts),
        "low": np.minimum.reduceat(columns["low"], starts),
        "close": columns["close"][ends],
        "volume": _sums(columns["volume"], starts),
        "flags": flags,
    }
    return frozen_bars(series, made)


def _sums(values: F64, starts: I64) -> F64:
    """Return the sum of each bucket, as decimals where all its values are short ones, else from left to right."""
    sums = np.empty(len(starts))
    counts = np.diff(np.append(starts, len(values)))
    left = np.arange(len(starts))
    with np.errstate(over="ignore", invalid="ignore"):
        for power in _DECIMALS:
            rows = values if len(left) == len(starts) else values[np.repeat(_marked(left, len(starts)), counts)]
            begins = np.append([0], np.cumsum(counts[left])[:-1])
            scaled = np.rint(rows * power)
            sizes = np.abs(scaled)
            short = (sizes <= _DIGITS) & (scaled / power == rows)
            # Partial sums of integers are exact as long as the sum of their sizes is below 2**53, in whatever order.
            if short.all() and sizes.sum() < _EXACT:
                sums[left] = np.add.reduceat(scaled, begins) / power
                return sums
            fits = np.logical_and.reduceat(short, begins) & (np.add.reduceat(sizes, begins) < _EXACT)
            sums[left[fits]] = (np.add.reduceat(scaled, begins) / power)[fits]
            left = left[~fits]
            if not len(left):
                return sums
    sums[left] = _left_to_right(values, starts[left], counts[left])
    return sums


def _marked(places: I64, n: int) -> NDArray[np.bool_]:
    """Return n flags of which those at `places` are set."""
    marked = np.zeros(n, np.bool_)
    marked[places] = True
    return marked


def _left_to_right(values: F64, starts: I64, counts: I64) -> F64:
    """Return the sum of each bucket, one value after the other; NumPy's own sums change their order by version."""
    sums = values[starts]
    for place in range(1, int(counts.max())):
        more = np.flatnonzero(counts > place)
        sums[more] += values[starts[more] + place]
    return sums
