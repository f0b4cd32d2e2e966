"""bar_table: every bar of a snapshot, as SQL sees it."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute

from tapehead.jobs.plan import OPEN_END, OPEN_START
from tapehead.jobs.read import read_each, together
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.library.sql.lazy import Expression, LazyTable, Parts
from tapehead.model.instrument import Series
from tapehead.model.segment import SegmentRef
from tapehead.wiring.assemble import House

MOMENT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("instrument", "venue", "symbol", "interval")),
        ("ts", MOMENT),
        *((name, pa.float64()) for name in ("open", "high", "low", "close", "volume")),
        ("flags", pa.uint8()),
    ]
)
_ROWS = 1 << 17


class BarScan:
    """Makes the table `bars`, and counts what scans of it read."""

    def __init__(self, house: House, snapshot: int) -> None:
        self._house, self._snapshot = house, snapshot
        self.series = self.held = self.segments = self.rows = 0
        self.columns: set[str] = set()

    def table(self) -> LazyTable:
        """Return the table."""
        return LazyTable(SCHEMA, self._batches)

    def _batches(self, names: Sequence[str], parts: Parts) -> Iterator[Any]:
        """Yield the bars of all series that can be wanted, out of the segments whose times can."""
        # Rows are counted by the smallest column where none is asked for.
        read = cast("tuple[Column, ...]", tuple(name for name in BAR_COLUMNS if name in names) or ("flags",))
        self.columns |= set(read)
        chosen = self._refs(parts)
        for some in together(sum(ref.rows for ref in refs) for _, refs in chosen):
            every = read_each(self._house.shelf, [(refs, read) for _, refs in chosen[some]])
            for (series, _), columns in zip(chosen[some], every, strict=True):
                rows = len(columns[read[0]])
                self.rows += rows
                for lo in range(0, rows, _ROWS):
                    hi = min(lo + _ROWS, rows)
                    yield pa.record_batch([_array(series, name, columns, lo, hi) for name in names], names=list(names))

    def _refs(self, parts: Parts) -> list[tuple[Series, list[SegmentRef]]]:
        """Return the series that can be wanted, with the segments of each."""
        held = self._house.bars.series(self._snapshot)
        self.held = len(held)
        series = [held[at] for at in parts.chosen([_known(one) for one in held])]
        refs = self._house.bars.manifest(series, OPEN_START, OPEN_END, snapshot=self._snapshot).refs
        found = [(one, list(refs[one])) for one in series if one in refs]
        if parts.names("ts"):
            every = [ref for _, each in found for ref in each]
            wanted = set(parts.chosen([_spanned(ref) for ref in every]))
            kept = iter([at in wanted for at in range(len(every))])
            found = [(one, [ref for ref in each if next(kept)]) for one, each in found]
        found = [(one, each) for one, each in found if each]
        self.series += len(found)
        self.segments += sum(len(each) for _, each in found)
        return found


def _texts(series: Series) -> dict[str, str]:
    """Return the columns that a series has one value of."""
    return {
        "instrument": series.instrument,
        "venue": series.venue,
        "symbol": series.symbol,
        "interval": series.interval.text,
    }


def _known(series: Series) -> Expression:
    """Return what is true of every bar of a series."""
    first, *others = (compute.field(name) == text for name, text in _texts(series).items())
    for each in others:
        first &= each
    return first


def _spanned(ref: SegmentRef) -> Expression:
    """Return what is true of every bar of a segment."""
    first, last = (pa.scalar(ts, MOMENT) for ts in (ref.first, ref.last))
    return _known(ref.series) & (compute.field("ts") >= first) & (compute.field("ts") <= last)


def _array(series: Series, name: str, columns: dict[Column, NDArray[Any]], lo: int, hi: int) -> Any:
    """Return one column of some rows."""
    text = _texts(series).get(name)
    if text is not None:
        return pa.repeat(text, hi - lo)
    values = columns[cast("Column", name)][lo:hi]
    return pa.array(np.ascontiguousarray(values).view("datetime64[us]"), MOMENT) if name == "ts" else pa.array(values)
