"""SessionTable: when an exchange trades, as arrays of UTC instants."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
WEEK_DAYS = 7
EPOCH_ORDINAL = datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a date, and no zone asks for it
EPOCH_MONDAY = 4  # 1970-01-05
_OFFSET_PROBE_DAYS = 28  # no zone here changes its clock twice within four weeks


@dataclass(frozen=True, slots=True, eq=False)
class SessionTable:
    """Stretches of continuous trading and the sessions that they make up; arrays are read-only.

    Attributes
    ----------
    opens, closes : int64 arrays, shape (n_stretches,)
        First instant and first instant after each stretch, us UTC, rising. Most sessions are one stretch; a session
        that was broken off and resumed is two.
    ends : int64 array, shape (n_stretches,)
        Where trading next stops: equal to `closes` unless the next stretch opens at that instant, as in FX.
    first : int64 array, shape (n_sessions,)
        Index of the first stretch of each session.
    starts : int64 array, shape (n_sessions,)
        Earliest stamp that names the session: midnight UTC of its date, or its open where that is earlier.
    weeks : int64 array, shape (n_sessions,)
        Ordinal of the session's calendar week (Monday first) among weeks that have a session.
    """

    opens: I64
    closes: I64
    ends: I64
    first: I64
    starts: I64
    weeks: I64

    @property
    def session_opens(self) -> I64:
        """Return the first instant of each session, us UTC."""
        return self.opens[self.first]

    @property
    def session_closes(self) -> I64:
        """Return the first instant after each session, us UTC."""
        last: I64 = np.append(self.first[1:], len(self.closes)) - 1
        return self.closes[last]


def session_table(days: I64, open_minutes: I64, close_minutes: I64, zone: str) -> SessionTable:
    """Build the table from local wall clock.

    Parameters
    ----------
    days : int64 array, shape (n_stretches,)
        Date of the session that each stretch belongs to, days since 1970-01-01, rising; equal for the stretches of
        one session.
    open_minutes, close_minutes : int64 arrays, shape (n_stretches,)
        Minutes after that date's local midnight; below 0 is the evening before.
    zone : str
        IANA name.
    """
    opens = _to_utc(days, open_minutes, zone)
    closes = _to_utc(days, close_minutes, zone)
    if len(days) == 0 or (closes <= opens).any() or (opens[1:] < closes[:-1]).any():
        raise ValueError(f"the declared sessions of {zone} overlap or are out of order")
    ends = closes.copy()
    for i in np.flatnonzero(opens[1:] == closes[:-1])[::-1]:
        ends[i] = ends[i + 1]
    first = np.flatnonzero(np.append([True], days[1:] != days[:-1])).astype(np.int64)
    week = (days[first] - EPOCH_MONDAY) // WEEK_DAYS
    weeks = np.cumsum(np.append([0], week[1:] != week[:-1])).astype(np.int64)
    table = SessionTable(opens, closes, ends, first, np.minimum(days[first] * DAY_US, opens[first]), weeks)
    for column in (table.opens, table.closes, table.ends, table.first, table.starts, table.weeks):
        column.setflags(write=False)
    return table


def _to_utc(days: I64, minutes: I64, zone: str) -> I64:
    """Turn local dates and minutes into us UTC; a change of clock is taken to lie before noon of its date."""
    local_days = days + minutes // (24 * 60)
    return days * DAY_US + minutes * MINUTE_US - _offsets_us(local_days, zone)


def _offsets_us(days: I64, zone: str) -> I64:
    """Return the UTC offset at noon of each date, asking the zone once a month and at its changes only."""
    info = ZoneInfo(zone)
    changes = [int(days.min())]
    offsets = [_noon_offset_us(changes[0], info)]
    for probe in range(changes[0] + _OFFSET_PROBE_DAYS, int(days.max()) + _OFFSET_PROBE_DAYS, _OFFSET_PROBE_DAYS):
        offset = _noon_offset_us(probe, info)
        if offset != offsets[-1]:
            before, after = probe - _OFFSET_PROBE_DAYS, probe
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (middle, after) if _noon_offset_us(middle, info) == offsets[-1] else (before, middle)
            changes.append(after)
            offsets.append(offset)
    at = np.searchsorted(np.array(changes, np.int64), days, side="right") - 1
    return np.array(offsets, np.int64)[at]


def _noon_offset_us(day: int, zone: ZoneInfo) -> int:
    """Ask the zone for its offset at noon of one date."""
    offset = datetime.fromordinal(day + EPOCH_ORDINAL).replace(hour=12, tzinfo=zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1_000_000)
