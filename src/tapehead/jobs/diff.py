"""diff: what changed between two snapshots of a store, bar by bar."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tapehead.jobs.read_period import Columns, read_layers
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.model.factors import Factors
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import BarStore, ChunkCache

Values = tuple[float, float, float, float, float, int]
"""Open, high, low, close, volume, flags."""

LEASE_S: Final = 3600.0
SHOWN: Final = 5
ALWAYS: Final = (-(2**62), 2**62)
_VALUES: Final[tuple[Column, ...]] = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class BarChange:
    """One bar (open time, us UTC) with its values before and after."""

    ts: int
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class SeriesDiff:
    """What changed in one series.

    `added` and `removed` bars, `changed` ones whose prices or volume differ, `reflagged` ones whose flags alone do.
    `first` are the first few of the changed and reflagged.
    """

    series: Series
    added: int = 0
    removed: int = 0
    changed: int = 0
    reflagged: int = 0
    first: tuple[BarChange, ...] = ()


@dataclass(frozen=True, slots=True)
class InstrumentDiff:
    """An instrument that came (`before` None), went (`after` None) or has other facts: those that differ by name."""

    instrument: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """What a store held at snapshot `after` against snapshot `before`; only what differs, sorted by name.

    `factors` are the instruments whose adjustment factors differ.
    """

    before: int
    after: int
    series: tuple[SeriesDiff, ...]
    instruments: tuple[InstrumentDiff, ...]
    factors: tuple[str, ...]

    def __bool__(self) -> bool:
        """Say whether anything differs."""
        return bool(self.series or self.instruments or self.factors)


def diff(
    store: BarStore,
    tiers: ChunkCache,
    before: int,
    after: int,
    *,
    shown: int = SHOWN,
    progress: Callable[[str, int, int], None] | None = None,
) -> SnapshotDiff:
    """Compare two snapshots; only periods whose segments differ are read.

    Parameters
    ----------
    store : BarStore
    tiers : ChunkCache
        Gives the columns of a segment, or raises DamagedSegmentError.
    before, after : int
        Snapshots; either may be the later one.
    shown : int
        Changed bars given with both values, of each series.
    progress : callable, optional
        Told what is compared, how many series are done and how many there are.

    Raises
    ------
    ParameterError
        A snapshot is not there, or was swept.
    """
    # Leased, both: gc beside this would take what only they name from under the reader, who would call it damaged.
    with store.lease(before, LEASE_S), store.lease(after, LEASE_S):
        names = sorted({*store.series(before), *store.series(after)}, key=lambda one: (*one[:2], one.interval.us))
        old = store.manifest(names, *ALWAYS, snapshot=before).refs
        new = store.manifest(names, *ALWAYS, snapshot=after).refs
        found: list[SeriesDiff] = []
        for done, one in enumerate(names):
            if progress is not None:
                progress("comparing", done, len(names))
            series = _series_diff(tiers, one, old.get(one, ()), new.get(one, ()), shown)
            if series.added or series.removed or series.changed or series.reflagged:
                found.append(series)
        instruments = _instrument_diffs(store.instruments(before), store.instruments(after))
        return SnapshotDiff(before, after, tuple(found), instruments, _factor_diffs(store, before, after))


def _series_diff(
    tiers: ChunkCache, series: Series, old: Sequence[SegmentRef], new: Sequence[SegmentRef], shown: int
) -> SeriesDiff:
    """Compare one series period by period."""
    sums = SeriesDiff(series)
    for was, now in _differing(old, new):
        if not was or not now:
            bars = _count(tiers, was or now)
            sums = replace(sums, added=sums.added + bars * (not was), removed=sums.removed + bars * (not now))
            continue
        one = _period_diff(series, read_layers(tiers, was), read_layers(tiers, now), shown - len(sums.first))
        counts = {name: getattr(sums, name) + getattr(one, name) for name in _COUNTS}
        sums = SeriesDiff(series, **counts, first=sums.first + one.first)
    return sums


_COUNTS = ("added", "removed", "changed", "reflagged")


def _differing(
    old: Sequence[SegmentRef], new: Sequence[SegmentRef]
) -> Iterator[tuple[list[SegmentRef], list[SegmentRef]]]:
    """Yield the refs before and after of each period whose columns are not the same blocks."""
    was, now = _by_period(old), _by_period(new)
    for period in sorted({*was, *now}):
        left, right = was.get(period, []), now.get(period, [])
        if [ref.data for ref in left] != [ref.data for ref in right]:
            yield left, right


def _by_period(refs: Sequence[SegmentRef]) -> dict[int, list[SegmentRef]]:
    """Return refs, which come in order of their periods, by period."""
    return {period: list(layers) for period, layers in groupby(refs, key=lambda ref: ref.period)}


def _count(tiers: ChunkCache, refs: Sequence[SegmentRef]) -> int:
    """Return the bars of one period; one block alone knows them without being read."""
    return refs[0].rows if len(refs) == 1 else len(read_layers(tiers, refs)["ts"])


def _period_diff(series: Series, was: Columns, now: Columns, shown: int) -> SeriesDiff:
    """Compare one period bar by bar, bit by bit."""
    common, left, right = np.intersect1d(was["ts"], now["ts"], assume_unique=True, return_indices=True)
    differs = np.zeros(len(common), np.bool_)
    for name in _VALUES:
        differs |= was[name][left].view(np.int64) != now[name][right].view(np.int64)
    reflagged = ~differs & (was["flags"][left] != now["flags"][right])
    places = np.flatnonzero(differs | reflagged)[: max(shown, 0)].tolist()
    first = tuple(
        BarChange(int(common[at]), _values(was, int(left[at])), _values(now, int(right[at]))) for at in places
    )
    gone, come = len(was["ts"]) - len(common), len(now["ts"]) - len(common)
    return SeriesDiff(series, come, gone, int(differs.sum()), int(reflagged.sum()), first)


def _values(columns: Mapping[Column, NDArray[Any]], at: int) -> Values:
    """Return one bar as plain values."""
    opened, high, low, close, volume, flags = (columns[name][at].item() for name in BAR_COLUMNS[1:])
    return opened, high, low, close, volume, flags


def _instrument_diffs(old: Sequence[Instrument], new: Sequence[Instrument]) -> tuple[InstrumentDiff, ...]:
    """Return the instruments that came, went or have other facts."""
    was, now = {one.name: one for one in old}, {one.name: one for one in new}
    found: list[InstrumentDiff] = []
    for name in sorted({*was, *now}):
        left, right = was.get(name), now.get(name)
        if left == right:
            continue
        names = [
            one.name
            for one in fields(Instrument)
            if left is None or right is None or getattr(left, one.name) != getattr(right, one.name)
        ]
        found.append(InstrumentDiff(name, _facts(left, names), _facts(right, names)))
    return tuple(found)


def _facts(instrument: Instrument | None, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the named facts of an instrument."""
    return None if instrument is None else {name: getattr(instrument, name) for name in names}


def _factor_diffs(store: BarStore, before: int, after: int) -> tuple[str, ...]:
    """Return the names of the instruments whose factors differ."""
    names = sorted({one.name for at in (before, after) for one in store.instruments(at)})
    was, now = store.factors(names, before), store.factors(names, after)
    return tuple(name for name in names if _bits(was.get(name)) != _bits(now.get(name)))


def _bits(factors: Factors | None) -> bytes:
    """Return the bits of the steps; no factors have none."""
    if factors is None:
        return b""
    return b"".join(np.ascontiguousarray(values).tobytes() for values in factors.columns().values())
