"""Tapehead through its door, on the URL of a store. A write of the way `rows` only begins each series, with rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import tapehead as th
from benchmarks.keepers.with_tapehead import drafts_of
from benchmarks.panel import Columns, Panel
from benchmarks.rows.measure import READ, Edit, main

EDIT = (
    "UPDATE tapehead.bars SET volume = %s WHERE series = tapehead.series_of(%s, '1h')"
    " AND ts = timestamptz '1970-01-01 00:00Z' + %s * interval '1 microsecond'"
)


class TapeheadReader:
    """One open store."""

    def __init__(self, url: str, way: str) -> None:
        self.url, self.way = url, way
        self.store: Any = None
        self.symbols: list[str] = []

    def open(self, symbols: list[str]) -> None:
        """Open the store."""
        self.symbols = symbols
        self.store = th.open(self.url)

    def write(self, panel: Panel) -> None:
        """One commit; each segment is hashed, written, read back and compared; `rows` keeps rows from then on."""
        if self.way == "rows":
            # A series has rows by choice, which needs a bar of it.
            firsts = [0, *panel.offsets[1:-1]]
            panel = panel._replace(
                offsets=tuple(range(len(panel.symbols) + 1)),
                columns={name: values[firsts] for name, values in panel.columns.items()},
            )
        drafts, named = drafts_of(panel)
        self.store.house.bars.commit(drafts, note="bench", instruments=named)
        if self.way == "rows":
            self.store.rows_on()

    def read(self, count: int) -> Iterator[Columns]:
        """One call for all."""
        held = self.store.bars(self.symbols[:count], "1h")
        for symbol in self.symbols[:count]:
            bars = held[f"bench:{symbol}"]
            yield {name: getattr(bars, name) for name in READ}

    def edit(self, rows: Sequence[Edit]) -> None:
        """Statements in a transaction, of somebody who knows SQL alone."""
        import psycopg

        with psycopg.connect(self.url) as link:
            for row in rows:
                link.execute(EDIT, (row.volume, self.symbols[row.series], row.ts))

    def latest(self) -> Columns:
        """One call for all."""
        found = self.store.latest(interval="1h")
        if found.instrument.tolist() != [f"bench:{symbol}" for symbol in self.symbols]:
            raise RuntimeError("not every series has a newest bar")
        return {name: np.ascontiguousarray(getattr(found, name)) for name in READ}

    def close(self) -> None:
        """Close the store."""
        self.store.close()


if __name__ == "__main__":
    main(TapeheadReader)
