"""ScreenFrame: all series of an interval as of one moment, and the lines that are known of them."""

import hashlib
import operator
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.days import closes
from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.jobs.read import Columns, Shelf, read_each, together
from tapehead.jobs.screen_lines import ScreenLine, newest_values
from tapehead.layout.columns import BAR_COLUMNS, PARTIAL
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore
from tapehead.ports.lines import KEY_BYTES, KeptLine, LineStore

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
Place = tuple[ScreenLine, int]
"""A line, and how many bars before the newest."""


@dataclass(slots=True, eq=False)
class Column:
    """A line by instrument, and of which it was looked up already; an unknown value that was is NaN."""

    values: F64
    known: Mask


@dataclass(slots=True, eq=False)
class ScreenFrame:
    """Instruments that have bars of an interval, sorted by name, and columns beside them.

    `keys` name the bars of each, 16 bytes of a digest: equal keys mean equal values of every line. `refs` are their
    blocks; `at` (us UTC) cuts off bars that closed after it. `newest` is when the newest bar of all has closed. Safe
    from many threads once they hold `lock`.
    """

    snapshot: int
    interval: Interval
    at: int | None
    instruments: tuple[Instrument, ...]
    refs: tuple[tuple[SegmentRef, ...], ...]
    keys: NDArray[Any]
    newest: int
    columns: dict[tuple[str, int], Column] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take_over(self, before: "ScreenFrame") -> None:
        """Take the values of an older frame for every instrument whose bars are the same."""
        if not self.keys.size or not before.keys.size or before.at != self.at:
            return
        here, there = _common(self.keys, before.keys)
        for place, old in list(before.columns.items()):
            column = self.column(place)
            column.values[here], column.known[here] = old.values[there], old.known[there]

    def rows_of(self, chosen: Sequence[Instrument]) -> NDArray[np.intp]:
        """Return the places of those who have bars, rising."""
        mine = self.instruments
        if len(chosen) == len(mine) and all(map(operator.eq, chosen, mine)):
            return np.arange(len(mine))
        places = {each.name: place for place, each in enumerate(mine)}
        return np.array(sorted(places[each.name] for each in chosen if each.name in places), np.intp)

    def column(self, place: tuple[str, int]) -> Column:
        """Return a column, made empty where there is none yet."""
        if place not in self.columns:
            size = len(self.instruments)
            self.columns[place] = Column(np.full(size, np.nan), np.zeros(size, np.bool_))
        return self.columns[place]


def make_frame(store: BarStore, interval: Interval, at: int | None, snapshot: int) -> ScreenFrame:
    """Look once at what a snapshot holds of an interval."""
    by_name = {each.name: each for each in store.instruments(snapshot)}
    wanted = [Series(each.venue, each.symbol, interval) for each in by_name.values()]
    end = OPEN_END if at is None else at
    held = store.manifest(wanted, OPEN_START, end, snapshot=snapshot).refs
    rows = sorted(((by_name[one.instrument], refs) for one, refs in held.items()), key=lambda row: row[0].name)
    keys = np.array([_key(each, refs) for each, refs in rows], f"V{KEY_BYTES}")
    ends = [refs[-1].last if len(refs) == 1 else max(ref.last for ref in refs) for _, refs in rows]
    newest = max(ends, default=0) + interval.us if at is None else at
    return ScreenFrame(
        snapshot, interval, at, tuple(each for each, _ in rows), tuple(refs for _, refs in rows), keys, newest
    )


def fill(
    frame: ScreenFrame,
    wanted: Sequence[Place],
    rows: NDArray[np.intp],
    shelf: Shelf,
    lines: LineStore | None,
    engine: bytes,
) -> int:
    """Make lines known of some instruments; return of how many bars had to be read.

    Parameters
    ----------
    frame : ScreenFrame
        Its `lock` is held.
    wanted : sequence of (ScreenLine, int)
    rows : intp array
        Places of the instruments.
    lines : LineStore or None
        Where values are looked up before they are made, and kept after; None where the frame is of the past.
    engine : bytes
        Digest of what makes them.
    """
    lacking = [place for place in wanted if not frame.column(_name(place)).known[rows].all()]
    stored = [place for place in lacking if place[0].is_stored] if lines is not None else []
    if lines is not None and stored:
        found = lines.read(frame.interval.text, [_text(place) for place in stored], engine)
        for place in stored:
            if _text(place) in found:
                _take(frame, place, found[_text(place)])
    lacking = [place for place in lacking if not frame.column(_name(place)).known[rows].all()]
    if not lacking:
        return 0
    todo = rows[~np.logical_and.reduce([frame.column(_name(place)).known[rows] for place in lacking])]
    _make(frame, lacking, todo, shelf)
    fresh = [place for place in lacking if place[0].is_stored]
    if lines is not None and fresh:
        lines.keep(frame.interval.text, {_text(place): _kept(frame, place) for place in fresh}, engine)
    return len(todo)


def _make(frame: ScreenFrame, wanted: Sequence[Place], rows: NDArray[np.intp], shelf: Shelf) -> None:
    """Read the bars of some instruments and compute what is wanted; on all processors, kernels hold no lock."""
    columns = [frame.column(_name(place)) for place in wanted]

    def one(task: tuple[int, Columns]) -> None:
        place, read = task
        each = frame.instruments[place]
        bars = _whole(frame, each, frame.refs[place], read)
        values = newest_values(bars, each.has_volume, wanted)
        for column, value in zip(columns, values, strict=True):
            column.values[place], column.known[place] = value, True

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for some in together(sum(ref.rows for ref in frame.refs[row]) for row in rows):
            part = rows[some]
            for _ in pool.map(
                one, zip(part, read_each(shelf, [(frame.refs[row], BAR_COLUMNS) for row in part]), strict=True)
            ):
                pass


def _whole(frame: ScreenFrame, each: Instrument, refs: Sequence[SegmentRef], columns: Columns) -> Bars:
    """Return the bars that had closed: an unfinished bar is no bar."""
    series = Series(each.venue, each.symbol, frame.interval)
    some = (columns["flags"] & PARTIAL) == 0
    if not some.all():
        columns = {name: np.ascontiguousarray(values[some]) for name, values in columns.items()}
    bars = frozen_bars(series, columns, 0, [ref.data for ref in refs])
    if frame.at is None or not len(bars):
        return bars
    last = int(np.searchsorted(closes(bars, each.calendar), frame.at, side="right"))
    return frozen_bars(series, {name: columns[name][:last] for name in BAR_COLUMNS}, 0, bars.segments)


def _take(frame: ScreenFrame, place: Place, kept: KeptLine) -> None:
    """Take the stored values that were made of the bars of the frame."""
    here, there = _common(frame.keys, kept.keys)
    column = frame.column(_name(place))
    column.values[here], column.known[here] = kept.values[there], True


def _kept(frame: ScreenFrame, place: Place) -> KeptLine:
    """Return what is known of a line, as it is stored."""
    column = frame.column(_name(place))
    known = np.flatnonzero(column.known)
    return KeptLine(frame.keys[known], column.values[known])


def _common(here: NDArray[Any], there: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of equal keys in both."""
    if len(here) == len(there) and here.tobytes() == there.tobytes():
        every = np.arange(len(here))
        return every, every
    at = {key: place for place, key in enumerate(there.tolist())}
    pairs = [(k, at[key]) for k, key in enumerate(here.tolist()) if key in at]
    both = np.array(pairs, np.intp).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _key(instrument: Instrument, refs: Sequence[SegmentRef]) -> bytes:
    """Return what names the bars of an instrument, and the facts that lines rest on."""
    name = f"{instrument.name} {instrument.has_volume} {len(refs)}".encode()
    # In order: of two blocks of one period the later one supersedes the other.
    parts = b"".join(ref.data for ref in refs)
    return hashlib.blake2b(parts, digest_size=KEY_BYTES, key=hashlib.sha256(name).digest()).digest()


def _name(place: Place) -> tuple[str, int]:
    """Return the key of a column."""
    return place[0].text, place[1]


def _text(place: Place) -> str:
    """Return what a line is stored under."""
    return f"{place[0].text}[{place[1]}]" if place[1] else place[0].text
