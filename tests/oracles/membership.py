"""Who belongs to a filter on a day: a walk over days and bars, each day from scratch, in plain Python.

Source: engine.md 4, "Universe membership is a dated series", and docs/engine.md, "Universes by filter".
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

DAY_US = 86_400_000_000
QUIET_DAYS = 30

Verdict = bool | None
"""None: it is not known."""


@dataclass(frozen=True)
class Bar:
    """What a filter asks of a bar; it has closed at `closes` (us UTC)."""

    opens: int
    closes: int
    close: float
    volume: float


@dataclass(frozen=True)
class Known:
    """What is known of an instrument when a day begins; None: nothing yet."""

    day: int
    bars: list[Bar]

    def by_day(self) -> list[list[Bar]]:
        """Bars by the day in which they closed; one that closed at midnight belongs to the day before."""
        days: dict[int, list[Bar]] = {}
        for bar in self.bars:
            days.setdefault((bar.closes - 1) // DAY_US, []).append(bar)
        return [days[day] for day in sorted(days)]

    def age_days(self) -> float:
        return float(self.day - self.bars[0].opens // DAY_US)

    def close(self) -> float:
        return self.bars[-1].close

    def volume(self) -> float:
        return sum(bar.volume for bar in self.by_day()[-1])

    def dollar_volume(self, days: int) -> float | None:
        sums = [sum(bar.close * bar.volume for bar in day) for day in self.by_day()]
        return statistics.median(sums[-days:]) if len(sums) >= days else None

    def change(self, days: int) -> float | None:
        closes = [day[-1].close for day in self.by_day()]
        return closes[-1] / closes[-1 - days] - 1 if len(closes) > days else None

    def volatility(self, days: int) -> float | None:
        closes = [day[-1].close for day in self.by_day()][-days - 1 :]
        if len(closes) <= days:
            return None
        return statistics.stdev(b / a - 1 for a, b in pairwise(closes))


def above(value: float | None, bound: float) -> Verdict:
    return None if value is None else value > bound


def opposite(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def both(*verdicts: Verdict) -> Verdict:
    if False in verdicts:
        return False
    return None if None in verdicts else True


def either(*verdicts: Verdict) -> Verdict:
    if True in verdicts:
        return True
    return None if None in verdicts else False


def member_days(bars: list[Bar], ask: Callable[[Known], Verdict], first: int, last: int) -> list[int]:
    """The days from `first` to `last` (since 1970-01-01) on which the instrument is a member."""
    found = []
    for day in range(first, last + 1):
        known = [bar for bar in bars if bar.closes <= day * DAY_US]
        if not known or day - -(-known[-1].closes // DAY_US) > QUIET_DAYS:
            continue
        if ask(Known(day, known)) is True:
            found.append(day)
    return found
