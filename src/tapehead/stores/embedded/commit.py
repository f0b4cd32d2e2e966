"""Writing: one commit being made, from drafts to the transaction."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError, ParameterError
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.bars import Bars
from tapehead.model.instrument import Instrument, Series
from tapehead.model.layers import lay_over
from tapehead.model.segment import Commit, Digest, Draft, Quarantined, SegmentRef, Universe
from tapehead.ports.bars import Codec
from tapehead.stores.codec import check_columns, data_hash
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.segments import SegmentFiles

Columns = Mapping[Column, NDArray[Any]]
_LAST_YEAR = 9999  # a larger period is YYYYMM, see Interval.period_of


class _Block(NamedTuple):
    """A change of one period: `data` None takes the period away; `ends` says that the held layers end."""

    series: Series
    period: int
    layer: int
    data: Digest | None
    file: Digest
    first: int
    last: int
    rows: int
    added: int
    ends: bool = False


class Writing:
    """Collects the blocks of one commit; files are written as drafts come, so memory holds one draft at a time.

    Made and used under the writer lock, by one thread: what is held cannot change in between.
    """

    def __init__(self, database: Database, files: SegmentFiles, codec: Codec, note: str) -> None:
        self._database = database
        self._files = files
        self._codec = codec
        self._note = note
        self._blocks: list[_Block] = []
        self._written: list[Digest] = []
        self._mended: dict[Digest, Digest] = {}
        self._seen: set[tuple[Series, int]] = set()
        self._unchanged = 0

    def replace(self, draft: Draft) -> None:
        """Take a draft as the whole content of its period; no bars take the period away."""
        columns = draft.columns
        check_columns(columns)
        _check_period(draft)
        self._once(draft.series, draft.period)
        held, rows = self._held(draft.series, draft.period), len(columns["ts"])
        # Where nothing is held, the hash that encoding makes is enough.
        known = data_hash(columns) if held else None
        if known is not None and self._is_held(columns, known, held):
            self._unchanged += 1
            return
        block = _Block(draft.series, draft.period, 0, None, b"", 0, 0, 0, 0, ends=bool(held))
        if rows:
            outer = int(columns["ts"][0]), int(columns["ts"][-1])
            data, file = self._write(columns, known)
            block = block._replace(data=data, file=file, first=outer[0], last=outer[1], rows=rows, added=rows)
        elif not held:
            return
        self._blocks.append(block)

    def lay(self, bars: Bars) -> None:
        """Lay bars over what is held, one block a period."""
        for period, columns in _by_period(bars):
            check_columns(columns)
            _check_rising(bars.series, columns["ts"])
            self._once(bars.series, period)
            held = self._held(bars.series, period)
            data = data_hash(columns)
            if held and held[-1].data == data:
                self._unchanged += 1
                continue
            layer = held[-1].layer + 1 if held else 0
            first, last, rows = int(columns["ts"][0]), int(columns["ts"][-1]), len(columns["ts"])
            added = rows - self._overlap(columns["ts"], held)
            _, file = self._write(columns, data)
            self._blocks.append(_Block(bars.series, period, layer, data, file, first, last, rows, added))

    def finish(
        self,
        instruments: Sequence[Instrument] = (),
        quarantine: Sequence[Quarantined] = (),
        universes: Sequence[Universe] = (),
    ) -> Commit:
        """Make files durable, then change the manifest in one transaction; nothing changed leaves the head alone."""
        self._files.publish(self._written)
        segments = sum(block.data is not None for block in self._blocks)
        with self._database.transaction("the manifest"):
            for data, file in self._mended.items():
                self._run("mend_file", (file, data, file))
            # The writer lock and IMMEDIATE keep this number ours until COMMIT makes it the head.
            number = int(self._run("head").fetchone()[0]) + 1
            changed = len(self._blocks)
            for block in self._blocks:
                self._put(block, number)
            changed += sum(self._save_instrument(one) for one in instruments)
            changed += sum(self._save_universe(one) for one in universes)
            changed += sum(self._set_aside(one, number) for one in quarantine)
            if not changed:
                return Commit(number - 1, 0, self._unchanged)
            at = time.time_ns() // 1000
            self._run("add_commit", (number, at, self._note, segments, self._unchanged))
        return Commit(number, segments, self._unchanged)

    def discard(self) -> None:
        """Remove what was written for a commit that came to nothing."""
        self._files.discard(self._written)

    def _run(self, name: str, values: Any = ()) -> Any:
        """Run a named statement."""
        return self._database.execute(name, values)

    def _once(self, series: Series, period: int) -> None:
        """Raise ParameterError for a period that came before in this commit."""
        if (series, period) in self._seen:
            bound = "a period that comes once in a commit"
            raise ParameterError(name="period", value=f"{series.instrument} {series.interval} {period}", bound=bound)
        self._seen.add((series, period))

    def _held(self, series: Series, period: int) -> list[SegmentRef]:
        """Return the layers held of a period, lowest first."""
        rows = self._run("held_in_period", (series.venue, series.symbol, series.interval.us, period))
        return [SegmentRef._make((series, period, *row, 0, None)) for row in rows]

    def _is_held(self, columns: Columns, data: Digest, held: Sequence[SegmentRef]) -> bool:
        """Say whether the layers held are, laid over each other, exactly these columns; mend a damaged file."""
        if len(held) == 1:
            if held[0].data == data and not self._files.has(data, held[0].file):
                self._write(columns, data)
            return held[0].data == data
        if not held or max(ref.rows for ref in held) > len(columns["ts"]):
            return False
        try:
            return data_hash(lay_over([self._decoded(ref) for ref in held])) == data
        except DamagedSegmentError:
            return False

    def _overlap(self, ts: NDArray[np.int64], held: Sequence[SegmentRef]) -> int:
        """Return how many of these times are held already."""
        crossing = [ref for ref in held if ref.first <= ts[-1] and ref.last >= ts[0]]
        if not crossing:
            return 0
        return int(np.isin(ts, np.concatenate([self._decoded(ref)["ts"] for ref in crossing])).sum())

    def _decoded(self, ref: SegmentRef) -> dict[Column, NDArray[Any]]:
        """Return the columns of a held segment."""
        columns = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        self._codec.decode(self._files.read(ref), BAR_COLUMNS, columns)
        return columns

    def _write(self, columns: Columns, data: Digest | None = None) -> tuple[Digest, Digest]:
        """Write the file of a segment unless a commit named it and it is whole; return the hashes of data and bytes."""
        kept = None if data is None else self._whole_file(data)
        if data is not None and kept is not None:
            return data, kept
        content, named, file = self._codec.encode(columns)
        kept = self._whole_file(named)
        if kept is not None:
            return named, kept
        self._written.append(named)
        self._files.write(named, content)
        if self._run("file_of_data", (named,)).fetchone() is not None:
            # Another Parquet writer gives other bytes for the same columns; the rows must name those that lie there.
            self._mended[named] = file
        return named, file

    def _whole_file(self, data: Digest) -> Digest | None:
        """Return the hash of the file that commits name for these columns, if it lies there undamaged."""
        row = self._run("file_of_data", (data,)).fetchone()
        return bytes(row[0]) if row is not None and self._files.has(data, row[0]) else None

    def _put(self, block: _Block, number: int) -> None:
        """Write one block into the manifest."""
        series = self._series_id(block.series)
        if block.ends:
            self._run("end_period", (number, series, block.period))
        if block.data is not None:
            outer = (block.first, block.last, block.rows, block.added)
            self._run("add_segment", (series, block.period, block.layer, block.data, block.file, *outer, number))

    def _series_id(self, series: Series) -> int:
        """Return the row of a series, made when new."""
        key = (series.venue, series.symbol, series.interval.us)
        self._run("add_series", key)
        return int(self._run("series_id", key).fetchone()[0])

    def _save_instrument(self, instrument: Instrument) -> bool:
        """Add or update an instrument; say whether anything changed."""
        facts = astuple(instrument)
        if self._run("instrument", (instrument.venue, instrument.symbol)).fetchone() == facts:
            return False
        self._run("save_instrument", facts)
        return True

    def _save_universe(self, universe: Universe) -> bool:
        """Add or replace a universe; say whether anything changed."""
        row = (universe.name, json.dumps(list(universe.symbols)), int(universe.built_in))
        if self._run("universe", (universe.name,)).fetchone() == row:
            return False
        self._run("save_universe", row)
        return True

    def _set_aside(self, row: Quarantined, number: int) -> bool:
        """Keep a quarantined row; say whether it is a new one."""
        values = (self._series_id(row.series), row.ts, row.path, row.row, row.reason, row.values, number)
        return int(self._run("add_quarantined", values).rowcount) > 0


def _check_period(draft: Draft) -> None:
    """Raise ParameterError unless times rise and lie in the period."""
    ts = draft.columns["ts"]
    _check_rising(draft.series, ts)
    if len(ts):
        period_of = draft.series.interval.period_of
        spans = {period_of(int(ts[0])), period_of(int(ts[-1]))}
        if spans != {draft.period}:
            raise ParameterError(name="period", value=draft.period, bound=f"that of its bars, {sorted(spans)}")


def _check_rising(series: Series, ts: NDArray[np.int64]) -> None:
    """Raise ParameterError unless times are strictly rising."""
    falls = np.flatnonzero(ts[1:] <= ts[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        bound = f"later than bar {at - 1} ({int(ts[at - 1])}), as times of {series.instrument} {series.interval} rise"
        raise ParameterError(name=f"ts[{at}]", value=int(ts[at]), bound=bound)


def _by_period(bars: Bars) -> Iterator[tuple[int, dict[Column, NDArray[Any]]]]:
    """Yield the columns of each period that bars lie in."""
    lo = 0
    while lo < len(bars):
        period = bars.series.interval.period_of(int(bars.ts[lo]))
        hi = lo + int(np.searchsorted(bars.ts[lo:], _end_of(period)))
        yield period, {name: getattr(bars, name)[lo:hi] for name in BAR_COLUMNS}
        lo = hi


def _end_of(period: int) -> int:
    """Return the first time (us UTC) after a period that `Interval.period_of` gave."""
    if period == 0:
        return int(np.iinfo(np.int64).max)
    year, month = divmod(period, 100) if period > _LAST_YEAR else (period, 12)
    months = (year - 1970) * 12 + month
    return int(np.datetime64(months, "M").astype("datetime64[us]").astype(np.int64))
