"""A source of rows that a test lists, and imports through buckets of any size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tapehead.jobs.ingest import ingest
from tapehead.model.factors import Basis, Factors
from tapehead.model.quality import ImportReport
from tapehead.ports.bars import Hints, Origin, RawBatch
from tapehead.sources.buckets import SpillingBuckets
from tests.unit.jobs.memory_store import MemoryStore

Row = tuple[str | None, int | None, float, float, float, float, float]
"""Symbol, time (us), open, high, low, close, volume; None and NaN where null."""


@dataclass
class ListedSource:
    """`ports.bars.Source` of rows in batches of a few."""

    rows: Sequence[Row]
    batch: int = 7
    factor: Sequence[float] | None = None
    basis: Basis | None = None
    factors: tuple[Factors, ...] = ()
    gapless: bool = False
    partial: Sequence[bool] | None = None
    unread: Sequence[tuple[int, str]] = ()
    has_volume: bool = True
    guesses: tuple[str, ...] = field(default=("rows are listed",))

    def batches(self, _origin: Origin, _hints: Hints) -> Iterator[RawBatch]:
        for lo in range(0, len(self.rows), self.batch):
            yield self._batch(lo, self.rows[lo : lo + self.batch])
        for row, text in self.unread:
            yield self._line(row, text)

    def _batch(self, lo: int, rows: Sequence[Row]) -> RawBatch:
        names = tuple(dict.fromkeys(row[0] for row in rows if row[0] is not None))
        columns = {name: np.array([row[at] for row in rows], np.float64) for at, name in enumerate(_VALUES, start=2)}
        part = slice(lo, lo + len(rows))
        return RawBatch(
            names=names,
            codes=np.array([-1 if row[0] is None else names.index(row[0]) for row in rows], np.int32),
            ts=np.array([row[1] or 0 for row in rows], np.int64),
            ts_valid=np.array([row[1] is not None for row in rows], np.bool_),
            open=columns["open"],
            high=columns["high"],
            low=columns["low"],
            close=columns["close"],
            volume=columns["volume"] if self.has_volume else None,
            row=lo + 1,
            text=lambda place: repr(rows[place]),
            guesses=self.guesses,
            factor=None if self.factor is None else np.array(self.factor[part], np.float64),
            basis=self.basis,
            factors=self.factors if lo == 0 else (),
            gapless=self.gapless,
            partial=None if self.partial is None else np.array(self.partial[part], np.bool_),
        )

    def _line(self, row: int, text: str) -> RawBatch:
        null: Any = np.full(1, np.nan)
        return RawBatch(
            (),
            np.full(1, -1, np.int32),
            np.zeros(1, np.int64),
            np.zeros(1, np.bool_),
            *[null] * 4,
            None,
            row,
            lambda _: text,
            reason="the line is broken",
        )


_VALUES = ("open", "high", "low", "close", "volume")


def take(
    store: MemoryStore, folder: Path, sources: Sequence[ListedSource], budget: int, hints: Hints, **options: Any
) -> ImportReport:
    """Import listed rows, one file a source, through buckets of so many bytes."""
    paths = {str(folder / f"file{at}.csv"): source for at, source in enumerate(sources)}
    for path in paths:
        Path(path).touch()
    return ingest(
        list(paths), hints, store, store.codec, paths.__getitem__, lambda: SpillingBuckets(folder, budget), **options
    )


def held(store: MemoryStore) -> dict[Any, bytes]:
    """What a store holds, as bytes: columns are named by their hash."""
    return {place: ref.data for place, ref in store.refs.items()}
