"""Sessions of the National Stock Exchange of India (capital market and F&O): holidays, hours, special sessions."""

from datetime import date

import numpy as np

from tapehead.model.easter import easter
from tapehead.model.sessions import EPOCH_ORDINAL, SessionTable, session_table

ZONE = "Asia/Kolkata"
FIRST_YEAR, LAST_YEAR = 1990, 2099

# First date and minutes: 09:55-15:30 up to 2009, 09:00 from 4 January 2010, 09:15 with the pre-open call auction of
# 18 October 2010 (NSE announcements). Hours before 1999-06-09 differed and are not modelled.
HOURS = (
    (date(FIRST_YEAR, 1, 1), 9 * 60 + 55, 15 * 60 + 30),
    (date(2010, 1, 4), 9 * 60, 15 * 60 + 30),
    (date(2010, 10, 18), 9 * 60 + 15, 15 * 60 + 30),
)

# Weekdays without any session: NSE's yearly circulars "Trading holidays for the calendar year" and the closings
# announced within the year (elections 2014-04-24, 2014-10-15, 2019-04-29, 2019-10-21, 2024-05-20, 2024-11-20,
# 2026-01-15; consecration at Ayodhya 2024-01-22). 2000-2019 agree with the dates of the Nifty 50 index day by day,
# 2020-02/2022 with those of its members; BSE's list differs on 2001-01-01, 2004-01-01 and 2013-11-14/15.
# A year that stands here is taken as whole; other years follow NATIONAL_HOLIDAYS and Good Friday, so that movable
# feasts then look like sessions without bars. The list for 2027 was not out when this was written.
HOLIDAYS = """
2000 01-26 03-17 03-20 04-14 04-21 05-01 08-15 09-01 10-02 12-25
2001 01-26 03-06 04-05 04-13 05-01 08-15 08-22 10-02 10-26 11-16 11-30 12-17 12-25
2002 03-25 03-29 05-01 08-15 09-10 10-02 10-15 11-06 11-19 12-25
2003 02-13 03-14 03-18 04-14 04-18 05-01 08-15 10-02 11-26 12-25
2004 01-26 02-02 03-02 04-09 04-14 04-26 10-13 10-22 11-15 11-26
2005 01-21 01-26 03-25 04-14 07-28 08-15 09-07 10-12 11-03 11-04 11-15
2006 01-11 01-26 02-09 03-15 04-06 04-11 04-14 05-01 08-15 10-02 10-24 10-25 12-25
2007 01-01 01-26 01-30 02-16 03-27 04-06 05-01 05-02 08-15 10-02 12-21 12-25
2008 03-06 03-20 03-21 04-14 04-18 05-01 05-19 08-15 09-03 10-02 10-09 10-30 11-13 11-27 12-09 12-25
2009 01-08 01-26 02-23 03-10 03-11 04-03 04-07 04-10 04-14 04-30 05-01 09-21 09-28 10-02 10-13 10-19 11-02 12-25 12-28
2010 01-01 01-26 02-12 03-01 03-24 04-02 04-14 09-10 11-17 12-17
2011 01-26 03-02 04-12 04-14 04-22 08-15 08-31 09-01 10-06 10-27 11-07 11-10 12-06
2012 01-26 02-20 03-08 04-05 04-06 05-01 08-15 08-20 09-19 10-02 10-24 11-14 11-28 12-25
2013 03-27 03-29 04-19 04-24 05-01 08-09 08-15 09-09 10-02 10-16 11-04 11-15 12-25
2014 02-27 03-17 04-08 04-14 04-18 04-24 05-01 07-29 08-15 08-29 10-02 10-03 10-06 10-15 10-24 11-04 11-06 12-25
2015 01-26 02-17 03-06 04-02 04-03 04-14 05-01 09-17 09-25 10-02 10-22 11-12 11-25 12-25
2016 01-26 03-07 03-24 03-25 04-14 04-15 04-19 07-06 08-15 09-05 09-13 10-11 10-12 10-31 11-14
2017 01-26 02-24 03-13 04-04 04-14 05-01 06-26 08-15 08-25 10-02 10-20 12-25
2018 01-26 02-13 03-02 03-29 03-30 05-01 08-15 08-22 09-13 09-20 10-02 10-18 11-08 11-23 12-25
2019 03-04 03-21 04-17 04-19 04-29 05-01 06-05 08-12 08-15 09-02 09-10 10-02 10-08 10-21 10-28 11-12 12-25
2020 02-21 03-10 04-02 04-06 04-10 04-14 05-01 05-25 10-02 11-16 11-30 12-25
2021 01-26 03-11 03-29 04-02 04-14 04-21 05-13 07-21 08-19 09-10 10-15 11-05 11-19
2022 01-26 03-01 03-18 04-14 04-15 05-03 08-09 08-15 08-31 10-05 10-26 11-08
2023 01-26 03-07 03-30 04-04 04-07 04-14 05-01 06-29 08-15 09-19 10-02 10-24 11-14 11-27 12-25
2024 01-22 01-26 03-08 03-25 03-29 04-11 04-17 05-01 05-20 06-17 07-17 08-15 10-02 11-15 11-20 12-25
2025 02-26 03-14 03-31 04-10 04-14 04-18 05-01 08-15 08-27 10-02 10-22 11-05 12-25
2026 01-15 01-26 03-03 03-26 03-31 04-03 04-14 05-01 05-28 06-26 09-14 10-02 10-20 11-10 11-24 12-25
"""
NATIONAL_HOLIDAYS = ((1, 26), (4, 14), (5, 1), (8, 15), (10, 2), (12, 25))

# Dates with hours of their own, or at regular hours ("regular") on a Saturday or Sunday. Sources: NSE circulars and the
# press of the day (Business Standard 2010-02-05, NDTV Profit 2012-11-12, a member's circular of 2012-04-27 and of
# 2014-03, NSE's notice of 2015-11, Mint 2018-11-06, NSE CMTR72349 for 2026-02-01); 2024 agrees with one-minute index
# bars. Hours taken by analogy, for want of a source: the Saturdays 2012-01-07, 2012-03-03, 2012-09-08 and 2013-05-11
# (as 2012-04-28), Muhurat 2013-11-03 (as 2019) and 2026-11-08 (as 2024). Before 2010 only weekend sessions are
# declared, most at regular hours; the one-hour Muhurat sessions on weekdays of those years are not.
SPECIAL_SESSIONS = """
2003-03-22 11:00-13:00
2003-10-25 regular Muhurat
2003-11-15 regular
2004-04-17 regular
2004-10-09 regular
2005-06-04 regular
2005-11-26 regular
2006-04-29 regular
2006-06-25 regular
2006-10-21 regular Muhurat
2009-10-17 regular Muhurat
2010-02-06 11:00-12:30 new trading system
2010-11-05 18:00-19:00 Muhurat
2011-10-26 16:45-18:00 Muhurat
2012-01-07 11:15-12:45 new trading system
2012-03-03 11:15-12:45 new trading system
2012-04-28 11:15-12:45 new trading system
2012-09-08 11:15-12:45 new trading system
2012-11-13 15:45-17:00 Muhurat
2013-05-11 11:15-12:45 new trading system
2013-11-03 18:15-19:15 Muhurat
2014-03-22 11:15-12:45 test of the recovery site
2014-10-23 18:30-19:30 Muhurat
2015-02-28 regular Union budget
2015-11-11 17:45-18:45 Muhurat
2016-10-30 18:30-19:30 Muhurat
2017-10-19 18:30-19:30 Muhurat
2018-11-07 17:30-18:30 Muhurat
2019-10-27 18:15-19:15 Muhurat
2020-02-01 regular Union budget
2020-11-14 18:15-19:15 Muhurat
2021-02-24 09:15-11:40,15:45-17:00 broken off by a failure of the telecom links
2021-11-04 18:15-19:15 Muhurat
2022-10-24 18:15-19:15 Muhurat
2023-11-12 18:15-19:15 Muhurat
2024-01-20 regular before the closing of 22 January
2024-03-02 09:15-10:00,11:30-12:30 switch to the recovery site
2024-05-18 09:15-10:00,11:30-12:30 switch to the recovery site
2024-11-01 18:00-19:00 Muhurat
2025-02-01 regular Union budget
2025-10-21 13:45-14:45 Muhurat
2026-02-01 regular Union budget, a Sunday
2026-11-08 18:00-19:00 Muhurat
"""


def nse_sessions() -> SessionTable:
    """Build the table from FIRST_YEAR to LAST_YEAR."""
    special = _special_sessions()
    start, stop = date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1)
    days = np.arange(start.toordinal() - EPOCH_ORDINAL, stop.toordinal() - EPOCH_ORDINAL, dtype=np.int64)
    closed = np.array([day.toordinal() - EPOCH_ORDINAL for day in _holidays()], np.int64)
    added = np.array([day.toordinal() - EPOCH_ORDINAL for day in special], np.int64)
    days = days[(((days + 3) % 7 < 5) & ~np.isin(days, closed)) | np.isin(days, added)]  # 1970-01-01 was a Thursday
    since = np.array([day.toordinal() - EPOCH_ORDINAL for day, _, _ in HOURS], np.int64)
    hours = np.array([(opens, closes) for _, opens, closes in HOURS], np.int64)
    regular = hours[np.searchsorted(since, days, side="right") - 1]
    rows = [
        (day, *stretch)
        for day, own in ((day.toordinal() - EPOCH_ORDINAL, own) for day, own in special.items())
        for stretch in own
    ]
    replaced = np.array([day for day, _, _ in rows], np.int64)
    kept = ~np.isin(days, replaced)
    table = np.concatenate([np.column_stack([days, regular])[kept], np.array(rows, np.int64)])
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return session_table(table[:, 0], table[:, 1], table[:, 2], ZONE)


def _holidays() -> list[date]:
    """Return the declared holidays, and the rule's for years without a list."""
    rows = [line.split() for line in HOLIDAYS.strip().splitlines()]
    listed = {int(row[0]) for row in rows}
    days = [date.fromisoformat(f"{row[0]}-{month_day}") for row in rows for month_day in row[1:]]
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        if year not in listed:
            days += [date(year, month, day) for month, day in NATIONAL_HOLIDAYS]
            days.append(date.fromordinal(easter(year).toordinal() - 2))
    return days


def _special_sessions() -> dict[date, list[tuple[int, int]]]:
    """Return the special dates with their stretches in minutes after midnight, none where the hours are regular."""
    sessions: dict[date, list[tuple[int, int]]] = {}
    for line in SPECIAL_SESSIONS.strip().splitlines():
        day, hours, *_ = line.split()
        stretches = [] if hours == "regular" else hours.split(",")
        sessions[date.fromisoformat(day)] = [
            (_minute(opens), _minute(closes)) for opens, closes in (stretch.split("-") for stretch in stretches)
        ]
    return sessions


def _minute(clock: str) -> int:
    """Turn HH:MM into minutes after midnight."""
    return int(clock[:2]) * 60 + int(clock[3:])
