"""SQLite rows: what a home-made store does; WAL, synchronous FULL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from benchmarks.keepers.measure import Consume, main
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel

MAKE = (
    "CREATE TABLE bars (symbol TEXT, ts INTEGER, open REAL, high REAL, low REAL, close REAL, volume REAL, "
    "flags INTEGER, PRIMARY KEY (symbol, ts)) WITHOUT ROWID"
)
ADD = "INSERT INTO bars VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
READ = f"SELECT {', '.join(COLUMNS)} FROM bars WHERE symbol = ? ORDER BY ts"  # noqa: S608 - constants


class SqliteKeeper:
    """One table, clustered by symbol and time."""

    def __init__(self, folder: Path, layout: str) -> None:
        del layout
        self.path = folder / "bars.db"
        self.connection: sqlite3.Connection | None = None

    def write(self, panel: Panel) -> None:
        """One transaction, then the write-ahead log goes into the file."""
        held = self._connected()
        held.execute(MAKE)
        with held:
            for symbol, columns in sorted(panel.parts()):
                rows = zip(*(columns[name].tolist() for name in COLUMNS), strict=True)
                held.executemany(ADD, ((symbol, *row) for row in rows))
        held.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def open(self) -> None:
        """Connect."""
        self._connected()

    def read(self, consume: Consume) -> None:
        """Row by row into arrays."""
        held = self._connected()
        for (symbol,) in held.execute("SELECT DISTINCT symbol FROM bars").fetchall():
            columns = zip(*held.execute(READ, (symbol,)).fetchall(), strict=True)
            consume(symbol, {name: np.array(one, DTYPES[name]) for name, one in zip(COLUMNS, columns, strict=True)})

    def append(self, symbol: str, bar: Columns) -> None:
        """One row, committed."""
        held = self._connected()
        with held:
            held.execute(ADD, (symbol, *(bar[name][0].item() for name in COLUMNS)))

    def close(self) -> None:
        """Let go of the file."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _connected(self) -> sqlite3.Connection:
        """The connection, made once."""
        if self.connection is None:
            self.connection = sqlite3.connect(self.path)
            self.connection.execute("PRAGMA journal_mode = WAL")
            self.connection.execute("PRAGMA synchronous = FULL")
        return self.connection


if __name__ == "__main__":
    main(SqliteKeeper)
