"""Coarser bars in plain Python: every session written out as instants, every expected fine bar listed one by one.

A session is (date, open, close) with aware datetimes; the caller makes them of wall clocks and `zoneinfo`. Bars are
dicts with `ts` (aware datetime), `open high low close volume` and the set `flags`.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Bar = dict[str, Any]
DAY = timedelta(days=1)


class Session(NamedTuple):
    """One session: its date, first instant and first instant after it."""

    day: date
    opened: datetime
    closed: datetime


def local_sessions(days: Iterable[date], zone: str, opens: time, closes: time) -> list[Session]:
    """Sessions of a wall clock; a close at or before the open means that it opened the evening before."""
    made = []
    for day in days:
        begin = day - DAY if closes <= opens else day
        bounds = (datetime.combine(begin, opens, ZoneInfo(zone)), datetime.combine(day, closes, ZoneInfo(zone)))
        made.append(Session(day, *(bound.astimezone(UTC) for bound in bounds)))
    return made


def utc_days(first: date, count: int) -> list[Session]:
    """Days of a market that never closes."""
    midnights = [datetime.combine(first + n * DAY, time(), UTC) for n in range(count + 1)]
    return [Session(at.date(), at, after) for at, after in pairwise(midnights)]


def bucket_of(session: Session, at: datetime, coarse: timedelta) -> tuple[Any, ...]:
    """Name of the coarse bar that a moment of a session belongs to; names are in order of time."""
    if coarse == 7 * DAY:
        return session.day.isocalendar()[:2]
    if coarse == DAY:
        return (session.day,)
    assert coarse < DAY
    return session.day, (at - session.opened) // coarse


def home_of(sessions: Sequence[Session], ts: datetime, fine: timedelta) -> tuple[Session, datetime] | None:
    """Session of a fine bar, and the moment by which it counts; None outside every session."""
    for session in sessions:
        if fine >= DAY:
            begin = min(session.opened, datetime.combine(session.day, time(), UTC))
            if begin <= ts < max(session.closed, datetime.combine(session.day + DAY, time(), UTC)):
                return session, session.opened
        elif session.opened <= ts < session.closed:
            return session, ts
        elif ts < session.opened < ts + fine:
            return session, session.opened
    return None


def grid_of(session: Session, fine: timedelta) -> Iterator[datetime]:
    """Opens of the fine bars that a session should have."""
    at = session.opened
    while at < session.closed:
        yield at
        at += min(fine, session.closed - session.opened)


def total(values: Sequence[float]) -> float:
    """Sum of decimals, rounded once; where they are no short decimals, from left to right."""
    written = [Decimal(repr(value)) for value in values]
    for places in (8, 5, 2, 0):
        scaled = [one.scaleb(places) for one in written]
        if all(one == int(one) and abs(one) <= 10**15 for one in scaled):
            whole = [int(one) for one in scaled]
            if sum(map(abs, whole)) < 2**53:
                return sum(whole) / 10**places
    result = values[0]
    for value in values[1:]:
        result += value
    return result


def resample(
    bars: Sequence[Bar],
    fine: timedelta,
    coarse: timedelta,
    sessions: Sequence[Session],
    empty: Sequence[tuple[datetime, datetime]] = (),
) -> tuple[list[Bar], int]:
    """Coarse bars in order of time, and how many fine bars lie in no session."""
    every: dict[tuple[Any, ...], list[datetime]] = {}
    opens: dict[tuple[Any, ...], datetime] = {}
    dates: dict[tuple[Any, ...], date] = {}
    for session in sessions:
        for at in grid_of(session, fine):
            every.setdefault(bucket_of(session, at, coarse), []).append(at)
        at = session.opened
        while at < session.closed:
            opens.setdefault(bucket_of(session, at, coarse), at)
            dates.setdefault(bucket_of(session, at, coarse), session.day)
            at += min(coarse, session.closed - session.opened)
    children: dict[tuple[Any, ...], list[tuple[Bar, bool, bool]]] = {}
    outside = 0
    for bar in bars:
        home = home_of(sessions, bar["ts"], fine)
        if home is None:
            outside += 1
            continue
        session, at = home
        slot = max(one for one in grid_of(session, fine) if one <= at)
        in_empty = any(start <= slot < end for start, end in empty)
        by_date = fine >= DAY and bar["ts"] < session.opened
        children.setdefault(bucket_of(session, at, coarse), []).append((bar, in_empty, by_date))
    made = []
    order = list(opens)
    for name in order:
        if name not in children:
            continue
        own = [bar for bar, _, _ in children[name]]
        wanted = [at for at in every[name] if not any(start <= at < end for start, end in empty)]
        flags = set().union(*(bar["flags"] for bar in own)) - {"after_hole"}
        if sum(not inside for _, inside, _ in children[name]) < len(wanted):
            flags |= {"partial"}
        place = order.index(name)
        if made and order[place - 1] not in children:
            flags |= {"after_hole"}
        midnight = datetime.combine(dates[name], time(), UTC)
        made.append(
            {
                "ts": midnight if children[name][0][2] else opens[name],
                "open": own[0]["open"],
                "high": max(bar["high"] for bar in own),
                "low": min(bar["low"] for bar in own),
                "close": own[-1]["close"],
                "volume": total([bar["volume"] for bar in own]),
                "flags": flags,
            }
        )
    return made, outside
