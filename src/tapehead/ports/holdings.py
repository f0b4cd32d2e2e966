"""What a job asks of all that a store holds, so that another store can hold just the same: rows as they are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from tapehead.model.result import RunId
from tapehead.model.segment import Digest, SegmentRef

Value = int | float | str | bytes | None
Row = Sequence[Value]

BAR_TABLES: Final[Mapping[str, int]] = {
    "series": 1,
    "commits": 1,
    "segments": 1,
    "tail": 1,
    "coverage": 1,
    "instruments": 3,
    "factors": 1,
    "empties": 1,
    "universes": 1,
    "presets": 1,
    "quarantine": 1,
}
NAMED_TABLES: Final = ("universes", "presets")
"""Those of them whose rows have names and belong to no commit: another store may hold more of its own."""
"""Tables of a store of bars in the order in which rows may come, and how many columns, the first, make their key."""
RUN_TABLES: Final = ("runs", "results", "tiles", "events")
"""Tables of a run in the order in which rows may come; the first column of each is the run."""


class BarHoldings(Protocol):
    """All that a store of bars holds: the rows of its manifest with those of the past, and the bytes of segments."""

    @property
    def writable(self) -> bool:
        """Whether it may be written."""
        ...

    def moment(self) -> AbstractContextManager[object]:
        """Read everything inside as of one moment, whatever others commit meanwhile."""
        ...

    def writing(self) -> AbstractContextManager[None]:
        """Hold the lock of the one writer and a transaction: all rows that are put and dropped inside, or none.

        Raises StoreLockedError, DiskFullError, UnwritableHomeError, DatabaseAwayError, DatabaseRefusedError.
        """
        ...

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table of BAR_TABLES in order of their keys, a page at a time in memory."""
        ...

    def put(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows, or replace those of the same keys; inside `writing`."""
        ...

    def drop(self, table: str, keys: Sequence[Row]) -> None:
        """Remove rows by their keys; inside `writing`."""
        ...

    def blocks_bytes(self) -> int:
        """Return the size of the blocks of the tail, whose bytes stand in their rows."""
        ...

    def segments(self) -> Sequence[SegmentRef]:
        """Return every segment that any commit names, each once."""
        ...

    def sizes(self) -> Mapping[Digest, int]:
        """Return the size in bytes of each segment that is there, named by a commit or not."""
        ...

    def has(self, ref: SegmentRef) -> bool:
        """Say whether the bytes of a segment are there, and those of the hash that it has."""
        ...

    def take(self, segments: Sequence[tuple[SegmentRef, bytes]], named: Collection[Digest]) -> None:
        """Take bytes in durably before any commit names them; what a dead writer left that is not `named` goes."""
        ...


class RunMark(NamedTuple):
    """What is known of a kept run without reading it; two copies of a run with equal marks are the same copy.

    `last_event` is the number of its last event, 0 where they are pruned; `size_bytes` of all that it keeps.
    """

    run: RunId
    state: str
    finished_at: int
    failed: int
    has_receipt: bool
    last_event: int
    results: int
    tiles: int
    size_bytes: int


class RunHoldings(Protocol):
    """All that a store keeps of its runs."""

    def marks(self) -> Sequence[RunMark]:
        """Return every run by its id, oldest first."""
        ...

    def moment(self) -> AbstractContextManager[object]:
        """Read everything inside as of one moment, whatever others commit meanwhile."""
        ...

    def pages(self, run: RunId, table: str) -> Iterator[Sequence[Row]]:
        """Yield the rows of a run in a table of RUN_TABLES in order of their keys, a page at a time in memory."""
        ...

    def replace(self, run: RunId, pages: Iterable[tuple[str, Sequence[Row]]]) -> None:
        """Keep a run as these rows, whatever was kept of it: all of them, or none."""
        ...
