"""Sessions of spot FX: the week from Sunday 17:00 to Friday 17:00 New York, in five days of 24 hours."""

from datetime import date

import numpy as np

from tapehead.model.sessions import EPOCH_ORDINAL, SessionTable, session_table

ZONE = "America/New_York"
# The trading day rolls at 17:00 New York and carries the date on which it ends, so Monday opens on Sunday evening.
OPEN, CLOSE = -7 * 60, 17 * 60
FIRST_YEAR, LAST_YEAR = 1970, 2099

# There is no exchange and no published list. Closed here are the days that end on 25 December and 1 January (from
# 17:00 New York the evening before); in hourly quotes of FXCM (2007-2018) and OANDA (2010-2018) neither has a bar.
# Not modelled, for brokers disagree: early closes on 24 and 31 December (OANDA stops two hours early, FXCM four),
# the Monday after a holiday on a Sunday, FXCM's closed 26 December and 2 January, earlier openings on Sunday.
CLOSED_MONTH_DAYS = ((12, 25), (1, 1))


def fx_sessions() -> SessionTable:
    """Build the table from FIRST_YEAR to LAST_YEAR."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    start, stop = date(FIRST_YEAR, 1, 1), date(LAST_YEAR + 1, 1, 1)
    days = np.arange(start.toordinal() - EPOCH_ORDINAL, stop.toordinal() - EPOCH_ORDINAL, dtype=np.int64)
    closed = [date(year, *md).toordinal() - EPOCH_ORDINAL for year in years for md in CLOSED_MONTH_DAYS]
    days = days[((days + 3) % 7 < 5) & ~np.isin(days, np.array(closed, np.int64))]  # 1970-01-01 was a Thursday
    return session_table(days, np.full(len(days), OPEN, np.int64), np.full(len(days), CLOSE, np.int64), ZONE)
