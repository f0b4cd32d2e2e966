"""check: what a store holds against what it says it holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from tapehead.errors import DamagedSegmentError
from tapehead.layout.columns import BAR_COLUMNS, PRICE_COLUMNS
from tapehead.model.history import Finding
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.codec import data_hash, encode_block
from tapehead.stores.tables.check_manifest import check_manifest, named, read_refs
from tapehead.stores.tables.database import Ground
from tapehead.stores.tables.layers import Columns, Layers
from tapehead.stores.tables.newest import wrong_newest
from tapehead.stores.tables.orphans import iter_orphans

Heal = Callable[[SegmentRef], Mapping[Any, Any] | None]
Progress = Callable[[str, int, int], None]
_AGAIN = "Import its file again: tapehead import PATH"
_KNOWN_FLAGS = 63


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One look at a whole store.

    Attributes
    ----------
    ground, codec : Ground, Codec
    writing : callable
        Holds the writer lock; entered for each segment that is mended.
    rows : bool
        Whether segments are decoded too.
    heal : callable or None
        Offers the columns of a damaged segment from elsewhere.
    progress : callable or None
    """

    ground: Ground
    codec: Codec
    writing: Callable[[], AbstractContextManager[Any]]
    rows: bool
    heal: Heal | None
    progress: Progress | None

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong, and files that nothing names; a damaged manifest ends the look."""
        database, files = self.ground.database, self.ground.segments
        whole = True
        for finding in self.ground.findings(self.progress):
            whole = whole and finding.where != database.name
            yield finding
        if not whole:
            return
        # Looked for at both ends: what a commit is writing meanwhile was not there before, or is named after.
        nameless = {key for key, _, _ in iter_orphans(database, files)}
        yield from check_manifest(database)
        refs = read_refs(database)
        blocks = [list(group) for _, group in groupby(refs, key=lambda ref: (ref.layer == TAIL, ref.data))]
        damaged: set[bytes] = set()
        for done, group in enumerate(blocks):
            if self.progress is not None:
                self.progress("checking segments", done, len(blocks))
            for finding in self._block(group):
                damaged.add(group[0].data)
                yield finding
        if self.rows:
            yield from self._counts(refs, damaged)
            yield from self._newest(damaged)
        for key, place, size in iter_orphans(database, files):
            if key not in nameless:
                continue
            text = f"no commit names it ({size:,} bytes). Give it back: tapehead store gc"
            yield Finding("orphan", place, text)

    def _layers(self) -> Layers:
        """Return what reads segments and blocks."""
        return Layers(self.ground.database, self.ground.segments, self.codec)

    def _block(self, refs: Sequence[SegmentRef]) -> Iterator[Finding]:
        """Yield what is wrong with one segment or block of the tail, which all `refs` name; mend it if it can be."""
        ref, layers = refs[0], self._layers()
        fault: Finding | None = None
        try:
            layers.content(ref)
        except DamagedSegmentError as error:
            cause = str(error.facts["cause"])
            fault = self._finding("gone" if "gone" in cause else "damaged", ref, cause)
        if fault is None and self.rows:
            fault = self._rows_fault(layers, refs)
        if fault is None or not self._is_named(ref):
            return
        healed = self._healed(ref) if self.heal is not None else ""
        if not healed:
            yield fault
            return
        yield Finding(fault.what, fault.where, fault.text.removesuffix(f" {_AGAIN}"), healed)

    def _is_named(self, ref: SegmentRef) -> bool:
        """Say whether a commit still names a block: gc may have given it back since the look began."""
        name = "columns_of_data" if ref.layer == TAIL else "file_of_data"
        return self.ground.database.execute(name, (ref.data,)).fetchone() is not None

    def _rows_fault(self, layers: Layers, refs: Sequence[SegmentRef]) -> Finding | None:
        """Return what is wrong with the rows of a segment whose bytes are those of the commit."""
        ref = refs[0]
        try:
            columns = layers.columns(ref)
        except (ValueError, OSError) as error:
            return self._finding("rows", ref, f"it cannot be decoded into {ref.rows:,} rows: {error}")
        if data_hash(columns) != ref.data:
            return self._finding("rows", ref, "its rows do not have the hash that names it")
        cause = _cause(columns)
        for one in refs:
            if not cause and (one.first, one.last) != (int(columns["ts"][0]), int(columns["ts"][-1])):
                cause = "its outer bars are not those that the manifest tells"
        return self._finding("rows", ref, cause) if cause else None

    def _healed(self, ref: SegmentRef) -> str:
        """Write a damaged segment anew of columns from elsewhere; return where they came from, empty if nowhere."""
        assert self.heal is not None  # noqa: S101 - asked by the caller
        columns = self.heal(ref)
        if columns is None or data_hash(columns) != ref.data:
            return ""
        database, files = self.ground.database, self.ground.segments
        with self.writing():
            if ref.layer == TAIL:
                content, data, file = encode_block(columns)
                with database.transaction("a healed block"):
                    database.execute("mend_block", (content, file, data))
            else:
                content, data, file = self.codec.encode(columns)
                files.write(data, content)
                files.publish([data])
                with database.transaction("a healed segment"):
                    database.execute("mend_file", (file, data, file))
        return "written anew from the hot tier, whose columns have the right hash"

    def _counts(self, refs: Sequence[SegmentRef], damaged: set[bytes]) -> Iterator[Finding]:
        """Yield periods of the head whose blocks hold another number of bars than the manifest counts."""
        layers = self._layers()
        for ref in {(one.series, one.period): one for one in refs if one.until is None}.values():
            bars, counted = self._counted(layers, ref, damaged)
            if bars is not None and bars != counted:
                text = f"its blocks hold {bars:,} bars together, and the manifest counts {counted:,}. {_AGAIN}"
                yield Finding("manifest", named(ref), text)

    def _newest(self, damaged: set[bytes]) -> Iterator[Finding]:
        """Yield series of which another newest bar is kept than their blocks hold; none is no fault."""
        for ref, _ in wrong_newest(self.ground.database, self._layers(), lacking=False):
            if ref.data not in damaged:
                text = "another newest bar is kept. Keep it anew: tapehead store recount"
                yield Finding("manifest", named(ref), f"{named(ref)}: {text}")

    def _counted(self, layers: Layers, ref: SegmentRef, damaged: set[bytes]) -> tuple[int | None, int]:
        """Return the bars of a period, None where a block is damaged or gone, and those that the manifest counts."""
        database, series = self.ground.database, ref.series
        # Both of one moment: another process may append, fold or sweep beside this.
        with database.moment():
            place = database.execute("series_id", (series.venue, series.symbol, series.interval.us)).fetchone()[0]
            held = layers.held(series, place, ref.period)
            counted = database.execute("added_of_period", {"series": place, "period": ref.period}).fetchone()[0]
            if not held or any(one.data in damaged for one in held):
                return None, counted
            return held[0].rows if len(held) == 1 else self._bars(layers, held), counted

    def _bars(self, layers: Layers, held: Sequence[SegmentRef]) -> int | None:
        """Return the bars of blocks laid over each other, None where they went meanwhile."""
        with suppress(DamagedSegmentError):
            return len(layers.whole(held)["ts"])
        return None

    def _finding(self, what: str, ref: SegmentRef, cause: str) -> Finding:
        """Name the file, the series and the way to get it back."""
        ground = self.ground
        place = ground.database.name if ref.layer == TAIL else ground.segments.place(ref.data)
        return Finding(what, place, f"{named(ref)}: {cause}. {_AGAIN}")


def _cause(columns: Columns) -> str:
    """Return what no bar may be, empty where all are well."""
    ts = columns["ts"]
    if bool((ts[1:] <= ts[:-1]).any()):
        return "its times do not rise"
    for name in (*PRICE_COLUMNS, BAR_COLUMNS[5]):
        if not bool(np.isfinite(columns[name]).all()):
            return f"a value of {name} is not finite"
    return "a flag is none that there is" if bool((columns["flags"] > _KNOWN_FLAGS).any()) else ""
