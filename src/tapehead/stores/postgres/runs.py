"""PostgresRuns and what goes with it: runs, events, trials and keys in PostgreSQL."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import psycopg
from numpy.typing import NDArray

from tapehead.database.pool import Connection, Pool, away
from tapehead.errors import DamagedTileError, SurroundingsError
from tapehead.model.result import RunId
from tapehead.model.tile import TileHead
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.postgres.locks import key_of
from tapehead.stores.postgres.statements import read_dialect
from tapehead.stores.tables.access import AccessTables
from tapehead.stores.tables.runs import RunTables
from tapehead.stores.tables.trials import TrialTables

_FIRST = 4096


class PostgresRuns(RunTables):
    """`ports.runs.RunStore` in a database of PostgreSQL. Safe from many threads and processes."""

    def __init__(self, database: PostgresDatabase, pool: Pool) -> None:
        self._sessions = SessionClaims(pool)
        super().__init__(database, self._sessions, partial(read_columns, database))

    def close(self) -> None:
        """End the session of the claims."""
        self._sessions.close()


def open_runs(pool: Pool) -> PostgresDatabase:
    """Return the statements of runs, for runs, events and trials to share."""
    return PostgresDatabase(pool, "runs.sql")


def open_access(pool: Pool) -> AccessTables:
    """Return keys and the audit log."""
    return AccessTables(partial(PostgresDatabase, pool, "access.sql"))


class PostgresTrials(TrialTables):
    """`ports.trials.TrialLedger` in a database of PostgreSQL."""

    def _added(self, place: int, digests: Sequence[bytes]) -> list[int]:
        """Add the digests of sets that are not there yet by one statement; return which of them those are."""
        first = {digest: k for k, digest in reversed(list(enumerate(digests)))}
        return sorted(first[row[0]] for row in self._run("add_trial_sets", (place, list(first))))


class SessionClaims:
    """Claims as advisory locks of one session: the server drops them when this process dies or is cut off."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._statements = read_dialect("runs.sql")
        self._guard = threading.Lock()
        self._mine: set[RunId] = set()
        self._link: Connection | None = None
        self._pid = os.getpid()
        self._inherited: list[Connection | None] = []

    @contextmanager
    def held(self, run: RunId) -> Iterator[bool]:
        """Hold a run, or say False where another holds it; may be left from another thread than entered."""
        taken = self._take(run)
        try:
            yield taken
        finally:
            if taken:
                self._free(run)

    def is_held(self, run: RunId) -> bool:
        """Say whether somebody holds a run."""
        with self._guard:
            return run in self._mine or bool(self._ask("claimed", key_of(run)))

    def forget(self, run: RunId) -> None:
        """Do nothing: no holder leaves anything behind."""

    def close(self) -> None:
        """End the session, and every claim with it."""
        with self._guard:
            if self._link is not None:
                self._link.close()
            self._link = None
            self._mine.clear()

    def _take(self, run: RunId) -> bool:
        """Take the lock of a run; a session would get its own again, so those held here are known."""
        with self._guard:
            if run in self._mine or not self._ask("claim", key_of(run)):
                return False
            self._mine.add(run)
            return True

    def _free(self, run: RunId) -> None:
        """Give the lock back; of a session that broke it is gone already."""
        with self._guard:
            self._mine.discard(run)
            with suppress(SurroundingsError):
                self._ask("unclaim", key_of(run))

    def _ask(self, name: str, key: int) -> Any:
        """Ask in the session, in a new one where the old one broke."""
        try:
            return self._ask_once(name, key)
        except psycopg.Error as error:
            if self._link is not None and not self._link.closed:
                raise away(self._pool.url, error) from error
        try:
            return self._ask_once(name, key)
        except psycopg.Error as error:
            raise away(self._pool.url, error) from error

    def _ask_once(self, name: str, key: int) -> Any:
        """Run a statement in the session; a session that is gone, or a parent process's, holds nothing here."""
        if self._pid != os.getpid():
            self._inherited.append(self._link)
            self._pid, self._link = os.getpid(), None
        if self._link is None or self._link.closed:
            self._link = self._pool.connect("claims")
            self._mine.clear()
        row = self._link.execute(self._statements[name], (key,)).fetchone()
        return None if row is None else row[0]


def read_columns(database: PostgresDatabase, place: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return columns of the tile of a row; of the others nothing is read."""
    with database.moment():
        row = database.execute("tile_begin", (_FIRST, place)).fetchone()
        if row is None:
            raise DamagedTileError(cause="its row is gone")
        begin = bytes(row[0])
        size = TileHead.size(begin)
        if len(begin) < size:
            begin = bytes(database.execute("tile_begin", (size, place)).fetchone()[0])
        head = TileHead.read(begin)
        found = {}
        for name in names:
            first, end = head.span(name)
            part = database.execute("tile_part", (first + 1, end - first, place)).fetchone()
            found[name] = head.column(name, part[0])
    return found
