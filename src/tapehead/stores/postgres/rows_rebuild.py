"""Rebuild: segments of the rows that somebody edited, and rows of what our own commits changed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS
from tapehead.model.segment import Draft, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.postgres.locks import WRITER
from tapehead.stores.postgres.rows_edited import Edited, held_at
from tapehead.stores.postgres.rows_table import RowBuffer, RowSeries, RowTable, check_rows
from tapehead.stores.postgres.rows_wire import END_US, Columns, to_time
from tapehead.stores.tables.commit import Facts, Writing
from tapehead.stores.tables.database import SegmentBytes
from tapehead.stores.tables.layers import Layers


class Rebuild:
    """Keeps rows and segments of the same bars equal, either way. Safe from many threads.

    Parameters
    ----------
    table : RowTable
    files : SegmentBytes
    layers : Layers
    codec : Codec
    """

    def __init__(self, table: RowTable, files: SegmentBytes, layers: Layers, codec: Codec) -> None:
        self._table = table
        self._files = files
        self._layers = layers
        self._codec = codec

    @property
    def _database(self) -> PostgresDatabase:
        """The database of the table."""
        return self._table.database

    def rebuild(self) -> bool:
        """Make segments of all rows that are marked; False where another one writes the store just now.

        Rows, marks and segments are those of one moment; the marks that it saw go with the commit, and one that came
        meanwhile stays. Where somebody edits a row whose flag is mended here, or the server goes away, it begins again.
        """

        def once() -> bool:
            with self._database.still("rows that were edited", WRITER) as mine:
                if mine:
                    self._write()
                return mine

        # Whole in itself: it reads what is marked, and the marks go with the commit.
        return self._database.outlast(once)

    def follow(self, before: int) -> None:
        """Write into the rows what our own commits after `before` changed; in their transaction."""
        changed = self._table.ask("changed_periods", {"before": before}).fetchall()
        if not changed:
            return
        head = self._head()
        rows = {row.place: row for row in self._table.series()}
        floor = self._table.floor()
        with self._table.unmarked():
            buffer = RowBuffer(self._table)
            for place, period in changed:
                self._follow_period(rows[place], period, (before, head), floor, buffer)
            buffer.flush()

    def fill(self, row: RowSeries, end: int = END_US) -> int:
        """Write all rows of a series before `end` from its segments, and return how many; under the writer lock."""
        floor, count = self._table.floor(), 0
        blocks = held_at(self._table, row, self._head(), None)
        # Before a statement that names no time, and so locks the default partition for as long as this goes on.
        self._table.make_months(_months_of(blocks))
        with self._table.unmarked():
            self._table.ask("drop_rows_before", (row.place, to_time(end)))
            buffer = RowBuffer(self._table)
            for period in dict.fromkeys(ref.period for ref in blocks if ref.first < end):
                columns = _between(self._layers.whole([ref for ref in blocks if ref.period == period]), floor, end)
                check_rows(row.series, columns)
                buffer.add(row.place, columns)
                count += len(columns["ts"])
            buffer.flush()
        return count

    def _write(self) -> None:
        """Write the commit, in its transaction."""
        marks = self._table.marks()
        if not marks:
            return
        writing = Writing(self._database, self._files, self._codec)
        edited = Edited(self._table, self._layers, self._head())
        names: list[str] = []
        for found in edited.periods(marks):
            writing.replace(Draft(found.row.series, found.period, found.columns))
            names.append(f"{found.row.series.instrument} {found.row.series.interval}")
            if len(found.wrong):
                columns = found.columns
                with self._table.unmarked():
                    self._table.mend_flags(found.row.place, columns["ts"][found.wrong], columns["flags"][found.wrong])
        writing.finish("rows", _note(names), Facts())
        self._table.ask("drop_marks", ([mark.id for mark in marks],))

    def _follow_period(
        self, row: RowSeries, period: int, snapshots: tuple[int, int], floor: int, buffer: RowBuffer
    ) -> None:
        """Write what differs between two snapshots of a period, and nothing else: others may have edited the rest."""
        old, new = (self._at(row, period, snapshot, floor) for snapshot in snapshots)
        place = row.place
        self._table.make_months(new["ts"])
        if not len(old["ts"]):
            check_rows(row.series, new)
            if len(new["ts"]) and self._table.has(place, int(new["ts"][0]), int(new["ts"][-1])):
                self._table.drop(place, new["ts"])
            buffer.add(place, new)
            return
        gone, came = _moved(old, new), _moved(new, old)
        fresh: Columns = {name: new[name][came] for name in BAR_COLUMNS}
        check_rows(row.series, fresh)
        added = fresh["ts"][~np.isin(fresh["ts"], old["ts"], assume_unique=True)]
        # Where somebody put a row that no segment held, in the place of a new bar, that goes too.
        strange = len(added) and self._table.count(place, int(added[0]), int(added[-1])) != _within(old["ts"], added)
        self._table.drop(place, np.union1d(old["ts"][gone], added) if strange else old["ts"][gone])
        buffer.add(place, fresh)

    def _at(self, row: RowSeries, period: int, snapshot: int, floor: int) -> Columns:
        """Return the bars of a period at a snapshot, those that have rows."""
        blocks = held_at(self._table, row, snapshot, period)
        if not blocks:
            return {name: np.zeros(0, "<f8") if name != "ts" else np.zeros(0, "<i8") for name in BAR_COLUMNS}
        return _between(self._layers.whole(blocks), floor, END_US)

    def _head(self) -> int:
        """Return the newest commit, as this transaction sees it."""
        return int(self._table.ask("head_and_marks").fetchone()[0])


def _months_of(blocks: Sequence[SegmentRef]) -> NDArray[np.int64]:
    """Return the first time of each month that blocks touch."""
    spans = [np.array([ref.first, ref.last], "datetime64[us]").astype("datetime64[M]") for ref in blocks]
    months = [np.arange(first, last + 1) for first, last in spans]
    every = np.unique(np.concatenate(months)) if months else np.zeros(0, "datetime64[M]")
    return every.astype("datetime64[us]").astype(np.int64)


def _between(columns: Columns, first: int, end: int) -> Columns:
    """Return the bars of first <= ts < end."""
    lo, hi = np.searchsorted(columns["ts"], [first, end]).tolist()
    return {name: columns[name][lo:hi] for name in BAR_COLUMNS}


def _within(ts: NDArray[np.int64], span: NDArray[np.int64]) -> int:
    """Count the times that lie from the first to the last of others; both rise."""
    lo, hi = np.searchsorted(ts, span[0], side="left"), np.searchsorted(ts, span[-1], side="right")
    return int(hi - lo)


def _moved(bars: Columns, others: Columns) -> NDArray[np.bool_]:
    """Say of each bar whether the others do not hold it, bit for bit."""
    if not len(others["ts"]):
        return np.ones(len(bars["ts"]), np.bool_)
    at = np.minimum(np.searchsorted(others["ts"], bars["ts"]), len(others["ts"]) - 1)
    moved = np.zeros(len(bars["ts"]), np.bool_)
    for name in BAR_COLUMNS:
        kind = np.uint8 if name == "flags" else np.int64
        moved |= bars[name].view(kind) != others[name][at].view(kind)
    return moved


def _note(names: Sequence[str]) -> str:
    """Return the note of a commit of edited rows."""
    every = list(dict.fromkeys(names))
    shown = ", ".join(every[:3]) + (f" and {len(every) - 3:,} more" if len(every) > 3 else "")
    return f"rows edited by SQL: {shown or 'none of a series that has some'}"
