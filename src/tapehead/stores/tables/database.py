"""What the tables ask of a database, of a room for the bytes of segments, and of the ground both stand on."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from numpy.typing import NDArray

from tapehead.model.history import Finding
from tapehead.model.segment import Digest, SegmentRef

Given = TypeVar("Given")


class Answer(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""
        ...


class Database(Protocol):
    """Named statements, in transactions by thread. Safe from many threads; each has a connection of its own."""

    @property
    def name(self) -> str:
        """What findings and messages call it, in short."""
        ...

    @property
    def where(self) -> str:
        """Where it is, as its user named it; never with a password."""
        ...

    @property
    def writable(self) -> bool:
        """Whether it may be written."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open that is no `moment`."""
        ...

    def execute(self, name: str, values: Any = ()) -> Answer:
        """Run a named statement, with values by place or by name."""
        ...

    def execute_many(self, name: str, rows: Iterable[Any]) -> None:
        """Run a named statement for each row of values; inside a transaction."""
        ...

    def transaction(self, what: str) -> AbstractContextManager[object]:
        """Commit on leaving, roll back on an error; nested, it joins the outer one. `what` names what is written.

        Raises DiskFullError, StoreLockedError or another SurroundingsError: nothing was written.
        """
        ...

    def moment(self) -> AbstractContextManager[object]:
        """Read everything inside as of one moment, whatever others commit meanwhile; not within a transaction."""
        ...

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body` and return what it gives; once more where the server went away meanwhile and came back.

        `body` is a read, or one transaction, and changes nothing outside of the database, or the same however often it
        is called. In a transaction of this thread it is called once: whoever began that calls all of it again. A file
        has no server to wait for.
        """
        ...

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call once what was written in this thread can be seen by others: at once where no transaction is open."""
        ...

    def close(self) -> None:
        """Close the connections of every thread; the next use opens new ones."""
        ...


class SegmentBytes(Protocol):
    """The bytes of segments, by the hash of their columns; they never change. Safe from many threads and processes."""

    def place(self, data: Digest) -> str:
        """Return what findings and messages call the place of a segment."""
        ...

    def has(self, data: Digest, file: Digest) -> bool:
        """Say whether the bytes are there and have the hash `file`."""
        ...

    def write(self, data: Digest, content: bytes) -> None:
        """Take bytes in; `publish` makes them durable. Raises DiskFullError, UnwritableHomeError."""
        ...

    def publish(self, written: Iterable[Digest]) -> None:
        """Make what was written durable, and put it in place of what was there."""
        ...

    def discard(self, written: Iterable[Digest]) -> None:
        """Remove what was written for a commit that came to nothing, as far as that can be done."""
        ...

    def read(self, ref: SegmentRef) -> bytes:
        """Return the bytes of a segment; raise DamagedSegmentError when they are gone or not those of the commit."""
        ...

    def sizes(self, of: Collection[Digest] | None = None) -> Mapping[Digest, int]:
        """Return the bytes of each segment that is there, by default of all."""
        ...

    def drop(self, every: Iterable[Digest]) -> None:
        """Remove the bytes of segments that nothing names any more."""
        ...

    def orphans(self, named: Collection[Digest]) -> Iterator[tuple[Hashable, str, int]]:
        """Yield what a writer left behind that is not among `named`: a key, its place and its size in bytes.

        Under the writer lock alone they are orphans for sure: elsewhere they may be those of a commit being made.
        """
        ...

    def remove(self, key: Any) -> None:
        """Remove an orphan by its key."""
        ...


class Claims(Protocol):
    """Who works on which run."""

    def held(self, run: str) -> AbstractContextManager[bool]:
        """Hold a run; False where another living process or thread holds it. A claim ends with its process."""
        ...

    def is_held(self, run: str) -> bool:
        """Say whether anybody holds a run."""
        ...

    def check(self, run: str) -> None:
        """Raise LostRunError where the claim of this process was lost and another has claimed the run since.

        In the transaction of each write of a run, which keeps others from claiming it until it ends. A process that has
        not claimed the run is asked nothing.
        """
        ...

    def forget(self, run: str) -> None:
        """Remove what a holder left behind who died; one that is held stays."""
        ...


class Leases(Protocol):
    """Who reads which snapshot."""

    def held(self, snapshot: int, ttl_s: float, check: Callable[[], object]) -> AbstractContextManager[None]:
        """Keep a snapshot until left or the time is over; `check` is called when no sweep can come between."""
        ...

    def snapshots(self) -> Sequence[int]:
        """Return the snapshots held, rising; a sweep asks inside its transaction."""
        ...


class Ground(Protocol):
    """What a store of bars stands on."""

    @property
    def database(self) -> Database:
        """Its manifest."""
        ...

    @property
    def segments(self) -> SegmentBytes:
        """Its bytes."""
        ...

    @property
    def leases(self) -> Leases:
        """Its leases."""
        ...

    def writing(self) -> AbstractContextManager[bool]:
        """Hold the lock of the one writer; say whether the last one left it undone, by death or failure.

        Raises StoreLockedError, UnwritableHomeError, DiskFullError.
        """
        ...

    def findings(self, progress: Callable[[str, int, int], None] | None) -> Iterator[Finding]:
        """Yield what the database finds wrong with itself; `where` is its name if the manifest cannot be trusted."""
        ...

    def database_bytes(self) -> int:
        """Return the size of the database, bytes of segments apart."""
        ...


ReadColumns = Callable[[int, Sequence[str]], Mapping[str, NDArray[Any]]]
"""Reads columns of the tile of a row, and no others."""
