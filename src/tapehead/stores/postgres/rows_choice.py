"""RowChoice: which series have rows."""

from collections.abc import Sequence
from typing import Final

from psycopg import errors

from tapehead.errors import StoreLockedError
from tapehead.model.instrument import Series
from tapehead.ports.rows import PartitionReport
from tapehead.stores.postgres.rows_bars import RowedBars
from tapehead.stores.postgres.rows_partitions import Partitions
from tapehead.stores.postgres.rows_table import RowSeries
from tapehead.stores.postgres.rows_wire import END_US, to_time
from tapehead.stores.tables.versions import sort_series

_TRIES: Final = 5


class RowChoice:
    """`ports.rows.RowStore` in PostgreSQL.

    Parameters
    ----------
    bars : RowedBars
    """

    def __init__(self, bars: RowedBars) -> None:
        self._bars = bars
        self._table = bars.table

    def listed(self) -> Sequence[Series]:
        """Return the series that have rows, sorted."""
        return sort_series(row.series for row in self._table.series())

    def switch_on(self, series: Sequence[Series]) -> int:
        """Write the rows of series that have none, and keep them from now on; return how many rows were written."""
        held = {row.series for row in self._table.series()}
        missing = [one for one in dict.fromkeys(series) if one not in held]
        if not missing:
            return 0
        self._table.check_kind()
        with self._bars.writing_rows():
            rows = [self._bars.row_of(one) for one in missing]
            for row in rows:
                self._table.ask("add_row_series", (row.place,))
            return sum(self._bars.rebuilding.fill(row) for row in sorted(rows))

    def switch_off(self, series: Sequence[Series]) -> int:
        """Make segments of what was edited, then remove the rows of series; return how many series had some."""
        asked = set(series)
        rows = [row for row in self._table.series() if row.series in asked]
        for row in rows:
            self._switch_off(row)
        return len(rows)

    def rebuild(self, series: Sequence[Series]) -> int:
        """Make segments of all rows of series, marked or not; return the number of the newest commit."""
        asked = set(series)
        with self._table.database.transaction("marks"):
            for row in self._table.series():
                if row.series in asked:
                    self._table.ask("mark_series", (row.place,))
        return self._bars.head()

    def keep_partitions(self, ahead_months: int | None, keep_months: int | None, *, keep_all: bool) -> PartitionReport:
        """Make the partitions to come, empty the default one, drop those that are too old; None: as it was set."""
        return Partitions(self._bars).keep(ahead_months, keep_months, keep_all=keep_all)

    def _switch_off(self, row: RowSeries) -> None:
        """Remove the rows of one series; an edit that comes meanwhile is in the segments first."""
        for _ in range(_TRIES):
            try:
                with self._bars.writing_rows():
                    # Waits for those who edit these rows just now, whose mark refers to it, and fails where one has.
                    self._table.ask("drop_row_series", (row.place,))
                    with self._table.unmarked():
                        self._table.ask("drop_rows_before", (row.place, to_time(END_US)))
                    return
            except errors.ForeignKeyViolation:
                continue
        raise StoreLockedError(path=self._table.database.where, pid="of an edit of these rows")
