"""ArcticDB on LMDB: a symbol a series, the times as its index. Layouts: `one` symbol after the other, `batch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arcticdb
import numpy as np
import pandas as pd

from benchmarks.keepers.measure import Consume, main
from benchmarks.panel import COLUMNS, DTYPES, Columns, Panel


class ArcticKeeper:
    """DataFrames; each column is a contiguous array."""

    def __init__(self, folder: Path, layout: str) -> None:
        self.folder = folder
        self.layout = layout or "batch"
        self.arctic: Any = None
        self.library: Any = None

    def write(self, panel: Panel) -> None:
        """One batch; LMDB fsyncs its transactions."""
        self.open()
        payloads = [arcticdb.WritePayload(symbol, _frame(columns)) for symbol, columns in panel.parts()]
        self.library.write_batch(payloads)

    def open(self) -> None:
        """Connect."""
        self.arctic = arcticdb.Arctic(f"lmdb://{self.folder}?map_size=2GB")
        self.library = self.arctic.get_library("bars", create_if_missing=True)

    def read(self, consume: Consume) -> None:
        """Every symbol."""
        symbols = sorted(self.library.list_symbols())
        if self.layout == "batch":
            for found in self.library.read_batch(symbols):
                consume(found.symbol, _arrays(found.data))
        else:
            for symbol in symbols:
                consume(symbol, _arrays(self.library.read(symbol).data))

    def append(self, symbol: str, bar: Columns) -> None:
        """One row."""
        self.library.append(symbol, _frame(bar))

    def close(self) -> None:
        """Let go of the database."""
        self.library = self.arctic = None


def _frame(columns: Columns) -> Any:
    """A DataFrame on times in ns, the only ones it takes."""
    index = pd.DatetimeIndex(columns["ts"].view("datetime64[us]").astype("datetime64[ns]"), name="ts")
    return pd.DataFrame({name: columns[name] for name in COLUMNS[1:]}, index=index, copy=False)


def _arrays(frame: Any) -> Columns:
    """Contiguous arrays, times in us again."""
    ts = frame.index.to_numpy().view(np.int64) // 1000
    return {"ts": ts, **{name: np.ascontiguousarray(frame[name].to_numpy(), DTYPES[name]) for name in COLUMNS[1:]}}


if __name__ == "__main__":
    main(ArcticKeeper)
