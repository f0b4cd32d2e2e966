"""Sessions of the New York Stock Exchange: its rules with the years they hold in, and the dated exceptions."""

from datetime import date, timedelta

import numpy as np

from tapehead.model.easter import easter
from tapehead.model.sessions import EPOCH_ORDINAL, SessionTable, session_table

ZONE = "America/New_York"
OPEN, CLOSE = 9 * 60 + 30, 16 * 60
HALF_DAY_CLOSE, OLD_HALF_DAY_CLOSE = 13 * 60, 14 * 60
FIRST_YEAR, LAST_YEAR = 1900, 2099

# NYSE Rule 7.2 (formerly Rule 51) and the exchange's published "Holidays & Trading Hours". The rules are those in
# force from 1990; earlier and later years follow them by extrapolation (no Saturday sessions before 1952, no
# holidays since abolished). Late openings and halts within a day (1996-01-08, 1997-10-27, 2002-09-11) are not
# modelled: such a day keeps its hours and shows as one with missing bars.
MARTIN_LUTHER_KING_SINCE = 1998
JUNETEENTH_SINCE = 2022
HALF_DAY_AT_13_SINCE = 1993
INDEPENDENCE_HALF_DAY_SINCE = 1995
INDEPENDENCE_EVE_ON_WEDNESDAY_SINCE = 2013  # before, the half day moved to Friday the 5th

EXTRAORDINARY_CLOSINGS = {
    date(1994, 4, 27): "funeral of Richard Nixon",
    date(2001, 9, 11): "attacks of September 11",
    date(2001, 9, 12): "attacks of September 11",
    date(2001, 9, 13): "attacks of September 11",
    date(2001, 9, 14): "attacks of September 11",
    date(2004, 6, 11): "funeral of Ronald Reagan",
    date(2007, 1, 2): "funeral of Gerald Ford",
    date(2012, 10, 29): "hurricane Sandy",
    date(2012, 10, 30): "hurricane Sandy",
    date(2018, 12, 5): "funeral of George H. W. Bush",
    date(2025, 1, 9): "funeral of Jimmy Carter",
}
EXTRAORDINARY_HALF_DAYS = {
    date(1990, 12, 24): OLD_HALF_DAY_CLOSE,
    date(1991, 12, 24): OLD_HALF_DAY_CLOSE,
    date(1992, 11, 27): OLD_HALF_DAY_CLOSE,
    date(1992, 12, 24): OLD_HALF_DAY_CLOSE,
    date(1997, 12, 26): HALF_DAY_CLOSE,
    date(1999, 12, 31): HALF_DAY_CLOSE,
    date(2003, 12, 26): HALF_DAY_CLOSE,
}

_MONDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SATURDAY, _SUNDAY = 0, 2, 3, 4, 5, 6


def holidays(year: int) -> frozenset[date]:
    """Return the full-day closings of a year, those on weekends left out."""
    days = {
        _nearest_weekday(date(year, 7, 4)),
        _nearest_weekday(date(year, 12, 25)),
        _nth(year, 2, _MONDAY, 3),
        easter(year) - timedelta(days=2),
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 11, _THURSDAY, 4),
    }
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SATURDAY:  # the Friday before is the last day of the accounting year and stays open
        days.add(_nearest_weekday(new_year))
    if year >= MARTIN_LUTHER_KING_SINCE:
        days.add(_nth(year, 1, _MONDAY, 3))
    if year >= JUNETEENTH_SINCE:
        days.add(_nearest_weekday(date(year, 6, 19)))
    return frozenset(days | {day for day in EXTRAORDINARY_CLOSINGS if day.year == year})


def half_days(year: int) -> dict[date, int]:
    """Return the early closings of a year with the minute after midnight at which they close."""
    days = {day: close for day, close in EXTRAORDINARY_HALF_DAYS.items() if day.year == year}
    if year >= HALF_DAY_AT_13_SINCE:
        days[_nth(year, 11, _THURSDAY, 4) + timedelta(days=1)] = HALF_DAY_CLOSE
        days[date(year, 12, 24)] = HALF_DAY_CLOSE
    if year >= INDEPENDENCE_HALF_DAY_SINCE:
        eve = date(year, 7, 3)
        if eve.weekday() == _WEDNESDAY and year < INDEPENDENCE_EVE_ON_WEDNESDAY_SINCE:
            eve = date(year, 7, 5)
        days[eve] = HALF_DAY_CLOSE
    closed = holidays(year)
    return {day: close for day, close in days.items() if day.weekday() < _SATURDAY and day not in closed}


def xnys_sessions() -> SessionTable:
    """Build the table from FIRST_YEAR to LAST_YEAR."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    start, stop = date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1)
    days = np.arange(start.toordinal() - EPOCH_ORDINAL, stop.toordinal() - EPOCH_ORDINAL, dtype=np.int64)
    closed = np.array([day.toordinal() - EPOCH_ORDINAL for year in years for day in holidays(year)], np.int64)
    days = days[((days + _THURSDAY) % 7 < _SATURDAY) & ~np.isin(days, closed)]  # 1970-01-01 was a Thursday
    closes = np.full(len(days), CLOSE, np.int64)
    for year in years:
        for day, close in half_days(year).items():
            closes[np.searchsorted(days, day.toordinal() - EPOCH_ORDINAL)] = close
    return session_table(days, np.full(len(days), OPEN, np.int64), closes, ZONE)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """Return the n-th such weekday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _nearest_weekday(day: date) -> date:
    """Move a Saturday to the Friday before and a Sunday to the Monday after."""
    return day + timedelta(days={_SATURDAY: -1, _SUNDAY: 1}.get(day.weekday(), 0))
