"""pandas.read_sql over psycopg 3. Ways: `one` query for all series, or one `each`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import create_engine

from benchmarks.panel import Columns, Panel
from benchmarks.rows import table
from benchmarks.rows.measure import READ, Edit, main


class PandasReader:
    """One connection of SQLAlchemy, which is what pandas asks for."""

    def __init__(self, url: str, way: str) -> None:
        self.way = way
        self.engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
        self.link: Any = None
        self.count = 0

    def open(self, symbols: list[str]) -> None:
        """Connect."""
        self.count = len(symbols)
        self.link = self.engine.connect()

    def write(self, panel: Panel) -> None:
        """`to_sql`, many rows a statement."""
        self.link.exec_driver_sql(table.MAKE)
        frame = table.arrow(panel).to_pandas()  # type: ignore[attr-defined]  # an Arrow table
        frame.to_sql("prices", self.link, if_exists="append", index=False, method="multi", chunksize=1000)
        self.link.commit()

    def read(self, count: int) -> Iterator[Columns]:
        """A frame, then its columns."""
        if self.way == "one":
            yield _columns(pd.read_sql(table.MANY.format(count), self.link))
            return
        for series in range(count):
            yield _columns(pd.read_sql(table.ONE, self.link, params=(series,)))

    def edit(self, rows: Sequence[Edit]) -> None:
        """Statements, then COMMIT."""
        for sql in table.edits(rows):
            self.link.exec_driver_sql(sql)
        self.link.commit()

    def latest(self) -> Columns:
        """One query for all, or one a series, as an ORM that follows a relation asks."""
        if self.way == "one":
            return _columns(pd.read_sql(table.NEWEST_LATERAL, self.link, params=(self.count - 1,)))
        if self.way == "distinct":
            return _columns(pd.read_sql(table.NEWEST_DISTINCT, self.link))
        found = [pd.read_sql(table.NEWEST_OF_ONE, self.link, params=(series,)) for series in range(self.count)]
        return _columns(pd.concat(found))

    def close(self) -> None:
        """Disconnect."""
        self.link.close()
        self.engine.dispose()


def _columns(frame: Any) -> Columns:
    """Contiguous arrays of a frame; times in us."""
    times = frame["ts"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    held = {name: np.ascontiguousarray(frame[name].to_numpy()) for name in READ[1:]}
    return {"ts": times.astype("datetime64[us]").astype(np.int64), **held}


if __name__ == "__main__":
    main(PandasReader)
