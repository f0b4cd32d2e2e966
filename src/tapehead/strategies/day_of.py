"""day_of: which day each bar belongs to, and how far into it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars

_DAY_US = 86_400_000_000
_HOUR_US = 3_600_000_000


class Day(NamedTuple):
    """What each bar knows of its own day, arrays of shape (n_bars,).

    `first` is the place of the day's first bar; `begun_us` how long after that one's open this bar opens; `whole` says
    that the day's begin is known: it is not of the first day there is; `over` that the bar closes when the day ends.
    """

    first: NDArray[np.int64]
    begun_us: NDArray[np.int64]
    whole: NDArray[np.bool_]
    over: NDArray[np.bool_]


def day_of(bars: Bars, hours: float) -> Day:
    """Say of each bar which day it is of: a day is a date, UTC, and over `hours` hours after its first bar opens.

    Notes
    -----
    That a bar is the last of its day is said by the clock and not by the bar after it, which is not known yet. Sessions
    that lie across midnight UTC are two days here.
    """
    number = bars.ts // _DAY_US
    begins = np.append([True], number[1:] != number[:-1])[: len(bars)]
    first = np.maximum.accumulate(np.where(begins, np.arange(len(bars)), 0)) if len(bars) else number
    begun_us = bars.ts - bars.ts[first]
    over = begun_us + bars.series.interval.us >= round(hours * _HOUR_US)
    return Day(first, begun_us, number != number[:1] if len(bars) else begins, over)
