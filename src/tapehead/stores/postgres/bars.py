"""PostgresBars: the store of bars in PostgreSQL."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from psycopg import errors

from tapehead.database.pool import Pool
from tapehead.errors import DatabaseLostError, DatabaseRefusedError, StoreLockedError, SurroundingsError
from tapehead.model.history import Finding
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.model.rollup import RollUp
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.postgres.locks import LEASES, WRITER
from tapehead.stores.postgres.segments import SegmentRows
from tapehead.stores.tables.bars import BarTables
from tapehead.stores.tables.writing import write

_PAUSE_S = 0.05
_LOSSES = 20
_FEW = 1024


class PostgresBars(BarTables):
    """`ports.bars.BarStore` in a database of PostgreSQL.

    Parameters
    ----------
    pool : Pool
    codec : Codec
        Makes the bytes of segments.
    lock_wait_s : float
        How long a writer waits for another one before StoreLockedError.

    Notes
    -----
    A commit is one transaction of the server, lock, bytes and manifest: where the connection is lost, so is all of it.
    """

    def __init__(self, pool: Pool, codec: Codec, *, lock_wait_s: float = 5.0) -> None:
        database = PostgresDatabase(pool, "bars.sql")
        self._rows = SegmentRows(database)
        super().__init__(_Server(database, self._rows, lock_wait_s), codec, few=_FEW)
        self._server = database
        self._known = threading.local()

    def head(self) -> int:
        """Return the number of the newest commit; inside `reading` and `planning` it is asked once."""
        known: int | None = getattr(self._known, "head", None)
        if known is None and not self._server.is_held:
            known = getattr(self._known, "planned", None)
        return super().head() if known is None else known

    @contextmanager
    def planning(self) -> Iterator[None]:
        """Ask for the newest commit once for all that this thread looks up inside, as of that one.

        Nothing keeps it from being swept meanwhile: who goes on with it takes a lease, which looks whether it is there.
        """
        if hasattr(self._known, "planned"):
            yield
            return
        self._known.planned = self.head()
        try:
            yield
        finally:
            del self._known.planned

    @contextmanager
    def reading(self, snapshot: int | None = None) -> Iterator[int]:
        """Read inside one transaction: what it sees nobody can sweep from under it, so nothing is leased."""
        if self._server.in_transaction or hasattr(self._known, "head"):
            with super().reading(snapshot) as number:
                yield number
            return
        with self._server.moment():
            self._known.head = super().head()
            try:
                with super().reading(snapshot) as number:
                    yield number
            finally:
                del self._known.head

    def keep_roll_ups(self, roll_ups: Mapping[Series, RollUp], interval: Interval, snapshot: int) -> bool:
        """Keep coarser bars; not in a moment of this thread, in which nothing can be written."""
        return not self._server.is_held and super().keep_roll_ups(roll_ups, interval, snapshot)

    @contextmanager
    def _still(self, snapshot: int) -> Iterator[None]:
        """Only look whether it is held: what a transaction sees stays."""
        self._snapshot(snapshot)
        yield

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the bytes of each ref in order, by one statement for all; this thread asks nothing else meanwhile.

        What is left when the server goes away is asked for when it is back: the bytes of a hash are always the same.
        """
        done = lost = 0
        while done < len(refs):
            try:
                for each in self._read(refs[done:]):
                    done += 1
                    yield each
            except DatabaseLostError:
                lost += 1
                if self._server.is_held or lost >= _LOSSES:
                    raise
                # It waits until there is an answer.
                self._server.execute("head")

    def _read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield them as long as the server is there."""
        asked = [ref.data for ref in refs], [ref.layer for ref in refs]
        if len(refs) == 1 or self._server.in_transaction:
            yield from super().read(refs)
            return
        with closing(self._server.stream("read_many_bytes", asked)) as rows:
            for (content,), ref in zip(rows, refs, strict=True):
                tail = ref.layer == TAIL
                yield ref, self._layers.checked(ref, content) if tail else self._rows.checked(ref, content)


class _Server:
    """`tables.database.Ground` in PostgreSQL."""

    def __init__(self, database: PostgresDatabase, segments: SegmentRows, wait_s: float) -> None:
        self.database = database
        self.segments = segments
        self.leases = TimedLeases(database)
        self._wait_s = wait_s

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Hold the writer lock in a transaction for all that is written inside; nothing is ever left undone."""
        with self.database.transaction("the store"):
            self._take()
            yield False

    def findings(self, progress: Callable[[str, int, int], None] | None) -> Iterator[Finding]:
        """Yield nothing: PostgreSQL looks after its own pages."""
        del progress
        return iter(())

    def database_bytes(self) -> int:
        """Return the size of all tables but that of the bytes of segments."""
        return int(self.database.execute("database_bytes").fetchone()[0])

    def _take(self) -> None:
        """Try until the time is over."""
        end = time.monotonic() + self._wait_s
        while not self.database.execute("try_writer", {"key": WRITER}).fetchone()[0]:
            if time.monotonic() >= end:
                row = self.database.execute("writer", {"key": WRITER}).fetchone()
                pid = "unknown" if row is None else f"{row[1]} of {row[0]} from {row[2]}"
                raise StoreLockedError(path=self.database.where, pid=pid)
            time.sleep(_PAUSE_S)


class TimedLeases:
    """`tables.database.Leases` that end by the server's clock where their holder does not end them."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    @contextmanager
    def held(self, snapshot: int, ttl_s: float, check: Callable[[], object]) -> Iterator[None]:
        """Keep a snapshot until left or the time is over."""

        def take() -> Any:
            self._database.execute("share_leases", {"key": LEASES})
            check()
            return self._database.execute("add_lease", (snapshot, float(ttl_s))).fetchone()[0]

        try:
            row = write(self._database, "a lease", take)
        except DatabaseRefusedError as error:
            if not isinstance(error.__cause__, errors.InsufficientPrivilege):
                raise
            # Who may only read cannot keep a sweep away, and is told where one came.
            check()
            row = None
        try:
            yield
        finally:
            # Where the server cannot be asked, its clock ends the lease.
            with suppress(SurroundingsError):
                if row is not None:
                    write(self._database, "a lease", lambda: self._database.execute("end_lease", (row,)))

    def snapshots(self) -> list[int]:
        """Return the snapshots held, rising; within a transaction nobody takes one until that ends."""
        if self._database.in_transaction:
            self._database.execute("close_leases", {"key": LEASES})
        return [row[0] for row in self._database.execute("leases")]
