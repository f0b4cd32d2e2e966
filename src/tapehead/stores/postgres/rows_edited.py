"""Edited: what the rows of bars hold of the periods that were edited, as segments will hold them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import AFTER_HOLE, BAR_COLUMNS
from tapehead.model.instrument import Series
from tapehead.model.segment import SegmentRef
from tapehead.stores.postgres.rows_table import RowSeries, RowTable, Span, span_of
from tapehead.stores.postgres.rows_wire import END_US, FIRST_US, Columns
from tapehead.stores.tables.layers import Layers

_MONTH_US = 31 * 86_400_000_000


class Period(NamedTuple):
    """A period of a series as its rows have it, flags of holes made right; `wrong` are the rows that had others."""

    row: RowSeries
    period: int
    columns: Columns
    wrong: NDArray[np.int64]


class Edited:
    """Reads inside one transaction, which sees rows and marks of one moment.

    Parameters
    ----------
    table : RowTable
    layers : Layers
        Reads what the segments hold, of rows that were dropped by age.
    head : int
        The newest commit.
    """

    def __init__(self, table: RowTable, layers: Layers, head: int) -> None:
        self._table = table
        self._layers = layers
        self._head = head
        self._floor = table.floor()

    def periods(self, marks: Sequence[Span]) -> Iterator[Period]:
        """Yield what was edited, and the period after it, whose first bar may tell of a hole; by series and period."""
        of_all = [mark for mark in marks if mark.place is None]
        for row in self._table.series():
            own = of_all + [mark for mark in marks if mark.place == row.place]
            if own:
                yield from self._of_series(row, own)

    def held(self, row: RowSeries, period: int | None = None) -> list[SegmentRef]:
        """Return the blocks of a series, by default of all its periods."""
        return held_at(self._table, row, self._head, period)

    def rows(self, row: RowSeries, period: int, held: Sequence[SegmentRef]) -> Columns:
        """Return a period as the rows have it; before the floor as `held`, its blocks, have it."""
        first, end = span_of(row.series.interval, period)
        if self._floor <= first or not held:
            return self._table.read(row.place, max(first, self._floor), end)
        old = self._layers.whole(held)
        keep = old["ts"] < self._floor
        parts = [{name: old[name][keep] for name in BAR_COLUMNS}]
        if self._floor < end:
            parts.append(self._table.read(row.place, self._floor, end))
        return {name: np.concatenate([part[name] for part in parts]) for name in BAR_COLUMNS}

    def touched(self, row: RowSeries, marks: Sequence[Span], held: Collection[int]) -> list[int]:
        """Return the periods that marks name and that hold bars, or have rows; rising."""
        period_of = row.series.interval.period_of
        found: set[int] = set()
        outer: Any = ()
        for mark in marks:
            first, last = mark.first, mark.last
            if last - first > _MONTH_US:
                # Of so long a time only the part with rows can bring periods that are not held yet.
                outer = self._table.outer(row.place) if outer == () else outer
                low, high = period_of(first), period_of(min(last, END_US - 1))
                found |= {one for one in held if low <= one <= high}
                first, last = (max(first, outer[0]), min(last, outer[1])) if outer else (0, -1)
            while first <= last:
                found.add(period_of(first))
                first = span_of(row.series.interval, period_of(first))[1]
        return sorted(found)

    def _of_series(self, row: RowSeries, marks: Sequence[Span]) -> Iterator[Period]:
        """Yield the periods of one series."""
        blocks: dict[int, list[SegmentRef]] = {}
        for ref in self.held(row):
            blocks.setdefault(ref.period, []).append(ref)
        touched = self.touched(row, marks, blocks)
        after = {min((one for one in blocks if one > period), default=period) for period in touched}
        lasts = {period: max(ref.last for ref in refs) for period, refs in blocks.items()}
        steps = _steps_of(self._table, row.series)
        for period in sorted({*touched, *after}):
            columns = self.rows(row, period, blocks.get(period, ()))
            before = max((last for one, last in lasts.items() if one < period), default=None)
            flags = _flags(columns, before, steps)
            wrong = np.flatnonzero(flags != columns["flags"])
            lasts.pop(period, None)
            if len(flags):
                lasts[period] = int(columns["ts"][-1])
            yield Period(row, period, {**columns, "flags": flags}, wrong)


def held_at(table: RowTable, row: RowSeries, snapshot: int, period: int | None) -> list[SegmentRef]:
    """Return the blocks of a series that a snapshot holds, of one period or of all, in order."""
    rows = table.ask("blocks_at", {"series": row.place, "snapshot": snapshot, "period": period})
    return [SegmentRef(row.series, *one) for one in rows]


def _steps_of(table: RowTable, series: Series) -> Any:
    """Return what counts the steps of the grid of a series."""
    from tapehead.model.calendar import calendar

    found = table.ask("calendar_of", (series.venue, series.symbol)).fetchone()
    grid = calendar(found[0] if found is not None else "24/7")
    return lambda ts: grid.steps(ts, series.interval)


def _flags(columns: Columns, before: int | None, steps: Any) -> NDArray[np.uint8]:
    """Return the flags of bars, of which the one before the first is at `before`, with holes flagged as they are."""
    ts, flags = columns["ts"], columns["flags"]
    if not len(ts):
        return flags
    known = np.concatenate([[ts[0] if before is None else before], ts])
    holes = np.diff(steps(known)) > 1
    return np.where(holes, flags | np.uint8(AFTER_HOLE), flags & np.uint8(0xFF ^ AFTER_HOLE)).astype(np.uint8)


def whole_span(mark: int, place: int) -> Span:
    """Return a mark of all that a series has."""
    return Span(mark, place, FIRST_US, END_US - 1)
