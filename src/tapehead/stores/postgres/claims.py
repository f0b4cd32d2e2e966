"""SessionClaims: who works on which run, by advisory locks of a session and a number beside the run."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from tapehead.database.pool import Connection, Pool, away
from tapehead.errors import DatabaseLostError, LostRunError, SurroundingsError
from tapehead.model.result import RunId
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.postgres.locks import key_of
from tapehead.stores.postgres.statements import read_dialect


class SessionClaims:
    """Claims as advisory locks of one session: the server drops them when this process dies or is cut off.

    Notes
    -----
    A session can be lost while its process lives. Its locks are taken again in a new one as soon as that is noticed;
    until then another process may have claimed a run. So each claim raises the number (`epoch`) of its run, and each
    write of the run looks, in its own transaction and with the row locked, whether that is still the one it was begun
    with: who claims later waits for that transaction and finds what it wrote; who was late writes nothing.
    """

    def __init__(self, pool: Pool, database: PostgresDatabase) -> None:
        self._pool = pool
        self._database = database
        self._statements = read_dialect("runs.sql")
        self._guard = threading.Lock()
        self._mine: dict[RunId, int | None] = {}
        self._link: Connection | None = None
        self._pid = os.getpid()
        self._inherited: list[Connection | None] = []
        pool.outage.when_over(self._again)

    @contextmanager
    def held(self, run: RunId) -> Iterator[bool]:
        """Hold a run, or say False where another holds it; may be left from another thread than entered."""
        taken = self._take(run)
        try:
            if taken:
                self._number(run)
            yield taken
        finally:
            if taken:
                self._free(run)

    def is_held(self, run: RunId) -> bool:
        """Say whether somebody holds a run."""
        return run in self._mine or bool(self._ask("claimed", key_of(run)))

    def check(self, run: RunId) -> None:
        """Raise LostRunError where another has claimed a run that is held here; lock its row until the commit."""
        row = self._database.once("lock_run", (run,))
        mine = self._mine.get(run)
        if row is not None and mine is not None and row[0] != mine:
            raise LostRunError(run=run)

    def forget(self, run: RunId) -> None:
        """Do nothing: no holder leaves anything behind."""

    def get_ready(self) -> None:
        """Open the session ahead of the first claim; raises SurroundingsError."""
        with self._guard:
            self._session()

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
            if run in self._mine:
                return False
            # In its place before it is asked for, so that of two threads here one asks.
            self._mine[run] = None
        taken = False
        try:
            taken = bool(self._ask("claim", key_of(run)))
        finally:
            if not taken:
                self._mine.pop(run, None)
        return taken

    def _number(self, run: RunId) -> None:
        """Raise the number of a run; one that is not there has none."""

        def raised() -> int | None:
            with self._database.transaction(f"the claim of run {run}"):
                row = self._database.execute("raise_epoch", (run,)).fetchone()
                return None if row is None else int(row[0])

        self._mine[run] = self._database.outlast(raised)

    def _free(self, run: RunId) -> None:
        """Give the lock back; of a session that broke it is gone already."""
        with suppress(SurroundingsError), self._guard:
            if self._link is not None and not self._link.closed:
                self._once("unclaim", key_of(run))
        self._mine.pop(run, None)

    def _ask(self, name: str, key: int) -> Any:
        """Ask in the session, in a new one where the old one broke: what is asked for twice is the same then."""

        def once() -> Any:
            with self._guard:
                return self._once(name, key)

        return self._pool.outage.outlast(once)

    def _again(self) -> None:
        """Open a new session where the old one broke, before somebody else claims what is held here."""
        with suppress(SurroundingsError), self._guard:
            if self._mine and self._link is not None:
                self._once("claimed", 0)

    def _once(self, name: str, key: int) -> Any:
        """Run a statement in the session."""
        try:
            row = self._session().execute(self._statements[name], (key,)).fetchone()
        except psycopg.Error as error:
            told = away(self._pool.url, error)
            lost = self._link is None or self._link.closed
            raise (DatabaseLostError(**told.facts) if lost else told) from error
        return None if row is None else row[0]

    def _session(self) -> Connection:
        """Return the session; a new one takes the locks of the old one again. A parent process's holds nothing here."""
        if self._pid != os.getpid():
            self._inherited.append(self._link)
            self._pid, self._link = os.getpid(), None
            self._mine = {}
        if self._link is None or self._link.closed:
            old = 0 if self._link is None else self._link.info.backend_pid
            link = self._pool.connect("claims")
            for run, epoch in self._mine.items():
                if epoch is not None:
                    _take_again(link, self._statements, key_of(run), old)
            self._link = link
        return self._link


def _take_again(link: Connection, statements: dict[str, str], key: int, old: int) -> None:
    """Take a lock that a session held which broke; the server may not have noticed that it did.

    Where another process has it already, the number of the run keeps the holder here from writing.
    """
    link.execute(statements["end_claims"], (old, key))
    link.execute(statements["claim"], (key,))
