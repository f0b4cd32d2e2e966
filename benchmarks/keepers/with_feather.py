"""Feather (the Arrow file format), a file a symbol, through a memory map.

Layouts: `lz4`, and `raw`, which decodes nothing and copies nothing.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.keepers.measure import Consume, main
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel


class FeatherKeeper:
    """Files of one record batch; a bar that is added becomes a file of its own, the cheapest way there is."""

    def __init__(self, folder: Path, layout: str) -> None:
        self.folder = folder
        self.options = pa.ipc.IpcWriteOptions(compression=None if layout == "raw" else "lz4")
        self.pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.files: dict[str, list[Path]] = {}
        self.added = 0
        pa.set_cpu_count(1)  # the pool above has a thread a core already

    def write(self, panel: Panel) -> None:
        """Write and fsync every file, then the folder."""
        list(self.pool.map(lambda part: self._keep(part[1], self.folder / f"{part[0]}.0.feather"), panel.parts()))
        _sync(self.folder)

    def open(self) -> None:
        """List the files of each symbol."""
        self.files = {}
        for path in sorted(self.folder.iterdir(), key=lambda path: int(path.name.split(".")[1])):
            self.files.setdefault(path.name.partition(".")[0], []).append(path)

    def read(self, consume: Consume) -> None:
        """Every symbol, each in a task."""

        def one(symbol: str) -> None:
            tables = [_table(path) for path in self.files[symbol]]
            table = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
            consume(symbol, _arrays(table))

        list(self.pool.map(one, self.files))

    def append(self, symbol: str, bar: Columns) -> None:
        """One more file."""
        self.added += 1
        self._keep(bar, self.folder / f"{symbol}.{self.added}.feather")
        _sync(self.folder)

    def close(self) -> None:
        """Nothing is held."""

    def _keep(self, columns: Columns, path: Path) -> None:
        """Write one file and fsync it."""
        table = pa.table({name: pa.array(columns[name]) for name in COLUMNS})
        with path.open("wb") as file:
            with pa.ipc.new_file(file, table.schema, options=self.options) as writer:
                writer.write_table(table)
            file.flush()
            os.fsync(file.fileno())


def _table(path: Path) -> Any:
    """One file, mapped."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _arrays(table: Any) -> Columns:
    """Contiguous NumPy arrays; no copy where a column is one chunk."""
    return {name: np.ascontiguousarray(table[name].to_numpy(), DTYPES[name]) for name in COLUMNS}


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


if __name__ == "__main__":
    main(FeatherKeeper)
