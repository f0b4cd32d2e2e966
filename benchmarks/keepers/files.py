"""FileKeeper: a file a symbol, and one more file for each bar that is added, the cheapest way there is."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from benchmarks.keepers.measure import Consume
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel


class FileKeeper(ABC):
    """Everything but the format; a task of the pool writes or reads one symbol."""

    ending: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.files: dict[str, list[Path]] = {}
        self.added = 0

    @abstractmethod
    def save(self, table: Any, file: IO[bytes]) -> None:
        """Write a table."""

    @abstractmethod
    def load(self, path: Path) -> Any:
        """Read a table."""

    def write(self, panel: Panel) -> None:
        """Write and fsync every file, then the folder."""
        list(self.pool.map(lambda part: self._keep(part[1], f"{part[0]}.0"), panel.parts()))
        self._sync()

    def open(self) -> None:
        """List the files of each symbol."""
        self.files = {}
        for path in sorted(self.folder.iterdir(), key=lambda path: int(path.name.split(".")[1])):
            self.files.setdefault(path.name.partition(".")[0], []).append(path)

    def read(self, consume: Consume) -> None:
        """Every symbol, each in a task."""

        def one(symbol: str) -> None:
            tables = [self.load(path) for path in self.files[symbol]]
            table = pa.concat_tables(tables) if len(tables) > 1 else tables[0]
            # Contiguous; no copy where a column is one chunk.
            consume(symbol, {name: np.ascontiguousarray(table[name].to_numpy(), DTYPES[name]) for name in COLUMNS})

        list(self.pool.map(one, self.files))

    def append(self, symbol: str, bar: Columns) -> None:
        """One more file."""
        self.added += 1
        self._keep(bar, f"{symbol}.{self.added}")
        self._sync()

    def close(self) -> None:
        """Forget the list; no file is held open."""
        self.files = {}

    def _keep(self, columns: Columns, name: str) -> None:
        """Write one file and fsync it."""
        table = pa.table({name: pa.array(columns[name]) for name in COLUMNS})
        with (self.folder / f"{name}.{self.ending}").open("wb") as file:
            self.save(table, file)
            file.flush()
            os.fsync(file.fileno())

    def _sync(self) -> None:
        """Make the names in the folder durable."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
