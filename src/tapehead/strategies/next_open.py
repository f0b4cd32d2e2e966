"""next_open: when the bar after each is expected to open, on a week of five or seven days."""

import numpy as np
from numpy.typing import NDArray

from tapehead.model.bars import Bars

Days = NDArray[np.datetime64]
_DAY_US = 86_400_000_000
WEEKMASKS = {5: "1111100", 6: "1111110", 7: "1111111"}
"""Trading days of a week from Monday on."""


def next_open(bars: Bars) -> Days:
    """Return the close of each bar, which is when the next one opens where none is missing.

    Returns
    -------
    datetime64[us] array, shape (n_bars,)
        UTC. It follows from the bar itself: no later bar is looked at.
    """
    return (bars.ts + bars.series.interval.us).astype("datetime64[us]")


def next_day(bars: Bars, week: int) -> Days:
    """Return the day (UTC) on which the bar after each is expected to open.

    Parameters
    ----------
    week : int
        Trading days of a week: 7, or 5 for Monday to Friday; holidays are not known, and count as days.

    Returns
    -------
    datetime64[D] array, shape (n_bars,)
    """
    day = next_open(bars).astype("datetime64[D]")
    return np.busday_offset(day, 0, roll="forward", weekmask=WEEKMASKS[week])
