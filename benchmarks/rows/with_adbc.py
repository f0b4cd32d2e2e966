"""ADBC: Arrow out of PostgreSQL, and back. Ways: `one` query for all, or one `each` series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import numpy as np

from benchmarks.panel import Columns, Panel
from benchmarks.rows import table
from benchmarks.rows.measure import READ, Edit, main


class AdbcReader:
    """One connection."""

    def __init__(self, url: str, way: str) -> None:
        self.url, self.way = url, way
        self.link: Any = None
        self.count = 0

    def open(self, symbols: list[str]) -> None:
        """Connect."""
        self.count = len(symbols)
        self.link = adbc.connect(self.url)

    def write(self, panel: Panel) -> None:
        """COPY of an Arrow table into a table with its primary key."""
        with self.link.cursor() as cursor:
            cursor.execute(table.MAKE)
            cursor.adbc_ingest("prices", table.arrow(panel), mode="append")
        self.link.commit()

    def read(self, count: int) -> Iterator[Columns]:
        """Arrow to NumPy; one chunk a column."""
        if self.way == "one":
            yield self._asked(table.MANY.format(count))
            return
        for series in range(count):
            yield self._asked(table.ONE % series)

    def edit(self, rows: Sequence[Edit]) -> None:
        """Statements, then COMMIT."""
        with self.link.cursor() as cursor:
            for sql in table.edits(rows):
                cursor.execute(sql)
        self.link.commit()

    def latest(self) -> Columns:
        """One query."""
        return self._asked(table.NEWEST_LATERAL % (self.count - 1))

    def close(self) -> None:
        """Disconnect."""
        self.link.close()

    def _asked(self, sql: str) -> Columns:
        """Columns of an answer."""
        with self.link.cursor() as cursor:
            cursor.execute(sql)
            held = cursor.fetch_arrow_table()
        columns = {name: np.ascontiguousarray(held[name].to_numpy()) for name in READ}
        columns["ts"] = columns["ts"].view(np.int64)
        return columns


if __name__ == "__main__":
    main(AdbcReader)
