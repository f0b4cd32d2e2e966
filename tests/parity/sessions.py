"""Sessions of three weeks or so of each calendar, from wall clocks and `zoneinfo` alone, for oracles to work with."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from tests.oracles import resample as slow


def weekdays(first: date, count: int, closed: Sequence[date] = ()) -> list[date]:
    days = [first + timedelta(days=n) for n in range(count)]
    return [day for day in days if day.weekday() < 5 and day not in closed]


def new_york() -> list[slow.Session]:
    """Four weeks with Thanksgiving and the half day after it."""
    days = weekdays(date(2023, 11, 6), 28, [date(2023, 11, 23)])
    half = slow.local_sessions([date(2023, 11, 24)], "America/New_York", time(9, 30), time(13))
    every = slow.local_sessions(days, "America/New_York", time(9, 30), time(16))
    return [half[0] if one.day == half[0].day else one for one in every]


def india() -> list[slow.Session]:
    """January 2024: a regular session on Saturday the 20th, none on the 22nd and the 26th."""
    days = [*weekdays(date(2024, 1, 15), 19, [date(2024, 1, 22), date(2024, 1, 26)]), date(2024, 1, 20)]
    return slow.local_sessions(sorted(days), "Asia/Kolkata", time(9, 15), time(15, 30))


def weeks(first: date, opens: time, closes: time) -> list[slow.Session]:
    """Three weeks of New York; those given are around a change of its clock."""
    return slow.local_sessions(weekdays(first, 19), "America/New_York", opens, closes)


MARKETS = {
    "24/7": slow.utc_days(date(2023, 3, 6), 21),
    "XNYS": new_york(),
    "XNYS in March": weeks(date(2024, 3, 4), time(9, 30), time(16)),
    "NSE": india(),
    "FX": weeks(date(2023, 3, 6), time(17), time(17)),
    "FX in November": weeks(date(2023, 10, 30), time(17), time(17)),
}


def moments(name: str, fine: timedelta, keep: Sequence[bool], shift: timedelta) -> list[datetime]:
    """Opens of the fine bars of a market, some left out; daily ones of an exchange bear their date."""
    sessions = MARKETS[name]
    if fine >= slow.DAY:
        every = [datetime.combine(one.day, time(), UTC) for one in sessions]
    else:
        every = [at for one in sessions for at in slow.grid_of(one, fine)]
    kept = [at + shift for place, at in enumerate(every) if keep[place % len(keep)]]
    return sorted(set(kept))


def calendar_of(name: str) -> str:
    """Calendar that a market keeps."""
    return name.partition(" ")[0]


def us(at: datetime) -> int:
    """Microseconds UTC."""
    return round(at.timestamp() * 1e6)
