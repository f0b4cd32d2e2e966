"""Parquet with zstd, a file a symbol.

Layouts: `dictionary` (pyarrow's default), `plain` without dictionaries, `split` with BYTE_STREAM_SPLIT prices.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

from benchmarks.keepers.files import FileKeeper
from benchmarks.keepers.measure import main
from benchmarks.panel import COLUMNS

OPTIONS: dict[str, dict[str, Any]] = {
    "dictionary": {},
    "plain": {"use_dictionary": False},
    "split": {"use_dictionary": False, "use_byte_stream_split": list(COLUMNS[1:6])},
}


class ParquetKeeper(FileKeeper):
    """Files of one row group."""

    ending = "parquet"

    def __init__(self, folder: Path, layout: str) -> None:
        super().__init__(folder)
        self.options = OPTIONS[layout or "dictionary"]

    def save(self, table: Any, file: IO[bytes]) -> None:
        """Write one file."""
        pq.write_table(table, file, compression="zstd", row_group_size=1 << 24, **self.options)

    def load(self, path: Path) -> Any:
        """Read one file in the thread that asks."""
        return pq.ParquetFile(path, pre_buffer=False).read(use_threads=False)


if __name__ == "__main__":
    main(ParquetKeeper)
