"""Parquet with zstd, a file a symbol.

Layouts: `dictionary` (pyarrow's default), `plain` without dictionaries, `split` with BYTE_STREAM_SPLIT prices.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.keepers.measure import Consume, main
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel

OPTIONS: dict[str, dict[str, Any]] = {
    "dictionary": {},
    "plain": {"use_dictionary": False},
    "split": {"use_dictionary": False, "use_byte_stream_split": list(COLUMNS[1:6])},
}


class ParquetKeeper:
    """Files of one row group; a bar that is added becomes a file of its own, the cheapest way there is."""

    def __init__(self, folder: Path, layout: str) -> None:
        self.folder = folder
        self.options = OPTIONS[layout or "dictionary"]
        self.pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.files: dict[str, list[Path]] = {}
        self.added = 0

    def write(self, panel: Panel) -> None:
        """Write and fsync every file, then the folder."""
        list(self.pool.map(lambda part: self._keep(part[1], self.folder / f"{part[0]}.0.parquet"), panel.parts()))
        _sync(self.folder)

    def open(self) -> None:
        """List the files of each symbol."""
        self.files = {}
        for path in sorted(self.folder.iterdir(), key=lambda path: int(path.name.split(".")[1])):
            self.files.setdefault(path.name.partition(".")[0], []).append(path)

    def read(self, consume: Consume) -> None:
        """Every symbol, each in a task."""

        def one(symbol: str) -> None:
            tables = [pq.ParquetFile(path, pre_buffer=False).read(use_threads=False) for path in self.files[symbol]]
            table = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
            consume(symbol, _arrays(table))

        list(self.pool.map(one, self.files))

    def append(self, symbol: str, bar: Columns) -> None:
        """One more file."""
        self.added += 1
        self._keep(bar, self.folder / f"{symbol}.{self.added}.parquet")
        _sync(self.folder)

    def close(self) -> None:
        """Nothing is held."""

    def _keep(self, columns: Columns, path: Path) -> None:
        """Write one file and fsync it."""
        table = pa.table({name: pa.array(columns[name]) for name in COLUMNS})
        with path.open("wb") as file:
            pq.write_table(table, file, compression="zstd", row_group_size=1 << 24, **self.options)
            file.flush()
            os.fsync(file.fileno())


def _arrays(table: Any) -> Columns:
    """Contiguous NumPy arrays; no copy where a column is one chunk."""
    return {name: np.ascontiguousarray(table[name].to_numpy(), DTYPES[name]) for name in COLUMNS}


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


if __name__ == "__main__":
    main(ParquetKeeper)
