"""fill: lines of instruments made known, out of what the store keeps, or of their bars where it keeps nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.days import closes
from tapehead.jobs.read import Columns, Shelf, read_each, together
from tapehead.jobs.screen_frame import ScreenFrame
from tapehead.jobs.screen_lines import ScreenLine, newest_values
from tapehead.layout.columns import BAR_COLUMNS, PARTIAL
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore
from tapehead.ports.lines import KeptLine, LineStore

Place = tuple[ScreenLine, int]
"""A line, and how many bars before the newest."""
Rows = NDArray[np.intp]
_AT_ONCE: Final = 65_536
"""Bars that one look at the store brings; some hundred instruments with years of daily bars."""
WORTH: Final = 256
"""Values are written down again when one in so many is new: a bar of one series costs no write of the market's."""


@dataclass(frozen=True, slots=True)
class LineSource:
    """Where lines come from.

    `lines` is where they are looked up before they are made, and kept after; None where the frame is of the past.
    `engine` is the digest of what makes them. `progress` is told how many instruments are done, of how many. Bars are
    read on so many `threads`: what holds the snapshot must hold it for all of them.
    """

    store: BarStore
    shelf: Shelf
    lines: LineStore | None
    engine: bytes
    progress: Callable[..., None] | None = None
    threads: int = 1


def fill(frame: ScreenFrame, wanted: Sequence[Place], rows: Rows, source: LineSource, *, worth: int = WORTH) -> int:
    """Make lines known of some instruments; return of how many bars had to be read.

    Parameters
    ----------
    frame : ScreenFrame
        Its `lock` is held.
    wanted : sequence of (ScreenLine, int)
    rows : intp array
        Places of the instruments, all of which have bars.
    source : LineSource
    worth : int
        What is made is kept when one in so many instruments of the frame is new.
    """
    lines = source.lines
    lacking = _lacking(frame, wanted, rows)
    stored = [place for place in lacking if place[0].is_stored]
    if lines is not None and stored:
        found = lines.read(frame.interval.text, [_text(place) for place in stored], source.engine)
        for place in stored:
            if _text(place) in found:
                frame.take(_name(place), *found[_text(place)])
        lacking = _lacking(frame, lacking, rows)
    if not lacking:
        return 0
    todo = rows[~np.logical_and.reduce([frame.column(_name(place)).known[rows] for place in lacking])]
    _make(frame, lacking, todo, source)
    for place in lacking:
        frame.column(_name(place)).unkept += len(todo)
    if lines is not None:
        _keep(frame, [place for place in lacking if place[0].is_stored], lines, source.engine, worth)
    return len(todo)


def _keep(frame: ScreenFrame, made: Sequence[Place], lines: LineStore, engine: bytes, worth: int) -> None:
    """Write lines down, where this process has not yet, or enough of each is new: a command computes nothing twice."""
    columns = [(place, frame.column(_name(place))) for place in made]
    fresh = [(place, column) for place, column in columns if not column.is_kept or column.unkept * worth >= len(frame)]
    if not fresh:
        return
    if not lines.keep(frame.interval.text, {_text(place): _kept(frame, place) for place, _ in fresh}, engine):
        return
    for _, column in fresh:
        column.unkept, column.is_kept = 0, True


def _lacking(frame: ScreenFrame, wanted: Sequence[Place], rows: Rows) -> list[Place]:
    """Return the lines that are not known yet of all instruments."""
    return [place for place in wanted if not frame.column(_name(place)).known[rows].all()]


def _make(frame: ScreenFrame, wanted: Sequence[Place], rows: Rows, source: LineSource) -> None:
    """Read the bars of some instruments and compute what is wanted, a part of them at a time, on all processors."""
    columns = [frame.column(_name(place)) for place in wanted]
    found = frame.refs(source.store, rows)

    def one(some: slice) -> int:
        part = found[some]
        read = read_each(source.shelf, [(refs, BAR_COLUMNS) for _, refs in part])
        for (row, refs), bars in zip(part, read, strict=True):
            has_volume = frame.roster.facts_at(row).has_volume
            values = newest_values(_whole(frame, row, refs, bars), wanted, has_volume=has_volume)
            for column, value in zip(columns, values, strict=True):
                column.values[row], column.known[row] = value, True
        return len(part)

    done = 0
    for count in _each(one, list(together((sum(ref.rows for ref in refs) for _, refs in found), _AT_ONCE)), source):
        done += count
        if source.progress is not None:
            source.progress("reading the bars of instruments", done, len(rows))


def _each(one: Callable[[slice], int], parts: Sequence[slice], source: LineSource) -> Iterator[int]:
    """Yield what is made of each part; of several on threads, as decoding and kernels hold no lock."""
    if len(parts) == 1 or source.threads == 1:
        yield from map(one, parts)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(source.threads) as pool:
        yield from pool.map(one, parts)


def _whole(frame: ScreenFrame, row: int, refs: Sequence[SegmentRef], columns: Columns) -> Bars:
    """Return the bars that had closed: an unfinished bar is no bar."""
    series = frame.roster.series(row, frame.interval)
    some = (columns["flags"] & PARTIAL) == 0
    if not some.all():
        columns = {name: np.ascontiguousarray(values[some]) for name, values in columns.items()}
    bars = frozen_bars(series, columns, 0, [ref.data for ref in refs])
    if frame.at is None or not len(bars):
        return bars
    last = int(np.searchsorted(closes(bars, frame.roster.facts_at(row).calendar), frame.at, side="right"))
    return frozen_bars(series, {name: columns[name][:last] for name in BAR_COLUMNS}, 0, bars.segments)


def _kept(frame: ScreenFrame, place: Place) -> KeptLine:
    """Return what is known of a line, as it is stored."""
    column = frame.column(_name(place))
    known = np.flatnonzero(column.known)
    return KeptLine(frame.keys[known], column.values[known])


def _name(place: Place) -> tuple[str, int]:
    """Return the key of a column."""
    return place[0].text, place[1]


def _text(place: Place) -> str:
    """Return what a line is stored under."""
    return f"{place[0].text}[{place[1]}]" if place[1] else place[0].text
