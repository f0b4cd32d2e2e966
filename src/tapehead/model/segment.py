"""SegmentRef, Manifest and what a commit takes and gives: which blocks of bars a store holds since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tapehead.layout.columns import Column
from tapehead.model.instrument import Instrument, Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

Digest = bytes
"""SHA-256, 32 bytes."""

TAIL = -1
"""Layer of a block of new bars that is kept in the database until it is folded into a segment."""


class SegmentRef(NamedTuple):
    """One immutable block of one series over one calendar period.

    `layer` orders blocks of one period: a higher one supersedes bar by bar. Blocks of the tail have layer `TAIL`; they
    come after every other layer and supersede it, and among themselves they stand in order of their commits.
    `data` is the identity of the columns, `file` the integrity of the bytes. `first` and `last` are the open times of
    the outer bars (us UTC), `since` and `until` the commits between which the block is held (`until` None: still).
    """

    series: Series
    period: int
    layer: int
    data: Digest
    file: Digest
    first: int
    last: int
    rows: int
    since: int
    until: int | None


class Manifest(NamedTuple):
    """What a snapshot holds of the asked series: refs in order of period, then layer, the tail last."""

    snapshot: int
    refs: Mapping[Series, tuple[SegmentRef, ...]]


class Moved(NamedTuple):
    """What commits after one snapshot, up to a later one, touched.

    `series` are those of which blocks came or went; `instruments` those whose facts changed, by name, as they are at
    the later snapshot, None where they are not any more.
    """

    series: Sequence[Series]
    instruments: Mapping[str, Instrument | None]


@dataclass(frozen=True, slots=True)
class Draft:
    """The whole content of one (series, period) as a commit shall hold it.

    `columns` maps every bar column to an array of the same length, `ts` strictly rising, all inside the period. The
    draft takes the place of every layer of that period; one whose columns equal what is held drops out of the commit.
    """

    series: Series
    period: int
    columns: "Mapping[Column, NDArray[Any]]"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that an import set aside: `row` counts from 1 in its file, `values` are the fields as read."""

    series: Series
    ts: int | None
    path: str
    row: int
    reason: str
    values: str


@dataclass(frozen=True, slots=True)
class Commit:
    """What a commit did: `number` is the new snapshot, or the old head when every draft dropped out (`segments` 0)."""

    number: int
    segments: int
    unchanged: int


class BarRow(NamedTuple):
    """One bar, its values as in the columns of `model.bars.Bars`; `ts` is its open time, us UTC."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    flags: int


class Coverage(NamedTuple):
    """What the store holds of one series at its head, from the manifest alone (us UTC; `last` is an open time)."""

    series: Series
    first: int
    last: int
    rows: int
    segments: int


@dataclass(frozen=True, slots=True)
class Universe:
    """A named set of instruments: a list, or a filter that is evaluated at each date with the data up to it.

    `symbols` are `venue:symbol` names, empty for a filter; `where` is the filter's expression, empty for a list;
    `built_in` ones follow from kind or venue.
    """

    name: str
    symbols: Sequence[str]
    built_in: bool = False
    where: str = ""
