"""Feather (the Arrow file format), a file a symbol, through a memory map.

Layouts: `lz4`, and `raw`, which decodes nothing and copies nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from benchmarks.keepers.files import FileKeeper
from benchmarks.keepers.measure import main


class FeatherKeeper(FileKeeper):
    """Files of one record batch."""

    ending = "feather"

    def __init__(self, folder: Path, layout: str) -> None:
        super().__init__(folder)
        self.options = pa.ipc.IpcWriteOptions(compression=None if layout == "raw" else "lz4")
        pa.set_cpu_count(1)  # the pool has a thread a core already

    def save(self, table: Any, file: IO[bytes]) -> None:
        """Write one file."""
        with pa.ipc.new_file(file, table.schema, options=self.options) as writer:
            writer.write_table(table)

    def load(self, path: Path) -> Any:
        """One file, mapped."""
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


if __name__ == "__main__":
    main(FeatherKeeper)
