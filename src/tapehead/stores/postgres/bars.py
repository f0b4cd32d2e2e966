"""PostgresBars: the store of bars in PostgreSQL."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tapehead.database.pool import Pool
from tapehead.errors import StoreLockedError
from tapehead.model.history import Finding
from tapehead.model.segment import TAIL, SegmentRef
from tapehead.ports.bars import Codec
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.postgres.locks import LEASES, WRITER
from tapehead.stores.postgres.segments import SegmentRows
from tapehead.stores.tables.bars import BarTables

_PAUSE_S = 0.05


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
        super().__init__(_Server(database, self._rows, lock_wait_s), codec)

    def read(self, refs: Sequence[SegmentRef]) -> Iterator[tuple[SegmentRef, bytes]]:
        """Yield the bytes of each ref in order; segments by a few statements for all."""
        segments = self._rows.read_many([ref for ref in refs if ref.layer != TAIL])
        for ref in refs:
            yield ref, self._layers.content(ref) if ref.layer == TAIL else next(segments)


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
        with self._database.transaction("a lease"):
            self._database.execute("share_leases", {"key": LEASES})
            check()
            row = self._database.execute("add_lease", (snapshot, float(ttl_s))).fetchone()[0]
        try:
            yield
        finally:
            with self._database.transaction("a lease"):
                self._database.execute("end_lease", (row,))

    def snapshots(self) -> list[int]:
        """Return the snapshots held, rising; within a transaction nobody takes one until that ends."""
        if self._database.in_transaction:
            self._database.execute("close_leases", {"key": LEASES})
        return [row[0] for row in self._database.execute("leases")]
