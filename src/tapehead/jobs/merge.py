"""Merging: new bars over what the store holds, and the drafts that come of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, BAR_DTYPES, TRADED, Column
from tapehead.model.calendar import Calendar
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.layers import lay_over
from tapehead.model.segment import Draft, SegmentRef
from tapehead.ports.bars import BarStore, Codec

Columns = dict[Column, NDArray[Any]]
I64 = NDArray[np.int64]

_VALUES: tuple[Column, ...] = ("open", "high", "low", "close", "volume")
# All of time that SQLite's integers and numpy's agree on, with room for arithmetic.
FIRST_US, LAST_US = -(1 << 61), 1 << 61


@dataclass(frozen=True, slots=True)
class Overlap:
    """How new bars met those that were there.

    `overlapping` bars have an equal open time on both sides; of these `unchanged` have equal values and `superseded` do
    not. `differing` are the superseded ones but for the last bar held, which may have been unfinished. `ratio` is the
    median of new close over held close, None without overlap or where a held close is 0.
    """

    added: int
    unchanged: int
    superseded: int
    differing: int
    ratio: float | None

    @property
    def overlapping(self) -> int:
        """Bars of equal open time."""
        return self.unchanged + self.superseded


@dataclass(slots=True)
class _Book:
    """One series while an import runs: what the store holds, and what it shall hold."""

    held: Columns
    merged: Columns
    lost: tuple[tuple[SegmentRef, DamagedSegmentError], ...] = ()

    def lost_periods(self) -> set[int]:
        """Return the periods with a damaged segment; raise its error unless as many bars as it held are here again."""
        ts = self.merged["ts"]
        for ref, error in self.lost:
            if np.searchsorted(ts, ref.last, side="right") - np.searchsorted(ts, ref.first) < ref.rows:
                raise error
        return {ref.period for ref, _ in self.lost}


class Ledger:
    """What the store will hold after an import, series by series.

    Parameters
    ----------
    store : BarStore
    codec : Codec

    Notes
    -----
    A touched series is read whole, so that holes at the border of a period are seen. A damaged segment counts as not
    held, so that importing its bars again mends it; fewer bars than it held raise its error. Not safe in threads.
    """

    def __init__(self, store: BarStore, codec: Codec) -> None:
        self._store = store
        self._codec = codec
        self._books: dict[Series, _Book] = {}

    def load(self, series: Sequence[Series]) -> None:
        """Read what the store holds of every series, with one query for all."""
        wanted = [one for one in series if one not in self._books]
        if not wanted:
            return
        manifest = self._store.manifest(wanted, FIRST_US, LAST_US)
        for one in wanted:
            refs = manifest.refs.get(one, ())
            lost: list[tuple[SegmentRef, DamagedSegmentError]] = []
            try:
                layers = self._decoded(refs)
            except DamagedSegmentError:
                layers, lost = self._decoded_whole(refs)
            held = overlaid(layers)
            self._books[one] = _Book(held, held, tuple(lost))

    def _decoded(self, refs: Sequence[SegmentRef]) -> list[Columns]:
        """Return the columns of segments, in their order."""
        layers = []
        for ref, data in self._store.read(refs) if refs else ():
            columns: Columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
            self._codec.decode(data, BAR_COLUMNS, columns)
            layers.append(columns)
        return layers

    def _decoded_whole(
        self, refs: Sequence[SegmentRef]
    ) -> tuple[list[Columns], list[tuple[SegmentRef, DamagedSegmentError]]]:
        """Return the columns of the segments that are whole, and those that are not with their errors."""
        layers: list[Columns] = []
        lost = []
        for ref in refs:
            try:
                layers += self._decoded([ref])
            except DamagedSegmentError as error:
                lost.append((ref, error))
        return layers, lost

    def held_close(self, series: Series) -> NDArray[np.float64]:
        """Return the closes that a loaded series holds now, files before this one included."""
        return self._books[series].merged["close"]

    def bars(self, series: Series) -> Columns:
        """Return the columns that a loaded series holds now, files before this one included."""
        return self._books[series].merged

    def merge(self, series: Series, new: Columns, calendar: Calendar) -> Overlap:
        """Lay new bars over a loaded series.

        Parameters
        ----------
        series : Series
        new : dict of arrays
            Every bar column; `flags` without `traded` and `after_hole`, which are worked out here.
        calendar : Calendar
            Of the instrument, for holes.
        """
        book = self._books[series]
        there = book.merged
        overlap = compare(there, new)
        merged = overlaid([there, new]) if len(there["ts"]) else dict(new)
        merged["flags"] = flagged(merged, series.interval, calendar)
        book.merged = merged
        return overlap

    def has_volume(self, series: Series) -> bool:
        """Whether any bar of a loaded series has volume."""
        return bool(np.any(self._books[series].merged["volume"] > 0))

    def iter_drafts(self) -> Iterator[Draft]:
        """Yield the periods whose content changes, by series and period."""
        for series in sorted(self._books):
            book = self._books[series]
            held, lost = dict(split_periods(book.held, series.interval)), book.lost_periods()
            for period, columns in split_periods(book.merged, series.interval):
                if period in lost or period not in held or not _equal(held[period], columns):
                    yield Draft(series, period, columns)


def overlaid(layers: Sequence[Columns]) -> Columns:
    """Return the bars of all layers in order of time; of bars of one time the one of the latest layer."""
    filled = [layer for layer in layers if len(layer["ts"])]
    if not filled:
        return {name: np.zeros(0, BAR_DTYPES[name]) for name in BAR_COLUMNS}
    if len(filled) == 1:
        return dict(filled[0])
    edges = [(int(layer["ts"][0]), int(layer["ts"][-1])) for layer in filled]
    if all(last < first for (_, last), (first, _) in pairwise(edges)):
        return {name: np.concatenate([layer[name] for layer in filled]) for name in BAR_COLUMNS}
    return lay_over(filled)


def compare(held: Mapping[Column, NDArray[Any]], new: Mapping[Column, NDArray[Any]]) -> Overlap:
    """Count how new bars meet held ones; both strictly rising in time."""
    if not len(held["ts"]):
        return Overlap(len(new["ts"]), 0, 0, 0, None)
    _, mine, theirs = np.intersect1d(new["ts"], held["ts"], assume_unique=True, return_indices=True)
    differs = np.zeros(len(mine), np.bool_)
    for name in _VALUES:
        differs |= new[name][mine] != held[name][theirs]
    superseded = int(np.count_nonzero(differs))
    not_last = int(np.count_nonzero(differs & (theirs < len(held["ts"]) - 1)))
    ratio = None
    if len(mine) and np.all(held["close"][theirs] != 0):
        ratio = float(np.median(new["close"][mine] / held["close"][theirs]))
    return Overlap(len(new["ts"]) - len(mine), len(mine) - superseded, superseded, not_last, ratio)


def flagged(columns: Mapping[Column, NDArray[Any]], interval: Interval, calendar: Calendar) -> NDArray[np.uint8]:
    """Return the flags of a whole series with `traded` and `after_hole` worked out anew.

    A series without any volume (an index, a mark price) has traded in every bar; else a bar of volume 0 has not.
    """
    flags: NDArray[np.uint8] = columns["flags"] & np.uint8(0xFF & ~(TRADED | AFTER_HOLE))
    traded = columns["volume"] > 0
    if not traded.any():
        traded[:] = True
    flags[traded] |= TRADED
    flags[1:][hole_sizes(columns["ts"], interval, calendar) > 0] |= AFTER_HOLE
    return flags


def hole_sizes(ts: I64, interval: Interval, calendar: Calendar) -> I64:
    """Return the number of absent grid steps before each bar but the first, shape (n_bars - 1,)."""
    sizes: I64 = np.diff(calendar.steps(ts, interval)) - 1 if len(ts) > 1 else np.zeros(0, np.int64)
    return sizes


def split_periods(columns: Columns, interval: Interval) -> Iterator[tuple[int, Columns]]:
    """Yield each calendar period of a series with views of its bars."""
    ts = columns["ts"]
    start = 0
    while start < len(ts):
        period = interval.period_of(int(ts[start]))
        end = _first_after(ts, start, lambda at, period=period: interval.period_of(at) != period)  # type: ignore[misc]
        yield period, {name: columns[name][start:end] for name in BAR_COLUMNS}
        start = end


def _first_after(ts: I64, start: int, is_past: Callable[[int], bool]) -> int:
    """Return the first place from `start` on whose time is past; times rise, so it is found by halving."""
    low, high = start, len(ts)
    while low < high:
        middle = (low + high) // 2
        if is_past(int(ts[middle])):
            high = middle
        else:
            low = middle + 1
    return low


def _equal(one: Columns, other: Columns) -> bool:
    """Whether all columns are equal, bit for bit."""
    return all(np.array_equal(one[name].view(np.uint8), other[name].view(np.uint8)) for name in BAR_COLUMNS)
