"""roll_up: coarser bars that are kept, brought up to date by making those anew whose finer bars changed."""

import hashlib
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from tapehead.errors import DamagedSegmentError
from tapehead.jobs.read import Columns
from tapehead.jobs.read_period import read_layers
from tapehead.jobs.resample import placed, resample
from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS
from tapehead.layout.formats import ROLL_UP_FORMAT
from tapehead.model.bars import I64, Bars, frozen_bars
from tapehead.model.calendar import Calendar
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.rollup import RollUp
from tapehead.model.segment import SegmentRef
from tapehead.ports.bars import ChunkCache

KEPT: Final = (Interval.parse("1d"), Interval.parse("1w"))
"""Intervals of which coarser bars are kept."""
FEWEST: Final = 2_000
"""Of fewer finer bars they are made as fast as they are read."""
_MOST_OUTSIDE: Final = 10_000
_DAY_US: Final = KEPT[0].us
_FAR_US: Final = 2**61


class Rolled(NamedTuple):
    """Coarser bars of a whole series; `outside` are the times (us UTC) of the finer ones that went into none."""

    bars: Bars
    outside: I64
    kept: RollUp


@dataclass(frozen=True, slots=True)
class Source:
    """What coarser bars are made of.

    `refs` are all blocks of the series, by period, then layer; `empty` where no bar of it is expected.
    """

    series: Series
    interval: Interval
    days: Calendar
    refs: Sequence[SegmentRef]
    empty: Sequence[EmptyRange]

    @property
    def rows(self) -> int:
        """Bars in the blocks."""
        return sum(ref.rows for ref in self.refs)

    def key(self) -> bytes:
        """Return the hash of all that decides the coarser bars: blocks in order, calendar, empty ranges, intervals."""
        digest = hashlib.sha256(f"{ROLL_UP_FORMAT} {self.series.interval.us} {self.interval.us} ".encode())
        digest.update(_hash_of(self.days))
        for ref in self.refs:
            digest.update(f"{ref.period} ".encode() + ref.data)
        digest.update(repr([(one.start, one.end) for one in self.empty]).encode())
        return digest.digest()


class _Parts(NamedTuple):
    """What coarser bars were made of."""

    days: bytes
    refs: list[SegmentRef]
    empty: list[tuple[int, int]]
    outside: I64


def read_rolled(source: Source, kept: RollUp | None) -> Rolled | None:
    """Return the coarser bars that are kept, None where there are none, or they were made of something else."""
    if kept is None or kept.key != source.key():
        return None
    return Rolled(_bars(source, kept.columns), _read_parts(source.series, kept.parts).outside, kept)


def make_rolled(source: Source, columns: Columns) -> Rolled | None:
    """Make the coarser bars of all finer ones; None where too many of these lie in no session to be told of each."""
    bars = frozen_bars(source.series, columns)
    _, inside = placed(bars.ts, source.series.interval, source.days)
    outside: I64 = bars.ts[~inside]
    if len(outside) > _MOST_OUTSIDE:
        return None
    made = resample(bars, source.interval, source.days, source.empty).bars
    return _rolled(source, made, outside, len(made))


def bring_up(tiers: ChunkCache, source: Source, kept: RollUp, most: int) -> Rolled | None:
    """Make those coarser bars anew whose finer bars, or whose empty ranges, changed since the others were made.

    Parameters
    ----------
    tiers : ChunkCache
        A chain that always answers, or raises DamagedSegmentError.
    source : Source
        As it is now.
    kept : RollUp
        Of an earlier, or of any other, state of the same series.
    most : int
        So many finer bars may be read for it.

    Returns
    -------
    Rolled or None
        None where it would take more, where the calendar is another one now, or where blocks of then are gone.

    Notes
    -----
    Only periods whose blocks differ are looked at. Where new blocks lie over the old ones, their times are those that
    changed; else what the period held is compared bar by bar. A coarse bar depends on the finer ones of its step alone,
    but for its flag `after_hole`, which is worked out over all of them.
    """
    parts = _read_parts(source.series, kept.parts)
    if parts.days != _hash_of(source.days):
        return None
    reads = _Reads(tiers)
    try:
        changed = _Changed.between(reads, parts.refs, source.refs, most)
    except DamagedSegmentError:
        return None
    if changed is None:
        return None
    steps = _touched(source, parts, changed)
    windows = list(_windows(source, steps))
    refs = [ref for ref in source.refs if any(ref.first < end and ref.last >= first for first, end in windows)]
    if sum(ref.rows for ref in refs) > most:
        return None
    fresh = _made_anew(reads, source, refs, steps)
    old = _bars(source, kept.columns)
    stays = ~np.isin(_steps_of(source, old.ts), steps)
    joined: Columns = {name: np.concatenate([getattr(old, name)[stays], getattr(fresh, name)]) for name in BAR_COLUMNS}
    order = np.argsort(joined["ts"], kind="stable")
    whole: Columns = {name: values[order] for name, values in joined.items()}
    rising = _steps_of(source, whole["ts"])
    plain = whole["flags"] & np.uint8(0xFF ^ AFTER_HOLE)
    whole["flags"] = np.where(np.diff(rising, prepend=rising[:1]) > 1, plain | np.uint8(AFTER_HOLE), plain)
    _, inside = placed(changed.now, source.series.interval, source.days)
    outside = np.union1d(np.setdiff1d(parts.outside, changed.times), changed.now[~inside])
    if len(outside) > _MOST_OUTSIDE:
        return None
    return _rolled(source, frozen_bars(fresh.series, whole), outside, len(fresh))


class _Reads:
    """Reads blocks of a period laid over each other, the same ones once."""

    def __init__(self, tiers: ChunkCache) -> None:
        self._tiers = tiers
        self._known: dict[tuple[bytes, ...], Columns] = {}

    def layers(self, refs: Sequence[SegmentRef]) -> Columns:
        """Return what they hold together."""
        key = tuple(ref.data for ref in refs)
        if key not in self._known:
            self._known[key] = read_layers(self._tiers, refs)
        return self._known[key]


class _Changed(NamedTuple):
    """Times of the finer bars that came, went or changed, and of those among them that are there now; rising."""

    times: I64
    now: I64

    @staticmethod
    def between(reads: "_Reads", old: Sequence[SegmentRef], new: Sequence[SegmentRef], most: int) -> "_Changed | None":
        """Compare the blocks of each period; None where more than `most` bars would have to be read."""
        before, after = _by_period(old), _by_period(new)
        pairs = []
        for period in sorted({*before, *after}):
            was, now = before.get(period, []), after.get(period, [])
            if [ref.data for ref in was] != [ref.data for ref in now]:
                # Blocks that lie over all that was there tell by themselves what they changed.
                same = len(was) if [ref.data for ref in now[: len(was)]] == [ref.data for ref in was] else 0
                pairs.append((was[same:], now[same:]))
        if sum(ref.rows for was, now in pairs for ref in (*was, *now)) > most:
            return None
        found = [_moved(reads, was, now) for was, now in pairs]
        return _Changed(*(_union([one[at] for one in found]) for at in (0, 1)))


def _moved(reads: "_Reads", was: Sequence[SegmentRef], now: Sequence[SegmentRef]) -> tuple[I64, I64]:
    """Return the times at which two states of a period differ, and those of them at which the later has a bar."""
    new = reads.layers(now) if now else None
    old = reads.layers(was) if was else None
    if new is None or old is None:
        ts = (new or old or {"ts": np.zeros(0, np.int64)})["ts"]
        return ts, ts if new is not None else ts[:0]
    _, at, there = np.intersect1d(old["ts"], new["ts"], assume_unique=True, return_indices=True)
    same = np.ones(len(at), np.bool_)
    for name in BAR_COLUMNS:
        kind = np.uint8 if name == "flags" else np.int64
        same &= old[name][at].view(kind) == new[name][there].view(kind)
    came = np.delete(new["ts"], there[same])
    return np.union1d(np.delete(old["ts"], at[same]), came), came


def _touched(source: Source, parts: _Parts, changed: _Changed) -> I64:
    """Return the coarse steps in which a finer bar, or an empty range, came, went or changed; rising."""
    at, inside = placed(changed.times, source.series.interval, source.days)
    found = [source.days.steps(at[inside], source.interval)]
    for start, end in {*parts.empty} ^ {(one.start, one.end) for one in source.empty}:
        first, last = source.days.steps(np.array([start, end], np.int64), source.interval).tolist()
        found.append(np.arange(first - 1, last + 2, dtype=np.int64))
    return _union(found)


def _windows(source: Source, steps: I64) -> Iterator[tuple[int, int]]:
    """Yield times [first, end) outside of which no finer bar of the steps lies; a run of neighbours is one."""
    edges = np.flatnonzero(np.diff(steps, prepend=-_FAR_US, append=_FAR_US) > 1)
    for lo, hi in pairwise(edges):
        run = np.array([steps[lo], steps[hi - 1], steps[hi - 1] + 1])
        first, last, following = source.days.opens(run, source.interval).tolist()
        # Bars may bear a date, and lie before the open; a calendar ends somewhere, and has no step after its last.
        yield first - max(_DAY_US, source.series.interval.us), max(following, last + source.interval.us + _DAY_US)


def _made_anew(reads: "_Reads", source: Source, refs: Sequence[SegmentRef], steps: I64) -> Bars:
    """Make the coarse bars of some steps of the finer bars of `refs`, among which all of these steps are."""
    periods = [reads.layers(layers) for layers in _by_period(refs).values()]
    columns: Columns = {
        name: np.concatenate([part[name] for part in periods])
        if periods
        else np.zeros(0, "<i8" if name == "ts" else "<f8")
        for name in BAR_COLUMNS
    }
    at, inside = placed(columns["ts"], source.series.interval, source.days)
    mine = inside & np.isin(source.days.steps(at, source.interval), steps)
    picked: Columns = {name: np.ascontiguousarray(values[mine]) for name, values in columns.items()}
    picked["flags"] = picked["flags"].astype(np.uint8)
    return resample(frozen_bars(source.series, picked), source.interval, source.days, source.empty).bars


def _steps_of(source: Source, ts: I64) -> I64:
    """Return the step of each coarse bar."""
    return source.days.steps(ts, source.interval)


def _bars(source: Source, columns: Mapping[Any, Any]) -> Bars:
    """Return coarse bars as such."""
    return frozen_bars(Series(source.series.venue, source.series.symbol, source.interval), dict(columns))


def _rolled(source: Source, bars: Bars, outside: I64, made: int) -> Rolled:
    """Return coarse bars with what is to be kept of them."""
    parts = {
        "days": _hash_of(source.days).hex(),
        "refs": [[ref.period, ref.layer, ref.data.hex(), ref.file.hex(), *ref[5:9]] for ref in source.refs],
        "empty": [[one.start, one.end] for one in source.empty],
        "outside": outside.tolist(),
    }
    columns = {name: getattr(bars, name) for name in BAR_COLUMNS}
    return Rolled(bars, outside, RollUp(source.key(), zlib.compress(json.dumps(parts).encode(), 1), columns, made))


def _read_parts(series: Series, content: bytes) -> _Parts:
    """Undo what `_rolled` wrote."""
    parts = json.loads(zlib.decompress(content))
    refs = [
        SegmentRef(series, period, layer, bytes.fromhex(data), bytes.fromhex(file), first, last, rows, since, None)
        for period, layer, data, file, first, last, rows, since in parts["refs"]
    ]
    empty = [(start, end) for start, end in parts["empty"]]
    return _Parts(bytes.fromhex(parts["days"]), refs, empty, np.array(parts["outside"], np.int64))


def _by_period(refs: Collection[SegmentRef]) -> dict[int, list[SegmentRef]]:
    """Return refs by period, in their order."""
    return {period: list(layers) for period, layers in groupby(refs, key=lambda ref: ref.period)}


def _union(every: Sequence[I64]) -> I64:
    """Return each value once, rising."""
    return np.unique(np.concatenate([np.zeros(0, np.int64), *every]))


@lru_cache(maxsize=16)
def _hash_of(days: Calendar) -> bytes:
    """Return the hash of all sessions of a calendar: another Tapehead may know other holidays."""
    digest = hashlib.sha256(days.name.encode())
    if days.name != "24/7":
        for times in days.sessions(-_FAR_US, _FAR_US):
            digest.update(times.tobytes())
    return digest.digest()
