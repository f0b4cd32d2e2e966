"""look_up: the bars of some instruments as a person asks for them, at any interval that theirs make up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import NoBarsError, ParameterError, UnknownSymbolError
from tapehead.jobs.absent import read_empties
from tapehead.jobs.outline import holes_kept, outline
from tapehead.jobs.plan import OPEN_END, OPEN_START, check_range, held_range
from tapehead.jobs.read import Columns, Shelf, read_each, together
from tapehead.jobs.resample import divides, placed, resample, thin
from tapehead.jobs.roll_up import Rolled
from tapehead.jobs.rolled import Rolling
from tapehead.jobs.universes import find_instrument
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.model.bars import I64, Bars, frozen_bars, series_metadata
from tapehead.model.calendar import Calendar, calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import SegmentRef
from tapehead.model.spec import iso
from tapehead.model.table import Table
from tapehead.ports.bars import BarStore

LEASE_S = 600.0
_CUSTOMARY = ("1m", "2m", "3m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "4h", "6h", "8h", "12h", "1d", "1w", "2w")
_NAMED = 3
# The longest time that a market of ours is closed between two steps is a week with holidays on both sides.
_CLOSED_US = 15 * 86_400_000_000
_MORE_THAN_A_LINE = {"open", "high", "low", "volume"}


class Directory(Protocol):
    """Which instruments a snapshot has, and of which intervals there are bars."""

    def find(self, symbol: str) -> Instrument:
        """Return the instrument that `symbol` or `venue:symbol` names; raise when none or several do."""
        ...

    def intervals(self, instrument: Instrument) -> Sequence[Interval]:
        """Return the intervals of which an instrument has bars."""
        ...


Known = Callable[[int], Directory | None]


@dataclass(frozen=True, slots=True)
class Trace:
    """What bars of one instrument would be read from, without reading them.

    `segments` are the data hashes of every block that is looked at and `rows` the bars in them, `empty` the ranges that
    are confirmed empty where that matters to what is made of them.
    """

    instrument: Instrument
    interval: Interval
    source: Interval
    segments: tuple[bytes, ...]
    rows: int
    empty: tuple[EmptyRange, ...]
    snapshot: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Bars of one instrument.

    `table` holds the columns that were asked for; `segments` are the data hashes they were read from, empty where they
    were made. `source` is the interval they were made of, their own where they are held; `outside` counts bars of the
    source that lie in no session and went into none; `total` is the number of bars before they were thinned.
    """

    series: Series
    instrument: Instrument
    table: Table
    segments: tuple[bytes, ...]
    source: Interval
    outside: int
    total: int
    snapshot: int

    @property
    def bars(self) -> Bars:
        """The bars; needs every column."""
        return frozen_bars(self.series, dict(self.table), 0, self.segments)


def look_up(
    store: BarStore,
    shelf: Shelf,
    symbols: Sequence[str],
    *,
    interval: str | None = None,
    start: int | None = None,
    end: int | None = None,
    points: int | None = None,
    columns: Sequence[Column] = BAR_COLUMNS,
    snapshot: int | None = None,
    directory: Known | None = None,
) -> list[Reading]:
    """Read bars, unfinished ones included, with one look at the manifest for all instruments.

    Parameters
    ----------
    symbols : sequence of str
        Bare where unique, else `venue:symbol`; readings come in this order.
    interval : str, optional
        Any that the store holds or that can be made of a finer one, of which the finest is taken; needed where
        instruments have bars of several.
    start, end : int, optional
        Open times of the bars to give, us UTC, half-open. A coarse bar is whole, wherever the range cuts.
    points : int, optional
        At most so many bars each: see `resample.thin`. Where closes are asked for without another price or volume, they
        are a line, and the bars are those that `outline.outline` picks.
    columns : sequence of str
        What to give; where bars are held as they are asked for, nothing else is read.
    snapshot : int, optional
        State of the store; default the newest.
    directory : callable, optional
        Gives what is known already of the snapshot that is read, None where nothing is: then it is read.

    Raises
    ------
    UnknownSymbolError, AmbiguousSymbolError, ParameterError, EmptyRangeError, NoBarsError
    """
    with store.reading(snapshot) as number:
        laid = _lay_out(store, symbols, interval, start, end, points, columns, number, directory)
        coarse = [(one.series, one.interval, one.days, empty) for one, refs, empty in laid if one.margin_us and refs]
        rolling = Rolling(store, shelf, number, coarse)
        found: list[Reading] = []
        # What is given as it is held is as large as the answer; of what is made of finer bars, some rows at once.
        for some in together(0 if one.is_as_held else sum(ref.rows for ref in refs) for one, refs, _ in laid):
            rolled = rolling.find([(one.series, one.interval, refs) for one, refs, _ in laid[some] if one.margin_us])
            fresh = [each for each in laid[some] if each[1] and (each[0].series, each[0].interval) not in rolled]
            read = iter(read_each(shelf, [(refs, one.names) for one, refs, _ in fresh]))
            for one, refs, empty in laid[some]:
                kept = rolled.get((one.series, one.interval))
                held = next(read) if refs and kept is None else {}
                if held and one.margin_us:
                    kept = rolling.make(one.series, one.interval, refs, held)
                found.append(one.read(store, refs, held, empty, number, kept))
    rolling.keep()
    return found


def trace(
    store: BarStore,
    symbols: Sequence[str],
    *,
    interval: str | None = None,
    start: int | None = None,
    end: int | None = None,
    points: int | None = None,
    columns: Sequence[Column] = BAR_COLUMNS,
    snapshot: int | None = None,
    directory: Known | None = None,
) -> list[Trace]:
    """Return what `look_up` would read of each instrument; equal traces give equal bars."""
    number = store.head() if snapshot is None else snapshot
    laid = _lay_out(store, symbols, interval, start, end, points, columns, number, directory)
    return [
        Trace(
            one.instrument,
            one.interval,
            one.source,
            tuple(ref.data for ref in refs),
            sum(ref.rows for ref in refs),
            tuple(empty),
            number,
        )
        for one, refs, empty in laid
    ]


def _lay_out(
    store: BarStore,
    symbols: Sequence[str],
    interval: str | None,
    start: int | None,
    end: int | None,
    points: int | None,
    columns: Sequence[Column],
    number: int,
    directory: Known | None,
) -> "list[_Laid]":
    """Return what to give of each instrument and what to make it of, with one look at the manifest."""
    if not symbols:
        raise ParameterError(name="symbols", value=[], bound="at least one instrument, such as ['BTCUSDT']")
    if points is not None and points < 1:
        raise ParameterError(name="points", value=points, bound="at least 1")
    check_range(start, end)
    known = (directory and directory(number)) or _Held(store, number)
    asked = [known.find(symbol) for symbol in symbols]
    sources = _sources(known, asked, interval)
    wanted = [_Wanted(one, *sources[one.name], start, end, tuple(columns), points) for one in asked]
    margin = max((one.margin_us for one in wanted), default=0)
    lo, hi = OPEN_START if start is None else start - margin, OPEN_END if end is None else end + margin
    series = [one.series for one in wanted]
    refs = store.manifest(series, lo, hi, warm=1 if margin and start is not None else 0, snapshot=number).refs
    made = [one for one in series if points is not None or margin]
    empty = read_empties(store, made, number)
    return [(one, refs.get(one.series, ()), empty.get(one.series, ())) for one in wanted]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What to give of one instrument, and what it is made of."""

    instrument: Instrument
    source: Interval
    interval: Interval
    start: int | None
    end: int | None
    columns: tuple[Column, ...]
    points: int | None

    @property
    def series(self) -> Series:
        """Series that is held."""
        return Series(self.instrument.venue, self.instrument.symbol, self.source)

    @property
    def days(self) -> Calendar:
        """Calendar of the instrument."""
        return calendar(self.instrument.calendar)

    @property
    def margin_us(self) -> int:
        """How far outside the range a bar may lie that a coarse one inside it is made of."""
        if self.source == self.interval:
            return 0
        return self.interval.us + (0 if self.instrument.calendar == "24/7" else _CLOSED_US)

    @property
    def is_line(self) -> bool:
        """Whether a line of closes is wanted, with fewer points than there are bars."""
        return self.points is not None and "close" in self.columns and not _MORE_THAN_A_LINE & {*self.columns}

    @property
    def is_as_held(self) -> bool:
        """Whether bars are given as they are held, or drawn from such by their closes."""
        return not self.margin_us and (self.points is None or self.is_line)

    @property
    def names(self) -> Sequence[Column]:
        """Columns to read: no others than are asked for, and the times, where bars are given as they are held."""
        if not self.is_as_held:
            return BAR_COLUMNS
        more: tuple[Column, ...] = ("close", "flags") if self.is_line else ()
        return tuple(dict.fromkeys(("ts", *more, *self.columns)))

    def read(
        self,
        store: BarStore,
        refs: Sequence[SegmentRef],
        read: Columns,
        empty: Sequence[EmptyRange],
        snapshot: int,
        rolled: Rolled | None,
    ) -> Reading:
        """Make what was read coarser, unless all of that is there as `rolled`; cut, thin."""
        if not refs:
            raise self._nothing(store)
        if self.is_as_held:
            return self._as_held(store, refs, read, snapshot)
        outside, days = 0, self.days
        if rolled is not None:
            bars, outside = rolled.bars, self._outside(rolled.outside)
        elif self.margin_us:
            around = self._around(frozen_bars(self.series, read))
            _, inside = placed(around.ts, self.source, days)
            bars, outside = resample(around, self.interval, days, empty).bars, self._outside(around.ts[~inside])
        else:
            bars = frozen_bars(self.series, read)
        lo, hi = self._range(bars.ts)
        bars = bars.slice(lo, hi)
        if not len(bars):
            raise self._nothing(store)
        if self.is_line:
            table = self._line({name: getattr(bars, name) for name in ("close", "flags", *self.columns)}, bars.series)
            return Reading(bars.series, self.instrument, table, (), self.source, outside, len(bars), snapshot)
        few = bars if self.points is None else thin(bars, self.points, days, () if self.margin_us else empty)
        table = Table({name: getattr(few, name) for name in self.columns}, series_metadata(few.series))
        return Reading(few.series, self.instrument, table, (), self.source, outside, len(bars), snapshot)

    def _as_held(self, store: BarStore, refs: Sequence[SegmentRef], read: Columns, snapshot: int) -> Reading:
        """Return the range of what was read."""
        lo, hi = self._range(read["ts"])
        if hi == lo:
            raise self._nothing(store)
        if self.is_line:
            table = self._line({name: values[lo:hi] for name, values in read.items()}, self.series)
            return Reading(self.series, self.instrument, table, (), self.source, 0, hi - lo, snapshot)
        table = Table({name: read[name][lo:hi] for name in self.columns}, series_metadata(self.series))
        segments = tuple(ref.data for ref in refs)
        return Reading(self.series, self.instrument, table, segments, self.source, 0, hi - lo, snapshot)

    def _line(self, columns: Mapping[Column, NDArray[Any]], series: Series) -> Table:
        """Return the rows that draw the line of closes; a hole between two of them stays one."""
        at = outline(columns["close"], self.points or 1)
        flags = holes_kept(columns["flags"], at)
        kept = {str(name): flags if name == "flags" else columns[name][at] for name in self.columns}
        return Table(kept, series_metadata(series))

    def _range(self, ts: I64) -> tuple[int, int]:
        """Return the places between which the asked bars stand."""
        lo = 0 if self.start is None else int(np.searchsorted(ts, self.start))
        hi = len(ts) if self.end is None else int(np.searchsorted(ts, self.end))
        return lo, max(lo, hi)

    def _outside(self, ts: I64) -> int:
        """Count finer bars in no session, at times `ts`, that the range or its margins hold."""
        lo = 0 if self.start is None else int(np.searchsorted(ts, self.start - self.margin_us))
        hi = len(ts) if self.end is None else int(np.searchsorted(ts, self.end + self.margin_us))
        return max(hi - lo, 0)

    def _around(self, bars: Bars) -> Bars:
        """Return the bars of the range and its margins, and one before them to see a hole by."""
        lo = 0 if self.start is None else int(np.searchsorted(bars.ts, self.start - self.margin_us)) - 1
        hi = len(bars) if self.end is None else int(np.searchsorted(bars.ts, self.end + self.margin_us))
        return bars.slice(max(lo, 0), hi)

    def _nothing(self, store: BarStore) -> NoBarsError:
        """Return the error for a range without a bar."""
        start = "the first bar" if self.start is None else iso(self.start)
        end = "the last bar" if self.end is None else iso(self.end)
        held = held_range(store.coverage([self.series]))
        return NoBarsError(symbol=self.instrument.symbol, interval=self.interval.text, start=start, end=end, held=held)


_Laid = tuple[_Wanted, Sequence[SegmentRef], Sequence[EmptyRange]]
"""What to give of one instrument, the refs it is made of, and where its source says that there is nothing."""


class _Held:
    """The directory of any snapshot, read for one question."""

    def __init__(self, store: BarStore, snapshot: int) -> None:
        self._store, self._snapshot = store, snapshot
        self._known = store.instruments(snapshot)

    def find(self, symbol: str) -> Instrument:
        """Find an instrument among those of the snapshot; say where it is one that only the newest holds."""
        try:
            return find_instrument(self._known, symbol)
        except UnknownSymbolError:
            if not any(symbol in (each.name, each.symbol) for each in self._store.instruments()):
                raise
            hint = " The snapshot asked for holds none of it, the newest does."
            raise UnknownSymbolError(symbol=symbol, hint=hint) from None

    def intervals(self, instrument: Instrument) -> Sequence[Interval]:
        """Return the intervals of which an instrument has bars."""
        return self._intervals.get(instrument.name, ())

    @cached_property
    def _intervals(self) -> Mapping[str, Sequence[Interval]]:
        """Return the intervals of every instrument."""
        held: dict[str, list[Interval]] = {}
        for series in self._store.series(self._snapshot):
            held.setdefault(series.instrument, []).append(series.interval)
        return held


def _sources(
    directory: Directory, instruments: Sequence[Instrument], interval: str | None
) -> dict[str, tuple[Interval, Interval]]:
    """Return for each instrument the interval that is held and the one to give."""
    asked = None if interval is None else Interval.parse(interval)
    held = {one.name: list(directory.intervals(one)) for one in instruments}
    if asked is None:
        asked = _only(instruments, held)
    return {one.name: (_source(one, sorted(held[one.name]), asked), asked) for one in instruments}


def _only(instruments: Sequence[Instrument], held: Mapping[str, Sequence[Interval]]) -> Interval:
    """Return the one interval that instruments have."""
    every = sorted({each for intervals in held.values() for each in intervals})
    name = instruments[0].symbol if len(instruments) == 1 else f"{len(instruments)} instruments"
    if len(every) == 1:
        return every[0]
    if not every:
        raise _no_bars(instruments[0].symbol)
    bound = f"named, since the store holds {_listed(every)} of {name}: --interval {every[0]}"
    raise ParameterError(name="interval", value="not given", bound=bound)


def _source(one: Instrument, held: Sequence[Interval], asked: Interval) -> Interval:
    """Return the held interval to make the asked one of: itself, else the finest that divides it."""
    if asked in held:
        return asked
    if not held:
        raise _no_bars(one.symbol)
    days = calendar(one.calendar)
    found = next((fine for fine in held if divides(days, fine, asked)), None)
    if found is not None:
        return found
    if asked < held[0]:
        raise NoBarsError(
            f"No bars for {one.symbol} {asked}: the store holds {_listed(held)}, and bars are only ever made coarser. "
            f"Import a file that has them: tapehead import PATH --symbol {one.symbol} --interval {asked}",
            symbol=one.symbol,
            interval=asked.text,
            held=_listed(held),
        )
    every = [Interval.parse(text) for text in _CUSTOMARY]
    able = [each for each in every if any(divides(days, fine, each) for fine in held)]
    near = sorted(sorted(able, key=lambda each: abs(each.us - asked.us))[:_NAMED])
    bound = (
        f"made up of whole bars of {_listed(held)}, as {_listed(near)} are: --interval {near[0]}"
        if near
        else f"one of {_listed(held)}"
    )
    raise ParameterError(name="interval", value=asked, bound=bound)


def _no_bars(name: str) -> NoBarsError:
    """Return the error for an instrument of which no bar is held."""
    text = f"No bars for {name} are held. Import a file that has some: tapehead import PATH --symbol {name}"
    return NoBarsError(text, symbol=name, held="none")


def _listed(intervals: Sequence[Interval]) -> str:
    """Return intervals as a list in words."""
    return ", ".join(str(every) for every in intervals)
