"""DuckDB: one table in the panel's order.

Layouts: `numpy` fetches all of it into NumPy arrays, `arrow` goes through an Arrow table.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.keepers.measure import Consume, main
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel

MAKE = (
    "CREATE TABLE bars (symbol INTEGER, ts BIGINT, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, "
    "volume DOUBLE, flags UTINYINT)"
)
ALL = f"SELECT {', '.join(COLUMNS)} FROM bars ORDER BY symbol, ts"  # noqa: S608 - constants
AS_KEPT = f"SELECT {', '.join(COLUMNS)} FROM bars"  # noqa: S608 - constants


class DuckKeeper:
    """Rows come back in the order they went in, so nothing is sorted unless a bar was added meanwhile."""

    def __init__(self, folder: Path, layout: str) -> None:
        self.path = folder / "bars.duckdb"
        self.layout = layout or "numpy"
        self.connection: Any = None
        self.query = AS_KEPT

    def write(self, panel: Panel) -> None:
        """One transaction and a checkpoint."""
        self.open()
        symbol = np.repeat(np.arange(len(panel.symbols), dtype=np.int32), np.diff(panel.offsets))
        table = pa.table({"symbol": symbol, **{name: panel.columns[name] for name in COLUMNS}})
        self.connection.execute(MAKE)
        self.connection.register("given", table)
        self.connection.execute("INSERT INTO bars SELECT * FROM given")
        self.connection.execute("CHECKPOINT")

    def open(self) -> None:
        """Connect, with a thread a core."""
        if self.connection is None:
            self.connection = duckdb.connect(str(self.path), config={"threads": len(os.sched_getaffinity(0))})

    def read(self, consume: Consume) -> None:
        """The whole table at once."""
        found = self.connection.execute(self.query)
        if self.layout == "arrow":
            table = found.to_arrow_table()
            consume(None, {name: np.ascontiguousarray(table[name].to_numpy(), DTYPES[name]) for name in COLUMNS})
        else:
            arrays = found.fetchnumpy()
            consume(None, {name: np.ascontiguousarray(np.asarray(arrays[name]), DTYPES[name]) for name in COLUMNS})

    def append(self, symbol: str, bar: Columns) -> None:
        """One INSERT, committed; the first symbol of the panel is number 0."""
        del symbol
        self.query = ALL
        values = [0, *(bar[name][0].item() for name in COLUMNS)]
        self.connection.execute("INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def close(self) -> None:
        """Let go of the file."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


if __name__ == "__main__":
    main(DuckKeeper)
