"""What a store tells of itself: its commits, what was given back, what a check found, how large it is."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from tapehead.model.instrument import Series

CommitKind = Literal["import", "append", "fold", "undo", "market", "rows"]


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """One commit as `store log` lists it.

    `at` is us UTC; `segments` were written, `unchanged` drafts dropped out; `undoes` is the commit that this one took
    back, `undone_by` the one that took this one back. `swept` says that gc gave its snapshot back: reads as of it are
    refused. `has_report` says that the quality report of an import is kept with it.
    """

    number: int
    at: int
    kind: CommitKind
    note: str
    segments: int
    unchanged: int
    undoes: int | None = None
    undone_by: int | None = None
    swept: bool = False
    has_report: bool = False


class EmptyRange(NamedTuple):
    """Open times [start, end) (us UTC) of a series in which, its source says, there is no bar: nothing is missing."""

    series: Series
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What gc gave back: snapshots that can no longer be read, segments and files that nothing named, bytes on disk."""

    snapshots: int
    segments: int
    orphans: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check of the store found.

    `what` is a stable word (`damaged`, `gone`, `orphan`, `rows`, `manifest`, `database`), `where` the file or series,
    `text` the sentence; `healed` says that it was mended and by what, empty where it was not.
    """

    what: str
    where: str
    text: str
    healed: str = ""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """How much a store holds at its head, and on disk; sizes in bytes.

    `roll_ups` counts series and intervals of which coarser bars are kept, `roll_ups_behind` those whose series changed
    since; the next reader brings them up to date.
    """

    snapshot: int
    commits: int
    instruments: int
    series: int
    segments: int
    tail_blocks: int
    bars: int
    tail_bars: int
    segment_bytes: int
    database_bytes: int
    kept_bytes: int
    quarantined: int
    oldest_snapshot: int
    roll_ups: int
    roll_up_bars: int
    roll_ups_behind: int
