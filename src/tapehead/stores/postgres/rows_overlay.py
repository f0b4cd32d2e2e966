"""Overlaid: a head over which rows lie that were edited and that this user cannot make segments of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tapehead.model.instrument import Series
from tapehead.model.segment import TAIL, Coverage, Digest, SegmentRef
from tapehead.stores.codec import encode_block
from tapehead.stores.postgres.rows_edited import Edited
from tapehead.stores.postgres.rows_table import Span
from tapehead.stores.tables.shelf import Shelf, shelf_of


@dataclass(frozen=True, slots=True)
class Overlay:
    """Periods read from the rows instead of the segments; `marks` says which edits they hold.

    `refs` are all blocks of each series that was edited, `blocks` the bytes of those that came from rows.
    """

    marks: frozenset[int]
    refs: Mapping[Series, Sequence[SegmentRef]]
    blocks: Mapping[Digest, bytes]

    def laid(self, shelf: Shelf) -> Shelf:
        """Return a shelf with what was edited in the place of what its segments hold."""
        records = [
            (series.venue, series.symbol, series.interval.us, *ref[1:])
            for series, refs in self.refs.items()
            for ref in refs
        ]
        return shelf.with_changes(self.refs, shelf_of(records))

    def covered(self, series: Series) -> Coverage | None:
        """Return what is held of a series that was edited."""
        refs = self.refs[series]
        if not refs:
            return None
        first, last = min(ref.first for ref in refs), max(ref.last for ref in refs)
        return Coverage(series, first, last, sum(ref.rows for ref in refs), len(refs))


class Overlaid(int):
    """The number of a head, and what lies over it.

    To everybody else a plain number: a plan that asks again by it gets the same bars, and one that names the number
    itself gets the segments of that commit.
    """

    overlay: Overlay

    @classmethod
    def of(cls, head: int, overlay: Overlay) -> "Overlaid":
        """Make one."""
        made = cls(head)
        made.overlay = overlay
        return made

    def __reduce__(self) -> tuple[type[int], tuple[int]]:
        """Be a plain number in other processes, which are given blocks and not snapshots."""
        return int, (int(self),)


@dataclass(slots=True)
class _Making:
    """An overlay in the making."""

    refs: dict[Series, list[SegmentRef]] = field(default_factory=dict)
    blocks: dict[Digest, bytes] = field(default_factory=dict)


def read_overlay(edited: Edited, marks: Sequence[Span], head: int) -> Overlay:
    """Read what was edited; inside one moment, which sees the marks too."""
    made = _Making()
    for found in edited.periods(marks):
        series = found.row.series
        held = made.refs.setdefault(series, edited.held(found.row) if series not in made.refs else [])
        held[:] = [ref for ref in held if ref.period != found.period]
        ts = found.columns["ts"]
        if not len(ts):
            continue
        content, data, file = encode_block(found.columns)
        made.blocks[data] = content
        outer = (int(ts[0]), int(ts[-1]), len(ts))
        held.append(SegmentRef(series, found.period, TAIL, data, file, *outer, head, None))
        held.sort(key=lambda ref: ref.period)
    return Overlay(frozenset(mark.id for mark in marks), made.refs, made.blocks)
