"""Settling: whether a transaction whose COMMIT got no answer was done; never guessed."""

import os
import threading
import uuid
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import errors

from tapehead.database.pool import Connection, Pool, away
from tapehead.errors import DatabaseLostError
from tapehead.stores.postgres.statements import read_dialect

_LOCK_MS: Final = 2_000
"""After which a session that keeps a transaction open, its client cut off from it, is ended."""


class Mark(NamedTuple):
    """One transaction: the client, which is one thread of one process, its number there, and the server's process."""

    client: str
    number: int
    pid: int


class Settling:
    """Marks transactions by a row that comes and goes with them, one a client. Safe from many threads.

    Notes
    -----
    A row, and not `pg_xact_status`: a server that crashes forgets the number of a transaction of which nothing had
    reached its log, and gives that number to another one, which may well be committed when the question is asked. The
    row costs no further way to the server, as it is sent with BEGIN.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._statements = read_dialect("settle.sql")
        self._local = threading.local()

    def begin(self, link: Connection, begin: str) -> Mark:
        """Begin a transaction that writes, and mark it."""
        mark = self._next(link.info.backend_pid)
        # Bound here and not by the server, which takes several statements at once only so.
        cursor = psycopg.ClientCursor(link)
        cursor.execute(f"{begin}; {self._statements['mark']}", (mark.client, mark.number))
        return mark

    def is_done(self, mark: Mark) -> bool:
        """Say whether a transaction was committed; when this returns it is over either way.

        The connection that it was begun on is lost. Raises DatabaseLostError where the server does not answer.
        """
        with self._pool.connect("settling") as link:
            try:
                link.execute(f"SET lock_timeout = {_LOCK_MS}")
                try:
                    found = self._last(link, mark)
                except errors.LockNotAvailable:
                    # Only the lost session can hold this row, so that it is there and the process is its own.
                    link.execute(self._statements["end_session"], (mark.pid,))
                    found = self._last(link, mark)
            except psycopg.OperationalError as error:
                raise DatabaseLostError(url=self._pool.url, cause=away(self._pool.url, error).facts["cause"]) from error
        return found >= mark.number

    def _last(self, link: Connection, mark: Mark) -> int:
        """Return the number of the transaction that a client committed last, 0 where it committed none."""
        row: Any = link.execute(self._statements["last_mark"], (mark.client,)).fetchone()
        return int(row[0])

    def _next(self, pid: int) -> Mark:
        """Number a transaction of this thread."""
        held = vars(self._local)
        if held.get("pid") != os.getpid():
            held.update(pid=os.getpid(), client=uuid.uuid4().hex, number=0)
        held["number"] += 1
        return Mark(held["client"], held["number"], pid)
