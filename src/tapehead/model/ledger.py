"""Ledger: what a store knows of each place on the grid of a series: a bar, no bar, or nothing."""

from dataclasses import dataclass
from typing import NamedTuple

from tapehead.model.instrument import Series


class Gap(NamedTuple):
    """Grid steps without a bar, side by side: they open in [start, end), us UTC, `bars` of them.

    `empty` says that the source has confirmed that there is none; else they are missing.
    """

    start: int
    end: int
    bars: int
    empty: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is held of one series between its first and last bar (open times, us UTC).

    `bars` are held; `empty` and `missing` count the grid steps of `calendar` that have none, by whether that is
    confirmed; `gaps` is the number of runs of missing steps. Of the bars, `suspect` contradict themselves, `partial`
    are not finished, `untraded` had no trade, and `outside` lie in no session. `runs` are all runs without a bar,
    confirmed ones too, where they were asked for. `strip` is a letter a cell of the time that was asked for: `#` all
    is there, `+` some is missing, `-` all is missing, `o` confirmed empty, blank where no bar is expected.
    """

    series: Series
    calendar: str
    first: int
    last: int
    bars: int
    empty: int
    missing: int
    gaps: int
    suspect: int
    partial: int
    untraded: int
    outside: int
    runs: tuple[Gap, ...] = ()
    strip: str = ""
