"""read_bars: the bars of one series out of the tiers, whole and in order."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, PARTIAL, Column
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Series
from tapehead.model.layers import lay_over
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.ports.bars import SeriesCache, Tiers

Columns = dict[Column, NDArray[Any]]
Asked = tuple[Sequence[SegmentRef], Sequence[Column]]
"""Refs of one series, at least one, by period, then layer; and the columns that are wanted of it."""
BAR_BYTES = sum(np.dtype(dtype).itemsize for dtype in BAR_DTYPES.values())
_ROWS_AT_ONCE = 4_000_000
_blocks = threading.local()


def _references_alone() -> int:
    """Count the references to a block that nobody else holds, as `_room` sees them; interpreters differ by one."""
    _blocks.block = np.empty(0, np.uint8)
    block = getattr(_blocks, "block", None)
    return sys.getrefcount(block)


_ALONE = _references_alone()


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Where bars are read from.

    `memory` keeps whole series, None where nothing shall be kept.
    """

    tiers: Tiers
    memory: SeriesCache | None = None

    def is_hot(self, refs: Sequence[SegmentRef]) -> bool:
        """Say whether a series can most likely be read without decoding: its newest segment speaks for all."""
        if self.memory is not None and self.memory.has(tuple(ref.data for ref in refs)):
            return True
        return self.tiers.has(next((ref for ref in reversed(refs) if ref.layer != TAIL), refs[-1]), BAR_COLUMNS)


def read_bars(
    shelf: Shelf, series: Series, refs: Sequence[SegmentRef], start: int | None, end: int | None, warm: int
) -> Bars:
    """Read one series.

    Parameters
    ----------
    refs : sequence of SegmentRef
        Of this series, by period, then layer.
    start, end : int or None
        Asked range, us UTC, half-open; None is open.
    warm : int
        Bars wanted before `start`; fewer where the store has fewer, none where `start` is None.

    Returns
    -------
    Bars
        Without bars flagged partial: an unfinished bar is no bar.
    """
    # Here, not above: it brings the compiler, which a process that only lists or imports should not wait for.
    from tapehead.simulation.survey import survey

    columns = read_series(shelf, refs)
    ts = columns["ts"]
    lo = 0 if start is None else int(np.searchsorted(ts, start))
    hi = ts.shape[0] if end is None else int(np.searchsorted(ts, end))
    first = max(lo - warm, 0)
    lead = min(lo - first, max(hi - first, 0))
    cut: Columns = {name: columns[name][first : max(hi, first)] for name in BAR_COLUMNS}
    if survey(cut["flags"]).some & PARTIAL:
        whole = (cut["flags"] & PARTIAL) == 0
        lead = int(whole[:lead].sum())
        cut = {name: np.ascontiguousarray(values[whole]) for name, values in cut.items()}
    return frozen_bars(series, cut, lead, [ref.data for ref in refs])


def read_series(shelf: Shelf, refs: Sequence[SegmentRef], names: Sequence[Column] = BAR_COLUMNS) -> Columns:
    """Return whole columns of a series, layers of a period laid over each other, unfinished bars included.

    Parameters
    ----------
    refs : sequence of SegmentRef
        Of one series, at least one, by period, then layer.
    names : sequence of str
        What to read; from memory where the whole series is kept, which only reading all of it brings there.
    """
    return _read(shelf, [(refs, names)], _room)[0]


def read_each(shelf: Shelf, asked: Sequence[Asked]) -> list[Columns]:
    """Return what `read_series` does of each of several series, by one look at the store for all."""
    return _read(shelf, asked, _fresh)


def together(sizes: Iterable[int], most: int = _ROWS_AT_ONCE) -> Iterator[slice]:
    """Yield which series to read at once, by the rows that each is worth: what one look brings stays bounded."""
    lo = place = rows = 0
    for place, size in enumerate(sizes, 1):
        if rows and rows + size > most:
            yield slice(lo, place - 1)
            lo, rows = place - 1, 0
        rows += size
    if place:
        yield slice(lo, place)


def _read(shelf: Shelf, asked: Sequence[Asked], room: Callable[[int], Columns]) -> list[Columns]:
    """Take series from memory, the others together out of the tiers; what memory will not keep goes into `room`."""
    found: list[Columns] = []
    fresh: dict[int, bool] = {}
    wanted: list[tuple[SegmentRef, Columns]] = []
    for place, (refs, names) in enumerate(asked):
        kept = shelf.memory.get(_key(refs)) if shelf.memory is not None else None
        if kept is not None:
            found.append({name: kept[name] for name in names})
            continue
        rows = sum(ref.rows for ref in refs)
        whole = len(names) == len(BAR_COLUMNS)
        fresh[place] = whole and shelf.memory is not None and shelf.memory.has_room(rows * BAR_BYTES)
        columns = (_fresh if fresh[place] else room)(rows) if whole else _some(refs, names, rows)
        found.append(columns)
        wanted += _parts(refs, columns)
    shelf.tiers.read_many(wanted)
    for place, keeps in fresh.items():
        refs, names = asked[place]
        columns = found[place] if _is_flat(refs) else _merged(found[place], refs)
        if shelf.memory is not None and keeps:
            shelf.memory.put(_key(refs), columns)
        found[place] = {name: columns[name] for name in names}
    return found


def _key(refs: Sequence[SegmentRef]) -> tuple[bytes, ...]:
    """Return what names a series in memory."""
    return tuple(ref.data for ref in refs)


def _some(refs: Sequence[SegmentRef], names: Sequence[Column], rows: int) -> Columns:
    """Return arrays for some columns; layers need their times to be laid over each other."""
    wanted = names if _is_flat(refs) else dict.fromkeys(("ts", *names))
    return {name: np.empty(rows, BAR_DTYPES[name]) for name in wanted}


def _parts(refs: Sequence[SegmentRef], columns: Columns) -> Iterator[tuple[SegmentRef, Columns]]:
    """Yield each ref with its rows of the columns."""
    at = 0
    for ref in refs:
        yield ref, {name: values[at : at + ref.rows] for name, values in columns.items()}
        at += ref.rows


def _fresh(rows: int) -> Columns:
    """Return arrays of `rows` for every column, to be kept."""
    return {name: np.empty(rows, dtype) for name, dtype in BAR_DTYPES.items()}


def _room(rows: int) -> Columns:
    """Return arrays of `rows` for every column, out of this thread's block where nobody looks at it any more.

    Fresh memory costs a page fault every 4 KiB, as much time as reading into it. The block is taken again only when
    no view of it is left: a strategy that keeps a column keeps its block, and the next task gets another one.
    """
    size = rows * BAR_BYTES
    block: NDArray[np.uint8] | None = getattr(_blocks, "block", None)
    if block is None or block.nbytes < size or sys.getrefcount(block) > _ALONE:
        block = _blocks.block = np.empty(size + size // 8, np.uint8)
    columns: Columns = {}
    at = 0
    for name, dtype in BAR_DTYPES.items():
        end = at + rows * np.dtype(dtype).itemsize
        columns[name] = block[at:end].view(dtype)
        at = end
    return columns


def _is_flat(refs: Sequence[SegmentRef]) -> bool:
    """Say whether each period has one layer."""
    return len({ref.period for ref in refs}) == len(refs)


def _merged(columns: Columns, refs: Sequence[SegmentRef]) -> Columns:
    """Lay the layers of each period over each other."""
    return lay_over([part for _, part in _parts(refs, columns)])
