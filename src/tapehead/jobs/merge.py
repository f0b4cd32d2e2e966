"""Merging: new bars over what the store holds, period by period."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS, BAR_DTYPES, TRADED, Column
from tapehead.model.calendar import Calendar
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.layers import lay_over
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore, Codec
from tapehead.ports.buckets import Pile

Columns = dict[Column, NDArray[Any]]
I64 = NDArray[np.int64]

_VALUES: tuple[Column, ...] = ("open", "high", "low", "close", "volume")
# All of time that SQLite's integers and numpy's agree on, with room for arithmetic.
FIRST_US, LAST_US = -(1 << 61), 1 << 61


@dataclass(slots=True)
class Overlap:
    """How the bars of one file met those that were there, over the periods of a series.

    `added` bars were not there; of the `overlapping` ones, of an equal open time on both sides, `unchanged` have equal
    values and `superseded` do not. `changed_at` is the latest superseded time. `ratios` are new close over held
    close; `has_zero` says that a held close was 0, which gives none.
    """

    ratios: Pile
    added: int = 0
    unchanged: int = 0
    superseded: int = 0
    changed_at: int | None = None
    has_zero: bool = False

    @property
    def overlapping(self) -> int:
        """Bars of equal open time."""
        return self.unchanged + self.superseded

    @property
    def ratio(self) -> float | None:
        """Median of new close over held close; None without overlap or where a held close was 0."""
        return None if self.has_zero or not len(self.ratios) else self.ratios.median()

    def differing(self, last: int | None) -> int:
        """Return the superseded bars but for the `last` one that was there, which may have been unfinished."""
        return self.superseded - (self.superseded > 0 and self.changed_at == last)

    def take(self, held: Mapping[Column, NDArray[Any]], new: Mapping[Column, NDArray[Any]]) -> tuple[I64, I64]:
        """Count how new bars of one period meet held ones, both strictly rising in time.

        Return the places of the superseded bars, among the new and among the held.
        """
        none = np.zeros(0, np.int64)
        if not len(held["ts"]):
            self.added += len(new["ts"])
            return none, none
        _, mine, theirs = np.intersect1d(new["ts"], held["ts"], assume_unique=True, return_indices=True)
        self.added += len(new["ts"]) - len(mine)
        if not len(mine):
            return none, none
        differs = np.zeros(len(mine), np.bool_)
        for name in _VALUES:
            differs |= new[name][mine] != held[name][theirs]
        superseded = np.flatnonzero(differs)
        self.superseded += len(superseded)
        self.unchanged += len(mine) - len(superseded)
        if len(superseded):
            self.changed_at = int(held["ts"][theirs[superseded[-1]]])
        close = held["close"][theirs]
        self.has_zero = self.has_zero or bool(np.any(close == 0))
        if not self.has_zero:
            with np.errstate(over="ignore", under="ignore"):
                self.ratios.add(new["close"][mine] / close)
        return mine[superseded], theirs[superseded]


@dataclass(slots=True)
class Held:
    """What the store holds of one series, a period at a time; layers of a period laid over each other.

    A damaged segment counts as not held, so that importing its bars again mends it; fewer bars than it held raise its
    error (`check_mended`).
    """

    refs: dict[int, tuple[SegmentRef, ...]]
    store: BarStore
    codec: Codec
    lost: list[tuple[SegmentRef, DamagedSegmentError]] = field(default_factory=list)

    @property
    def last(self) -> int | None:
        """Open time of the last bar, None where nothing is held."""
        return max((ref.last for refs in self.refs.values() for ref in refs), default=None)

    def read(self, period: int) -> Columns:
        """Return the bars of a period."""
        refs = self.refs.get(period, ())
        self.lost.clear()
        try:
            return overlaid(self._decoded(refs))
        except DamagedSegmentError:
            layers: list[Columns] = []
            for ref in refs:
                try:
                    layers += self._decoded([ref])
                except DamagedSegmentError as error:
                    self.lost.append((ref, error))
            return overlaid(layers)

    def check_mended(self, ts: I64) -> bool:
        """Say whether the period read last was damaged; raise unless as many bars as were lost are here again."""
        for ref, error in self.lost:
            if np.searchsorted(ts, ref.last, side="right") - np.searchsorted(ts, ref.first) < ref.rows:
                raise error
        return bool(self.lost)

    def _decoded(self, refs: Sequence[SegmentRef]) -> list[Columns]:
        """Return the columns of segments, in their order."""
        layers = []
        for ref, data in self.store.read(refs) if refs else ():
            columns: Columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
            self.codec.decode(data, BAR_COLUMNS, columns)
            layers.append(columns)
        return layers


def held_of(store: BarStore, codec: Codec, series: Sequence[Series], snapshot: int) -> dict[Series, Held]:
    """Return what a snapshot holds of some series, with one query for all."""
    refs = store.manifest(series, FIRST_US, LAST_US, snapshot=snapshot).refs
    return {
        one: Held(
            {period: tuple(layers) for period, layers in groupby(refs.get(one, ()), key=lambda ref: ref.period)},
            store,
            codec,
        )
        for one in series
    }


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


def flagged(columns: Mapping[Column, NDArray[Any]], interval: Interval, calendar: Calendar) -> NDArray[np.uint8]:
    """Return the flags of a whole series with `traded` and `after_hole` worked out anew.

    A series without any volume (an index, a mark price) has traded in every bar; else a bar of volume 0 has not.
    """
    has_volume = bool(np.any(columns["volume"] > 0))
    return flagged_part(columns, interval, calendar, has_volume=has_volume, before=None)


def flagged_part(
    columns: Mapping[Column, NDArray[Any]],
    interval: Interval,
    calendar: Calendar,
    *,
    has_volume: bool,
    before: int | None,
) -> NDArray[np.uint8]:
    """Return the flags of one period; `before` is the open time of the bar before it, None for the first of all."""
    flags: NDArray[np.uint8] = columns["flags"] & np.uint8(0xFF & ~(TRADED | AFTER_HOLE))
    flags[columns["volume"] > 0 if has_volume else slice(None)] |= TRADED
    sizes = hole_sizes(columns["ts"], interval, calendar, before)
    flags[len(flags) - len(sizes) :][sizes > 0] |= AFTER_HOLE
    return flags


def hole_sizes(ts: I64, interval: Interval, calendar: Calendar, before: int | None = None) -> I64:
    """Return the number of absent grid steps before each bar, the first one only where the bar `before` it is known."""
    if before is not None:
        ts = np.concatenate([np.array([before], np.int64), ts])
    sizes: I64 = np.diff(calendar.steps(ts, interval)) - 1 if len(ts) > 1 else np.zeros(0, np.int64)
    return sizes


def split_periods(columns: Columns, interval: Interval) -> Iterator[tuple[int, Columns]]:
    """Yield each calendar period of a series with views of its bars."""
    ts = columns["ts"]
    start = 0
    while start < len(ts):
        period = interval.period_of(int(ts[start]))

        def beyond(at: int, period: int = period) -> bool:
            return interval.period_of(at) != period

        end = _first_after(ts, start, beyond)
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


def span_of(period: int) -> tuple[int, int]:
    """Return the first time (us UTC) of a period that `Interval.period_of` gave, and the first one after it."""
    if period == 0:
        return FIRST_US, LAST_US
    has_months = period > _LAST_YEAR
    year, month = divmod(period, 100) if has_months else (period, 1)
    first = (year - 1970) * 12 + month - 1
    bounds = np.array([first, first + (1 if has_months else 12)]).astype("M8[M]").astype("M8[us]").astype(np.int64)
    return int(bounds[0]), int(bounds[1])


_LAST_YEAR = 9999


def is_equal(one: Columns, other: Columns) -> bool:
    """Whether all columns are equal, bit for bit."""
    return all(np.array_equal(one[name].view(np.uint8), other[name].view(np.uint8)) for name in BAR_COLUMNS)
