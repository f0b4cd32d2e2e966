"""Layers: what is held of a period, read from files and from the tail and laid over each other."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.instrument import Series
from tapehead.model.layers import lay_over
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.tables.database import Database, SegmentBytes

Columns = dict[Column, NDArray[Any]]
_LAST_YEAR = 9999  # a larger period is YYYYMM, see Interval.period_of


class Layers:
    """Reads segments and blocks of the tail; safe from many threads."""

    def __init__(self, database: Database, files: SegmentBytes, codec: Codec) -> None:
        self._database = database
        self._files = files
        self._codec = codec

    def held(self, series: Series, place: int, period: int) -> list[SegmentRef]:
        """Return what the head holds of a period of a series, whose row is `place`, lowest first."""
        rows = self._database.execute("held_in_period", {"series": place, "period": period})
        return [SegmentRef._make((series, period, *row, None)) for row in rows]

    def content(self, ref: SegmentRef) -> bytes:
        """Return the bytes of a segment or of a block, file hash checked; raises DamagedSegmentError."""
        if ref.layer != TAIL:
            return self._files.read(ref)
        row = self._database.execute("columns_of_data", (ref.data,)).fetchone()
        return self.checked(ref, None if row is None else row[0])

    def checked(self, ref: SegmentRef, content: bytes | None) -> bytes:
        """Return the bytes of a block if they are those of the commit; raise DamagedSegmentError."""
        if content is None:
            raise self._damaged(ref, "it is gone from the database")
        if hashlib.sha256(content).digest() != ref.file:
            raise self._damaged(ref, f"its {len(content)} bytes do not have the hash that was committed")
        return bytes(content)

    def columns(self, ref: SegmentRef) -> Columns:
        """Return every column of a segment or of a block."""
        columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        self._codec.decode(self.content(ref), BAR_COLUMNS, columns)
        return columns

    def whole(self, refs: Sequence[SegmentRef]) -> Columns:
        """Return the columns that refs of one period, lowest first, hold together."""
        return lay_over([self.columns(ref) for ref in refs])

    def _damaged(self, ref: SegmentRef, cause: str) -> DamagedSegmentError:
        """Name the block and the series."""
        series = ref.series
        return DamagedSegmentError(
            segment=f"{ref.data.hex()[:16]} in the tail of {self._database.name}",
            series=f"{series.instrument} {series.interval}",
            symbol=series.symbol,
            cause=cause,
        )


def by_period(series: Series, columns: Mapping[Column, NDArray[Any]]) -> Iterator[tuple[int, Columns]]:
    """Yield the columns of each period that rising bars lie in."""
    ts, lo = columns["ts"], 0
    while lo < len(ts):
        period = series.interval.period_of(int(ts[lo]))
        # A bar, or a few of one period, are the rule: no search then.
        whole = lo == 0 and series.interval.period_of(int(ts[-1])) == period
        hi = len(ts) if whole else lo + int(np.searchsorted(ts[lo:], _end_of(period)))
        yield period, {name: columns[name][lo:hi] for name in BAR_COLUMNS}
        lo = hi


def _end_of(period: int) -> int:
    """Return the first time (us UTC) after a period that `Interval.period_of` gave."""
    if period == 0:
        return int(np.iinfo(np.int64).max)
    year, month = divmod(period, 100) if period > _LAST_YEAR else (period, 12)
    months = (year - 1970) * 12 + month
    return int(np.datetime64(months, "M").astype("datetime64[us]").astype(np.int64))
