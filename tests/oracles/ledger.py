"""The ledger of a series in plain Python: every place on the grid written out, and looked at one by one."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.oracles.resample import Session, grid_of, home_of


class Hole(NamedTuple):
    """Places side by side without a bar, from the first of them to the last."""

    first: datetime
    last: datetime
    bars: int
    empty: bool


class Known(NamedTuple):
    """What is known of the places between the first and the last held one."""

    empty: int
    missing: int
    outside: int
    holes: list[Hole]
    places: dict[datetime, str]


def known(
    stamps: Iterable[datetime],
    step: timedelta,
    sessions: Sequence[Session],
    empty: Sequence[tuple[datetime, datetime]],
) -> Known:
    """Look at each place: `bar`, `empty` where a source says so, else `missing`."""
    grid = [at for session in sessions for at in grid_of(session, step)]
    held: set[datetime] = set()
    outside = 0
    for stamp in stamps:
        home = home_of(sessions, stamp, step)
        if home is None:
            outside += 1
        else:
            session, at = home
            held.add(max(one for one in grid_of(session, step) if one <= at))
    states: dict[datetime, str] = {}
    for at in grid:
        if held and min(held) <= at <= max(held):
            is_empty = any(start <= at < end for start, end in empty)
            states[at] = "bar" if at in held else "empty" if is_empty else "missing"
    holes: list[Hole] = []
    before = "bar"
    for at, state in states.items():
        if state != "bar" and state == before:
            holes[-1] = holes[-1]._replace(last=at, bars=holes[-1].bars + 1)
        elif state != "bar":
            holes.append(Hole(at, at, 1, state == "empty"))
        before = state
    counts = list(states.values())
    return Known(counts.count("empty"), counts.count("missing"), outside, holes, states)


def strip(states: dict[datetime, str], start: datetime, cell: timedelta, cells: int) -> str:
    """A letter a cell of time: # all there, + some missing, - all missing, o empty, blank where nothing is expected."""
    letters = ""
    for number in range(cells):
        inside = [state for at, state in states.items() if start + number * cell <= at < start + (number + 1) * cell]
        if not inside:
            letters += " "
        elif "missing" not in inside:
            letters += "#" if "bar" in inside else "o"
        else:
            letters += "+" if "bar" in inside else "-"
    return letters
