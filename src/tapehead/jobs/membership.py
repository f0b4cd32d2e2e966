"""memberships: who belongs to a filter when, each day by what was known when it began."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tapehead.errors import AdjustError, UniverseError
from tapehead.jobs.adjust import Adjustment, adjustment_of
from tapehead.jobs.days import Days, daily
from tapehead.jobs.read import Shelf, read_bars
from tapehead.model.expression import TEXTS, Condition, Term
from tapehead.model.factors import Factors
from tapehead.model.filter import read_filter
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.membership import Membership, Roll, spells, years_of
from tapehead.model.sessions import DAY_US
from tapehead.ports.bars import BarStore

QUIET_DAYS = 30
"""An instrument without a bar for longer than this is no member: it counts as delisted in a run, too."""
_ALWAYS = (-(2**62), 2**62)
Told = Callable[..., None]


def candidates(instruments: Sequence[Instrument], where: str, made_up: str) -> list[Instrument]:
    """Return the instruments that a filter can hold by their facts alone; those of venue `made_up` only if it asks."""
    condition = read_filter(where)
    asks_venue = any(term.name == "venue" for term in condition.terms())
    return [each for each in instruments if (asks_venue or each.venue != made_up) and _can_hold(condition, each)]


def memberships(
    store: BarStore,
    shelf: Shelf,
    where: str,
    instruments: Sequence[Instrument],
    snapshot: int,
    *,
    interval: Interval | None = None,
    progress: Told | None = None,
) -> dict[str, Membership]:
    """Return when each instrument belongs to a filter, by name; those that never do are absent.

    Parameters
    ----------
    where : str
        The filter, for `model.filter.read_filter`.
    snapshot : int
        What of the store is read.
    interval : Interval, optional
        Which bars the figures come from; by default, and where it is longer than a day, those of the longest interval
        up to a day that the instrument has.
    progress : callable, optional
        Told how many instruments of how many are looked at.

    Notes
    -----
    Membership on UTC day d rests on bars that closed before d began, from the first one held; nothing after it is
    looked at, so bars that come later change no earlier day. Time is that of reading the bars: O(bars).
    """
    condition = read_filter(where)
    wanted = _series_of(store, instruments, snapshot, interval)
    held = store.manifest(list(wanted.values()), *_ALWAYS, snapshot=snapshot).refs
    asks_levels = any(term.name in ("change", "volatility") for term in condition.terms())
    factors = store.factors([each.name for each in instruments], snapshot) if asks_levels else {}
    found: dict[str, Membership] = {}
    for done, each in enumerate(instruments):
        if progress is not None:
            progress("instruments filtered", done, len(instruments))
        series = wanted.get(each.name)
        if series is None or series not in held:
            continue
        bars = read_bars(shelf, series, held[series], None, None, 0)
        if not len(bars):
            continue
        splits = _splits(each, factors.get(each.name), int(bars.ts[0]))
        one = _membership(condition, each, daily(bars, each, splits))
        if one:
            found[each.name] = one
    return found


def roll(found: Mapping[str, Membership], day: int | None, newest: int) -> Roll:
    """Return who belongs on the day of `day` (us UTC), by default on the day that begins at or after `newest`."""
    at = _day_of(day, newest)
    when = np.array([at], np.int64)
    members = tuple(name for name in sorted(found) if found[name].holds(when)[0])
    first = min((one.starts[0] for one in found.values()), default=at)
    return Roll(at, members, years_of(list(found.values()), min(first, at), at))


def roll_of_list(names: Sequence[str], day: int | None, newest: int) -> Roll:
    """Return the roll of a list: the same members every day, and no years to tell apart."""
    return Roll(_day_of(day, newest), tuple(names), ())


def newest(store: BarStore, instruments: Sequence[Instrument], snapshot: int, interval: Interval | None) -> int:
    """Return when the newest bar of the instruments has closed (us UTC), 0 without a bar."""
    wanted = _series_of(store, instruments, snapshot, interval)
    held = store.manifest(list(wanted.values()), *_ALWAYS, snapshot=snapshot).refs
    return max((ref.last + one.interval.us for one, refs in held.items() for ref in refs), default=0)


def _day_of(day: int | None, newest: int) -> int:
    """Return the begin of the day asked for, by default of the first one that begins at or after `newest`."""
    return -(-newest // DAY_US) * DAY_US if day is None else day // DAY_US * DAY_US


def check_some(found: Sequence[str], name: str, within: str) -> None:
    """Raise UniverseError where nobody ever belongs."""
    if not found:
        raise UniverseError(
            f"No instrument is a member of universe {name} in {within}. See who is when: tapehead universe show {name}"
        )


def _membership(condition: Condition, instrument: Instrument, days: Days) -> Membership:
    """Judge one instrument on every day from its first until it counts as ended."""
    first, last = int(days.known[0]), int(days.known[-1]) + QUIET_DAYS
    grid = np.arange(first, last + 1, dtype=np.int64)
    row = np.searchsorted(days.known, grid, side="right") - 1

    def value(term: Term) -> object:
        if term.name in TEXTS:
            return getattr(instrument, term.name)
        if term.name == "age_days":
            return (grid - days.first).astype(np.float64)
        return days.figure(term)[row]

    truth = condition.judge(value)
    fresh = grid - days.known[row] <= QUIET_DAYS
    if instrument.delisted_at is not None:
        fresh &= grid * DAY_US < instrument.delisted_at
    return spells(first, truth.holds & truth.known & fresh)


def _can_hold(condition: Condition, instrument: Instrument) -> bool:
    """Say whether a filter may hold for an instrument of which the facts alone are known."""

    def value(term: Term) -> object:
        return getattr(instrument, term.name) if term.name in TEXTS else np.nan

    truth = condition.judge(value)
    return not bool(truth.known & ~truth.holds)


def _splits(instrument: Instrument, factors: Factors | None, first: int) -> Adjustment | None:
    """Return what takes the splits out as far as they are known."""
    try:
        return adjustment_of(instrument, factors, "split", first)
    except AdjustError:
        return None


def _series_of(
    store: BarStore, instruments: Sequence[Instrument], snapshot: int, interval: Interval | None
) -> dict[str, Series]:
    """Return the series that the figures of each instrument come from."""
    if interval is not None and interval.us <= DAY_US:
        return {each.name: Series(each.venue, each.symbol, interval) for each in instruments}
    names = {each.name for each in instruments}
    longest: dict[str, Series] = {}
    for series in store.series(snapshot):
        name = series.instrument
        if name in names and series.interval.us <= DAY_US:
            held = longest.get(name)
            if held is None or held.interval < series.interval:
                longest[name] = series
    return longest
