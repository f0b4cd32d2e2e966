"""psycopg 3: rows as Python objects, one query a series, in the binary form; writing by COPY, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from benchmarks.panel import Columns, Panel
from benchmarks.rows import table
from benchmarks.rows.measure import READ, Edit, main

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class PsycopgReader:
    """One connection."""

    def __init__(self, url: str, way: str) -> None:
        self.url, self.way = url, way
        self.link: Any = None
        self.count = 0

    def open(self, symbols: list[str]) -> None:
        """Connect."""
        self.count = len(symbols)
        self.link = psycopg.connect(self.url, autocommit=True)

    def write(self, panel: Panel) -> None:
        """COPY."""
        with self.link.transaction(), self.link.cursor() as cursor:
            cursor.execute(table.MAKE)
            with cursor.copy(f"COPY prices (series, {table.COLUMNS}) FROM STDIN") as copy:
                for series, (_, columns) in enumerate(panel.parts()):
                    times = (EPOCH + timedelta(microseconds=each) for each in columns["ts"].tolist())
                    for row in zip(times, *(columns[name].tolist() for name in READ[1:]), strict=True):
                        copy.write_row((series, *row))

    def read(self, count: int) -> Iterator[Columns]:
        """One query a series."""
        for series in range(count):
            yield _columns(self.link.execute(table.ONE, (series,), binary=True).fetchall())

    def edit(self, rows: Sequence[Edit]) -> None:
        """Statements in a transaction."""
        with self.link.transaction():
            for sql in table.edits(rows):
                self.link.execute(sql)

    def latest(self) -> Columns:
        """One query for all, or one a series."""
        if self.way == "one":
            return _columns(self.link.execute(table.NEWEST_LATERAL, (self.count - 1,), binary=True).fetchall())
        asked = (self.link.execute(table.NEWEST_OF_ONE, (series,), binary=True) for series in range(self.count))
        return _columns([each.fetchone() for each in asked])

    def close(self) -> None:
        """Disconnect."""
        self.link.close()


def _columns(rows: list[Any]) -> Columns:
    """Rows as columns; times in us."""
    columns = list(zip(*rows, strict=True))
    times = np.array([(each - EPOCH) // MICROSECOND for each in columns[0]], np.int64)
    held = {name: np.array(values, np.float64) for name, values in zip(READ[1:], columns[1:], strict=True)}
    return {"ts": times, **held}


if __name__ == "__main__":
    main(PsycopgReader)
