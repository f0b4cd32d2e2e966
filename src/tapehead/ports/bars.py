"""What jobs ask of a store of bars, of a codec, of a cache tier and of a file format."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from numpy.typing import NDArray

from tapehead.layout.columns import Column
from tapehead.model.bars import Bars
from tapehead.model.factors import Basis, Factors
from tapehead.model.history import CommitKind, CommitRecord, EmptyRange, Finding, StoreFacts, Swept
from tapehead.model.instrument import Instrument, Series
from tapehead.model.interval import Interval
from tapehead.model.preset import Preset
from tapehead.model.rollup import RollUp
from tapehead.model.segment import (
    BarRow,
    Commit,
    Coverage,
    Digest,
    Draft,
    Manifest,
    Moved,
    Quarantined,
    SegmentRef,
    Universe,
)
from tapehead.ports.holdings import BarHoldings

Array = NDArray[Any]
Given = TypeVar("Given")
Mend = Callable[[Series, Sequence[SegmentRef], Collection[int]], Bars | None]

IMPORT_SUFFIXES: Final = (
    *(".csv", ".tsv", ".txt", ".json", ".gz", ".zip"),
    *(".parquet", ".pq", ".feather", ".arrow", ".ipc"),
)
"""Endings of names that a folder's import takes; what a file is, its bytes say."""


class BarStore(Protocol):
    """Segments by snapshot. Safe to use from many threads; many processes read while one writes."""

    def head(self) -> int:
        """Return the number of the newest commit, 0 when there is none; about 10 us."""
        ...

    def manifest(
        self, series: Sequence[Series], start: int, end: int, *, warm: int = 0, snapshot: int | None = None
    ) -> Manifest:
        """Return the refs that overlap [start, end) (us UTC) and those that hold the `warm` bars before `start`.

        One query for all series. `snapshot` None means the head; a series without a segment is absent from `refs`.
        Raises ParameterError for a snapshot that is not there.
        """
        ...

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the file bytes of each ref in order, file hash checked; raises DamagedSegmentError."""
        ...

    def commit(
        self,
        drafts: Iterable[Draft],
        *,
        note: str,
        instruments: Sequence[Instrument] | Callable[[], Sequence[Instrument]] = (),
        quarantine: Iterable[Quarantined] = (),
        universes: Sequence[Universe] = (),
        factors: Iterable[Factors] = (),
        empties: Iterable[EmptyRange] = (),
        report: Callable[[int], bytes] | None = None,
        kind: CommitKind = "import",
    ) -> Commit:
        """Write all or nothing. Drafts equal to what is held drop out; instruments are added or brought up to date.

        `drafts` is consumed one by one, each written before the next is asked for, so memory holds one. Where
        `instruments`, `quarantine`, `factors`, `empties` or `report` depend on what the drafts brought to light, give
        an iterable or a callable that is asked after the last draft: `report` is called with the number of the commit
        and its bytes are kept with it.
        """
        ...

    def append(self, bars: Sequence[Bars]) -> Commit:
        """Lay new bars over what is held as one block of the tail a (series, period); one durable commit for all."""
        ...

    def fold(self, *, whole: bool = False) -> Commit:
        """Make segments of the tail of periods that have closed, or have grown long; of the whole tail if asked."""
        ...

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body`, a read or what makes one commit; once more where the server of the store went away meanwhile.

        See `ports.runs.RunStore.outlast`. Of what writes, `append`, `fold`, `undo` and `sweep` do so by themselves;
        `commit` cannot, as its drafts come once.
        """
        ...

    def undo(self, number: int, *, mend: Mend | None = None) -> Commit:
        """Take back one commit: what it brought ends, what it ended is held again; itself a commit that can be undone.

        `mend`, where given, is shown what each series that changes will hold, in order, and the periods that change;
        the bars it gives, of that series, are laid over in the same commit: those that told of a neighbour now gone.
        Raises UndoError when there is no such commit, it was swept or undone already, or a later one touched the same
        periods (named).
        """
        ...

    def log(self, *, limit: int, before: int | None = None) -> Sequence[CommitRecord]:
        """Return commits, newest first, those below `before`."""
        ...

    def report(self, number: int) -> bytes:
        """Return the quality report kept with a commit, empty where there is none; raises ParameterError."""
        ...

    def sweep(self, keep: Callable[[], Iterable[int]], newer_than: int, *, dry_run: bool = False) -> Swept:
        """Give back what no kept snapshot names.

        Kept are the head, those leased, those that `keep` names when it is called under the writer lock, and those that
        were the head at some time after `newer_than` (us UTC), so that what was committed since can be undone. Orphaned
        files go too. `dry_run` counts what would go, and takes nothing; it can be had of a store that is only read.
        """
        ...

    def check(
        self,
        *,
        rows: bool,
        heal: Callable[[SegmentRef], Mapping[Column, Array] | None] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Iterator[Finding]:
        """Yield what is wrong: files gone or with another hash, orphans, a manifest that contradicts itself.

        `rows` decodes every segment and compares its data hash too. `heal`, where given, offers the columns of a
        damaged segment from elsewhere; columns of the right data hash are written in its place under the writer lock.
        `progress` is told what is looked at, how many of it are done, and how many there are.
        """
        ...

    def recount(self) -> int:
        """Work out anew what is kept beside the manifest, coverage and newest bars; return how many were wrong."""
        ...

    def facts(self) -> StoreFacts:
        """Return how much is held."""
        ...

    def series(self, snapshot: int | None = None) -> Sequence[Series]:
        """Return every series that has bars at a snapshot, by default the head, sorted."""
        ...

    def coverage(self, series: Sequence[Series] | None = None) -> Sequence[Coverage]:
        """Return first, last and number of bars at the head, without a look at the segments, sorted by series."""
        ...

    def intervals(self, without: str = "") -> Sequence[Interval]:
        """Return the intervals of which bars are held at the head, rising; those of a venue can be left out."""
        ...

    def moved(self, before: int, snapshot: int) -> Moved | None:
        """Return what changed between two snapshots, by what changed alone; None where that cannot be told any more."""
        ...

    def stamp(self, snapshot: int) -> str:
        """Return what tells a snapshot from one of that number in another history, as of a store put back.

        Empty where there is no such commit.
        """
        ...

    def newest(self, series: Sequence[Series], snapshot: int) -> Mapping[Series, BarRow | None]:
        """Return the newest bar of each series that has bars, by one query and without a look at the segments.

        None stands for a bar that is not kept; nothing is returned where `snapshot` is not the head.
        """
        ...

    def roll_ups(self, series: Sequence[Series], interval: Interval) -> Mapping[Series, RollUp]:
        """Return the coarser bars of an interval that are kept of each series; see `jobs.roll_up`."""
        ...

    def keep_roll_ups(self, roll_ups: Mapping[Series, RollUp], interval: Interval, snapshot: int) -> bool:
        """Keep coarser bars, made of a snapshot that is the head, in the place of those of before.

        False, and nothing is kept, where this store cannot be written now; whoever reads the next makes them again.
        """
        ...

    def lease(self, snapshot: int, ttl_s: float) -> AbstractContextManager[None]:
        """Keep what a snapshot names from being swept, until left or `ttl_s` seconds have passed.

        Raises ParameterError for a snapshot that was swept already.
        """
        ...

    def reading(self, snapshot: int | None = None) -> AbstractContextManager[int]:
        """Hold a snapshot, by default the head, for what this thread reads inside, and yield its number.

        For one answer, not for a run; inside another one of the same snapshot it is that one. Raises ParameterError for
        a snapshot that was swept already.
        """
        ...

    def instruments(self, snapshot: int | None = None) -> Sequence[Instrument]:
        """Return every instrument at a snapshot, by default the head, sorted by name."""
        ...

    def factors(self, instruments: Sequence[str], snapshot: int | None = None) -> Mapping[str, Factors]:
        """Return the factors of those named (`venue:symbol`) that have some."""
        ...

    def empties(self, series: Sequence[Series] | None = None, snapshot: int | None = None) -> Sequence[EmptyRange]:
        """Return the ranges that are confirmed empty, by series and start."""
        ...

    def quarantined(self, series: Sequence[Series] | None = None, *, limit: int = 1000) -> Sequence[Quarantined]:
        """Return rows that were set aside, oldest first; rows of no symbol have an empty one."""
        ...

    def universes(self) -> Sequence[Universe]:
        """Return the stored universes, sorted by name."""
        ...

    def save_universe(self, universe: Universe) -> None:
        """Add or replace a universe."""
        ...

    def delete_universe(self, name: str) -> bool:
        """Remove a universe; say whether it was there."""
        ...

    def presets(self) -> Sequence[Preset]:
        """Return the presets, sorted by name."""
        ...

    def save_preset(self, preset: Preset) -> None:
        """Add or replace a preset."""
        ...

    def delete_preset(self, name: str) -> bool:
        """Remove a preset; say whether it was there."""
        ...

    def holdings(self) -> BarHoldings:
        """Return all that is held, as rows that another store can hold just so."""
        ...


class Codec(Protocol):
    """Columns to the bytes of a segment and back, bit for bit."""

    def encode(self, columns: Mapping[Column, Array]) -> tuple[bytes, Digest, Digest]:
        """Return file bytes, data hash (over the little-endian columns) and file hash; the round trip is checked."""
        ...

    def decode(self, data: bytes, columns: Sequence[Column], into: Mapping[Column, Array]) -> None:
        """Write the asked columns into arrays of exactly the segment's rows."""
        ...


class ChunkCache(Protocol):
    """A tier of decoded columns. Key: a segment's data hash, so nothing is ever stale. Safe from many threads."""

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` (arrays of `ref.rows`) and return True, or leave it undefined and return False."""
        ...

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Keep a copy of the columns; a tier that cannot (full disk) degrades and says so in `stats`."""
        ...

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether `read` would succeed; cheap."""
        ...

    def clear(self) -> int:
        """Drop every segment, whoever wrote it; return how many. What is being read is read to its end."""
        ...

    def stats(self) -> "TierStats":
        """Return counts since the tier was opened."""
        ...


class Tiers(ChunkCache, Protocol):
    """Tiers of which the last is the store, so that they always answer or raise DamagedSegmentError."""

    def read_many(self, wanted: Sequence[tuple[SegmentRef, Mapping[Column, Array]]]) -> None:
        """Fill the arrays of each ref, whose names say what is read; the store is asked once for all it must give."""
        ...


class SeriesCache(Protocol):
    """Whole series in memory. Key: the data hashes of its segments in order, so nothing is ever stale."""

    def get(self, key: tuple[Digest, ...]) -> Mapping[Column, Array] | None:
        """Return read-only columns, or None."""
        ...

    def has(self, key: tuple[Digest, ...]) -> bool:
        """Say whether `get` would find it; cheap."""
        ...

    def has_room(self, size_bytes: int) -> bool:
        """Say whether `put` would keep columns of this size."""
        ...

    def put(self, key: tuple[Digest, ...], columns: Mapping[Column, Array]) -> None:
        """Keep columns that nobody will change, as far as there is room."""
        ...


@dataclass(frozen=True, slots=True)
class TierStats:
    """Figures of one tier; `degraded` is a sentence when it cannot do its work, else empty.

    `hit_s` and `miss_s` are the seconds that all hits and all misses took together.
    """

    name: str
    hits: int = 0
    misses: int = 0
    size_bytes: int = 0
    limit_bytes: int = 0
    degraded: str = ""
    hit_s: float = 0.0
    miss_s: float = 0.0

    @property
    def hit_ms(self) -> float | None:
        """How long a hit took on average; None where there was none."""
        return self.hit_s / self.hits * 1e3 if self.hits else None

    @property
    def miss_ms(self) -> float | None:
        """How long a miss took on average; None where there was none."""
        return self.miss_s / self.misses * 1e3 if self.misses else None


@dataclass(frozen=True, slots=True)
class Origin:
    """One file to import."""

    path: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user named, so that nothing need be guessed; None where they did not.

    `columns` maps Tapehead's column names (`ts symbol open high low close volume`) to the file's; that of `ts` may join
    two columns and name the form of their text, as `Date+Time:%d/%m/%Y %H:%M`. `unit` is of numeric times: `s ms us
    ns`; `tz` the zone of times without one. `price` picks a side where a file has two: `mid bid ask`. `quote` is the
    currency of the prices, three to five letters, where the symbol says none.
    """

    symbol: str | None = None
    venue: str | None = None
    kind: str | None = None
    interval: str | None = None
    tz: str | None = None
    unit: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    price: str = "mid"
    quote: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RawBatch:
    """Rows as a file gives them: any order, nothing dropped, memory bounded by the batch.

    `names` are the symbols of this batch and `codes` (int32, shape (n,)) the place of each row's symbol among them, -1
    where it is null. `ts` int64 us UTC, with `ts_valid` False where the time could not be read; prices and volume
    float64, NaN where null. `volume` None: the file has none. `row` is the number of the first row in the file, from 1.
    `text` gives the fields of row i as read, for what is set aside; `reason`, where not empty, says why no row of the
    batch could be read. `interval` is what the file's name says, None where it says nothing. `guesses` are sentences
    with their evidence, told once.

    `factor` is adjusted close over close where the file has both, NaN where null; `basis` what its prices are adjusted
    by, None where the file does not say; `factors` are dated corporate actions that the file holds instead of, or
    beside, bars. `gapless` says that between its first and last row a symbol has no bar but those here, because the
    file holds every trade: absent steps are confirmed empty, not missing. `partial` marks rows the source itself calls
    unfinished. `kind` and `tz` (of the market's clock) are what the file's place says, used where the user names none.
    """

    names: tuple[str, ...]
    codes: Array
    ts: Array
    ts_valid: Array
    open: Array
    high: Array
    low: Array
    close: Array
    volume: Array | None
    row: int
    text: Callable[[int], str]
    reason: str = ""
    interval: str | None = None
    guesses: tuple[str, ...] = ()
    factor: Array | None = None
    basis: Basis | None = None
    factors: tuple[Factors, ...] = ()
    gapless: bool = False
    partial: Array | None = None
    kind: str | None = None
    tz: str | None = None


class Source(Protocol):
    """A file format or a vendor; jobs.ingest sees only this."""

    def batches(self, origin: Origin, hints: Hints) -> Iterator[RawBatch]:
        """Yield the rows of `origin` in bounded batches; any order, nothing dropped."""
        ...
