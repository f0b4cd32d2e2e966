"""Tapehead, below its door: what a backtest does to get at bars, and what an import does to keep them.

Layouts: `hot` reads the files of the hot tier, `memory` the tier above it, `segments` decodes the segments and keeps
nothing, `first` decodes them and fills the hot tier, as the first backtest after an import does.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.keepers.measure import Consume, main
from benchmarks.panel import COLUMNS, Columns, Panel
from tapehead.jobs.read import read_bars
from tapehead.model.bars import Bars, frozen_bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.segment import Draft, SegmentRef
from tapehead.settings import read_settings
from tapehead.wiring.assemble import House, assemble, dismantle

HOUR = Interval.parse("1h")
FOREVER = 1 << 61


class TapeheadKeeper:
    """One store; a task of the pool reads one series, as in a backtest."""

    def __init__(self, folder: Path, layout: str) -> None:
        self.layout = layout
        settings = read_settings(home=folder)
        self.settings = settings if layout == "memory" else replace(settings, memory_tier_bytes=0)
        self.pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.house: House | None = None
        self.refs: list[tuple[Series, tuple[SegmentRef, ...]]] = []

    def write(self, panel: Panel) -> None:
        """One commit; each segment is hashed, written, read back and compared, then fsynced."""
        drafts, named = drafts_of(panel)
        assemble(self.settings).bars.commit(drafts, note="bench", instruments=named)

    def open(self) -> None:
        """Ask the manifest for every series."""
        self.house = assemble(self.settings)
        bars = self.house.bars
        manifest = bars.manifest([one.series for one in bars.coverage()], -FOREVER, FOREVER)
        self.refs = list(manifest.refs.items())

    def read(self, consume: Consume) -> None:
        """Every series, each in a task."""
        assert self.house is not None
        shelf = self.house.direct if self.layout == "segments" else self.house.shelf

        def one(item: tuple[Series, tuple[SegmentRef, ...]]) -> None:
            bars = read_bars(shelf, *item, None, None, 0)
            consume(item[0].symbol, {name: getattr(bars, name) for name in COLUMNS})

        if self.pool._max_workers == 1:  # noqa: SLF001 - a pool of one only costs
            for item in self.refs:
                one(item)
        else:
            list(self.pool.map(one, self.refs))

    def append(self, symbol: str, bar: Columns) -> None:
        """One commit of one bar."""
        assert self.house is not None
        self.house.bars.append([_bars(symbol, bar)])

    def close(self) -> None:
        """Close the store."""
        dismantle(self.settings)


def drafts_of(panel: Panel) -> tuple[list[Draft], list[Instrument]]:
    """Return what a commit of the panel is made of: a draft each series and year, and the instruments."""
    drafts = [
        Draft(Series("bench", symbol, HOUR), period, columns)
        for symbol, whole in sorted(panel.parts())
        for period, columns in _by_year(whole)
    ]
    return drafts, [Instrument("bench", symbol, kind="crypto") for symbol in panel.symbols]


def _bars(symbol: str, bar: Columns) -> Bars:
    """The bar as the store takes it."""
    return frozen_bars(Series("bench", symbol, HOUR), bar)


def _by_year(columns: Columns) -> list[tuple[int, Any]]:
    """The bars of each calendar year, the period of an hourly segment."""
    years = columns["ts"].astype("datetime64[us]").astype("datetime64[Y]").astype(int) + 1970
    parts = []
    for year in sorted(set(years.tolist())):
        lo, hi = years.searchsorted([year, year + 1]).tolist()
        parts.append((year, {name: values[lo:hi] for name, values in columns.items()}))
    return parts


if __name__ == "__main__":
    main(TapeheadKeeper)
