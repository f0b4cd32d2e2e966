"""ScreenFrame: all instruments as of one moment, what names the bars of each, and the lines that are known of them."""

import hashlib
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.jobs.screen_roster import Roster
from tapehead.model.interval import Interval
from tapehead.model.segment import Moved, SegmentRef
from tapehead.ports.bars import BarStore
from tapehead.ports.lines import KEY_BYTES

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
NO_BAR: Final = -(2**63)
"""In the place of a time, where an instrument has no bar of the interval."""


@dataclass(slots=True, eq=False)
class Column:
    """A line by instrument, and of which it was looked up already; an unknown value that was is NaN.

    `is_kept` says that this process wrote the line down, `unkept` counts the values that were made since.
    """

    values: F64
    known: Mask
    unkept: int = 0
    is_kept: bool = False


@dataclass(slots=True, eq=False)
class ScreenFrame:
    """Every instrument of a snapshot, sorted by name, and columns beside them.

    `keys` name the bars of each, 16 bytes of a digest: equal keys mean equal values of every line. `ends` are when the
    newest bar of each opened (us UTC), `NO_BAR` where it has none; `at` (us UTC) cuts off bars that closed after it.
    `unkept` counts the instruments that changed since the store kept the frame; `stamp` tells the snapshot from another
    one of its number, of a store that was put back. Safe from many threads once they hold
    `lock`.
    """

    snapshot: int
    interval: Interval
    at: int | None
    roster: Roster
    keys: NDArray[Any]
    ends: NDArray[np.int64]
    unkept: int = 0
    stamp: str = ""
    columns: dict[tuple[str, int], Column] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def newest(self) -> int:
        """When the newest bar of all has closed, us UTC; the moment that was asked for, where one was."""
        if self.at is not None:
            return self.at
        last = int(self.ends.max(initial=NO_BAR))
        return 0 if last == NO_BAR else last + self.interval.us

    @property
    def has_bars(self) -> Mask:
        """Whether each instrument has a bar."""
        has: Mask = self.ends != NO_BAR
        return has

    def __len__(self) -> int:
        """Return the number of instruments, those without a bar among them."""
        return len(self.roster.names)

    def column(self, place: tuple[str, int]) -> Column:
        """Return a column, made empty where there is none yet."""
        if place not in self.columns:
            self.columns[place] = Column(np.full(len(self), np.nan), np.zeros(len(self), np.bool_))
        return self.columns[place]

    def after(self, store: BarStore, snapshot: int, moved: Moved) -> "ScreenFrame":
        """Return the frame of a later snapshot: of what moved the manifest is asked, all else passes over."""
        roster, places = self.roster.changed(moved.instruments)
        names = {one.instrument for one in moved.series if one.interval == self.interval} | moved.instruments.keys()
        touched = roster.places(names)
        held = places >= 0
        keys, ends = np.zeros(len(places), self.keys.dtype), np.full(len(places), NO_BAR)
        keys[held], ends[held] = self.keys[places[held]], self.ends[places[held]]
        made = ScreenFrame(snapshot, self.interval, self.at, roster, keys, ends, self.unkept + len(touched))
        made.look(store, touched)
        held[touched] = False
        for place, old in self.columns.items():
            column = made.column(place)
            column.values[held], column.known[held] = old.values[places[held]], old.known[places[held]]
            column.unkept, column.is_kept = old.unkept, old.is_kept
        return made

    def look(self, store: BarStore, rows: Iterable[int]) -> None:
        """Take from the manifest what names the bars of some instruments."""
        for row, refs in self.refs(store, rows):
            facts = self.roster.facts_at(row)
            self.keys[row] = _key(self.roster.names[row], refs, has_volume=facts.has_volume) if refs else b""
            self.ends[row] = max((ref.last for ref in refs), default=NO_BAR)

    def refs(self, store: BarStore, rows: Iterable[int]) -> list[tuple[int, Sequence[SegmentRef]]]:
        """Return the blocks of some instruments, none where there are no bars."""
        asked = [(int(row), self.roster.series(row, self.interval)) for row in rows]
        end = OPEN_END if self.at is None else self.at
        held = store.manifest([one for _, one in asked], OPEN_START, end, snapshot=self.snapshot).refs if asked else {}
        return [(row, held.get(one, ())) for row, one in asked]

    def take_over(self, other: "ScreenFrame") -> None:
        """Take the values that another frame, whose `lock` is held, knows of the same bars."""
        for place, old in other.columns.items():
            known = np.flatnonzero(old.known)
            self.take(place, other.keys[known], old.values[known])

    def take(self, place: tuple[str, int], keys: NDArray[Any], values: F64) -> None:
        """Take values of a line that were made of the bars of this frame."""
        here, there = _common(self.keys, keys)
        column = self.column(place)
        column.values[here], column.known[here] = values[there], True


def make_frame(store: BarStore, interval: Interval, at: int | None, snapshot: int) -> ScreenFrame:
    """Look once at what a snapshot holds of an interval."""
    roster = Roster.of(store.instruments(snapshot))
    size = len(roster.names)
    keys, ends = np.zeros(size, f"V{KEY_BYTES}"), np.full(size, NO_BAR)
    frame = ScreenFrame(snapshot, interval, at, roster, keys, ends, size)
    frame.look(store, range(size))
    return frame


def _common(here: NDArray[Any], there: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of equal keys in both; all but a few stand at the same place most often."""
    mine, theirs = (np.ascontiguousarray(keys).view("<u8").reshape(-1, 2) for keys in (here, there))
    named = mine.any(axis=1)
    same = (mine == theirs).all(axis=1) & named if len(mine) == len(theirs) else np.zeros(len(mine), np.bool_)
    places = np.where(same, np.arange(len(mine)), -1)
    rest = np.flatnonzero(named & ~same)
    if len(rest) and len(theirs):
        order = np.argsort(theirs[:, 0], kind="stable")
        found = order[np.minimum(np.searchsorted(theirs[order, 0], mine[rest, 0]), len(theirs) - 1)]
        # Of keys that begin alike the first one is looked at; the others count as not found, and are computed.
        places[rest] = np.where((mine[rest] == theirs[found]).all(axis=1), found, -1)
    equal = np.flatnonzero(places >= 0)
    return equal, places[equal]


def _key(name: str, refs: Sequence[SegmentRef], *, has_volume: bool) -> bytes:
    """Return what names the bars of an instrument, and the facts that lines rest on."""
    named = f"{name} {has_volume} {len(refs)}".encode()
    # In order: of two blocks of one period the later one supersedes the other.
    parts = b"".join(ref.data for ref in refs)
    return hashlib.blake2b(parts, digest_size=KEY_BYTES, key=hashlib.sha256(named).digest()).digest()
