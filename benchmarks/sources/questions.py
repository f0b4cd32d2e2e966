"""The questions of the mix, and what they are asked of; both sides answer with arrays of floats by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.market import HOUR_US
from benchmarks.panel import Panel

ASKED = (
    "latest_of_one",
    "month_of_one",
    "month_of_some",
    "latest_of_some",
    "moved",
    "counts",
    "days_of_one",
    "highest_of_some",
    "lowest_of_some",
    "oldest_of_some",
    "moment_of_some",
    "volume_of_some",
    "latest_of_all",
    "day_of_all",
    "gainers",
    "busiest",
    "weeks_of_one",
    "pair",
    "gaps_of_one",
    "page_of_one",
)
SUMS = frozenset(("volume_of_some", "busiest"))
"""Questions whose answers are sums, which two programs add in another order: equal to 1e-12 of each."""
CHANGED = 5
"""One stock of so many has its volumes changed."""
BEST = 10
PAGE = 1_000
CLIENTS = 50
SECONDS = 5.0
SOME = 25
DAYS = 30
DAY_US = 24 * HOUR_US


class Asking(NamedTuple):
    """Which series, by their places, which 30 days, and their last day; moments are us UTC as text of ISO."""

    one: int
    some: list[int]
    start: str
    end: str
    day: str

    @staticmethod
    def of(handed: Panel) -> Asking:
        """Choose the last whole 30 days whose two ends every series has."""
        common: Any = None
        for _, columns in handed.parts():
            common = columns["ts"] if common is None else np.intersect1d(common, columns["ts"])
        days = common[common % DAY_US == 0]
        ends = days[np.isin(days - DAYS * DAY_US, days)]
        end = int(ends[-1])
        held = len(handed.symbols)
        some = sorted({held * step // SOME for step in range(SOME)})
        return Asking(some[len(some) // 2], some, _text(end - DAYS * DAY_US), _text(end), _text(end - DAY_US))


def saved(path: Path, answers: dict[str, dict[str, Any]]) -> None:
    """Write every answer."""
    np.savez(path, **{f"{name}.{column}": values for name, held in answers.items() for column, values in held.items()})


def differences(found: Path, wanted: Path) -> dict[str, str]:
    """Say by question `equal`, or what differs."""
    said = dict.fromkeys(ASKED, "equal")
    with np.load(found) as theirs, np.load(wanted) as ours:
        for key in ours.files:
            one, other = theirs[key], ours[key]
            if one.shape != other.shape:
                said[key.partition(".")[0]] = f"{key}: {one.shape}, not {other.shape}"
            elif not (
                np.allclose(one, other, rtol=1e-12, atol=0)
                if key.partition(".")[0] in SUMS
                else np.array_equal(one, other)
            ):
                at = int(np.flatnonzero(one != other)[0])
                said[key.partition(".")[0]] = f"{key}, {at}: {one[at]!r}, not {other[at]!r}"
    return said


def _text(us: int) -> str:
    """A moment as text."""
    return f"{np.datetime64(us, 'us').astype('datetime64[s]')}Z"
