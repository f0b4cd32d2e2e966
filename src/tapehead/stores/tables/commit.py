"""Writing: one commit being made, from drafts to the transaction."""

import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DamagedSegmentError, ParameterError
from tapehead.layout.columns import Column
from tapehead.model.factors import Factors
from tapehead.model.history import CommitKind, EmptyRange
from tapehead.model.instrument import Instrument, Series
from tapehead.model.segment import TAIL, Commit, Digest, Draft, Quarantined, SegmentRef, Universe
from tapehead.ports.bars import Codec
from tapehead.stores.codec import check_columns, data_hash
from tapehead.stores.tables.database import Database, SegmentBytes
from tapehead.stores.tables.layers import Layers
from tapehead.stores.tables.newest import pack_newest
from tapehead.stores.tables.seal import make_seal
from tapehead.stores.tables.series import SeriesRows
from tapehead.stores.tables.versions import Versions

Columns = Mapping[Column, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a commit brings beside bars; asked for after the last draft."""

    instruments: Sequence[Instrument] | Callable[[], Sequence[Instrument]] = ()
    quarantine: Iterable[Quarantined] = ()
    universes: Iterable[Universe] = ()
    factors: Iterable[Factors] = ()
    empties: Iterable[EmptyRange] = ()
    report: Callable[[int], bytes] | None = None


class _Block(NamedTuple):
    """A change of one period: `data` None takes the period away; `ends` says that what is held ends."""

    series: Series
    period: int
    data: Digest | None
    file: Digest
    first: int
    last: int
    rows: int
    newest: bytes
    ends: bool


class Writing:
    """Collects the blocks of one commit; files are written as drafts come, so memory holds one draft at a time.

    Made and used under the writer lock, by one thread: what is held cannot change in between.
    """

    def __init__(self, database: Database, files: SegmentBytes, codec: Codec) -> None:
        self._database = database
        self._files = files
        self._codec = codec
        self._layers = Layers(database, files, codec)
        self._series = SeriesRows(database)
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
        elif rows:
            self._take(draft.series, draft.period, columns, known, ends=bool(held))
        elif held:
            self._blocks.append(_Block(draft.series, draft.period, None, b"", 0, 0, 0, b"", ends=True))

    def fold(self, series: Series, period: int) -> None:
        """Make one segment of all that is held of a period; no bar changes."""
        self._once(series, period)
        held = self._held(series, period)
        self._take(series, period, self._layers.whole(held), None, ends=True)

    def finish(self, kind: CommitKind, note: str, facts: Facts) -> Commit:
        """Make files durable, then change the manifest in one transaction; nothing changed leaves the head alone."""
        self._files.publish(self._written)
        segments = sum(block.data is not None for block in self._blocks)
        instruments = facts.instruments() if callable(facts.instruments) else facts.instruments
        with self._database.transaction("the manifest"):
            for data, file in self._mended.items():
                self._run("mend_file", (file, data, file))
            # The writer lock and IMMEDIATE keep this number ours until COMMIT makes it the head.
            number = int(self._run("head").fetchone()[0]) + 1
            for block in self._blocks:
                self._put(block, number)
            for series in dict.fromkeys(block.series for block in self._blocks):
                self._series.count_coverage(series)
            versions = Versions(self._database, self._series, number)
            changed = len(self._blocks)
            changed += sum(map(versions.save_instrument, {one.name: one for one in instruments}.values()))
            changed += sum(map(versions.save_universe, facts.universes))
            changed += sum(map(versions.save_factors, {one.instrument: one for one in facts.factors}.values()))
            changed += versions.save_empties(facts.empties)
            changed += sum(map(versions.set_aside, facts.quarantine))
            if not changed:
                return Commit(number - 1, 0, self._unchanged)
            report = facts.report(number) if facts.report is not None else b""
            add_commit(self._database, number, kind, note, segments, self._unchanged, report)
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
        place = self._series.find(series)
        return [] if place is None else self._layers.held(series, place, period)

    def _is_held(self, columns: Columns, data: Digest, held: Sequence[SegmentRef]) -> bool:
        """Say whether the layers held are, laid over each other, exactly these columns; mend a damaged file."""
        if len(held) == 1 and held[0].layer != TAIL:
            if held[0].data == data and not self._files.has(data, held[0].file):
                self._write(columns, data)
            return held[0].data == data
        if max(ref.rows for ref in held) > len(columns["ts"]):
            return False
        try:
            return data_hash(self._layers.whole(held)) == data
        except DamagedSegmentError:
            return False

    def _take(self, series: Series, period: int, columns: Columns, known: Digest | None, *, ends: bool) -> None:
        """Write columns as the only segment of a period."""
        ts = columns["ts"]
        data, file = self._write(columns, known)
        outer = int(ts[0]), int(ts[-1]), len(ts)
        self._blocks.append(_Block(series, period, data, file, *outer, pack_newest(columns), ends))

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
        place = self._series.place(block.series)
        if block.ends:
            self._run("end_segments", (number, place, block.period))
            self._run("end_blocks", (number, place, block.period))
        if block.data is not None:
            outer = (block.first, block.last, block.rows, block.rows)
            self._run("add_segment", (place, block.period, 0, block.data, block.file, *outer, number, block.newest))


def add_commit(
    database: Database, number: int, kind: CommitKind, note: str, segments: int, unchanged: int, report: bytes = b""
) -> None:
    """Write the row that makes `number` the head, when its blocks are written."""
    at = time.time_ns() // 1000
    kept = zlib.compress(report) if report else None
    seal = make_seal(database, number)
    database.execute("add_commit", (number, at, kind, note, segments, unchanged, seal, kept))


def check_rising(series: Series, ts: NDArray[np.int64]) -> None:
    """Raise ParameterError unless times are strictly rising."""
    falls = np.flatnonzero(ts[1:] <= ts[:-1])
    if falls.size:
        at = int(falls[0]) + 1
        bound = f"later than bar {at - 1} ({int(ts[at - 1])}), as times of {series.instrument} {series.interval} rise"
        raise ParameterError(name=f"ts[{at}]", value=int(ts[at]), bound=bound)


def _check_period(draft: Draft) -> None:
    """Raise ParameterError unless times rise and lie in the period."""
    ts = draft.columns["ts"]
    check_rising(draft.series, ts)
    if len(ts):
        period_of = draft.series.interval.period_of
        spans = {period_of(int(ts[0])), period_of(int(ts[-1]))}
        if spans != {draft.period}:
            raise ParameterError(name="period", value=draft.period, bound=f"that of its bars, {sorted(spans)}")
