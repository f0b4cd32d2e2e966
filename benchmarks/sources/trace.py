"""A day of requests, for hit rates: which series over which bars at which minute."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

RUNS = 200
DAY_MINUTES = 24 * 60


class Request(NamedTuple):
    """One run: the minute of the day, places of its series, and its first and last bar."""

    minute: int
    series: list[int]
    first: int
    last: int


def requests(seed: int, series: int, bars: int) -> Iterator[Request]:
    """Yield the runs of a day: of all series, of a few that many ask for, or of any few; over usual ranges or any."""
    rng = random.Random(seed)
    for minute in sorted(rng.randrange(DAY_MINUTES) for _ in range(RUNS)):
        kind, span = rng.random(), rng.random()
        if kind < 0.4:
            chosen = list(range(series))
        elif kind < 0.75:
            chosen = list(range(min(10, series)))
        else:
            chosen = sorted(rng.sample(range(series), min(5, series)))
        if span < 0.85:
            yield Request(minute, chosen, 0 if span < 0.6 else bars // 2, bars - 1)
        else:
            first = rng.randrange(bars // 2)
            yield Request(minute, chosen, first, first + bars // 2 - 1)
