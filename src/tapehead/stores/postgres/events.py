"""PostgresEvents: the event log in PostgreSQL; commits of other processes are heard of by LISTEN."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg

from tapehead.database.pool import Pool
from tapehead.errors import SurroundingsError
from tapehead.model.events import Event
from tapehead.model.result import RunId
from tapehead.stores.postgres.claims import SessionClaims
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.tables.events import EventTable

_CHANNEL = "tapehead_events"
_LOOK_S = 0.5
"""After which a waiting thread looks for itself, should a notice be lost with its session."""


class PostgresEvents(EventTable):
    """`ports.runs.EventLog` in PostgreSQL. Safe from many threads and processes.

    Who appends locks the row of the run, so that numbers follow each other, and tells a channel. A thread that listens
    there is started by the first who waits.
    """

    def __init__(self, database: PostgresDatabase, pool: Pool, claims: SessionClaims) -> None:
        super().__init__(database)
        self._claims = claims
        self._pool = pool
        self._rows = database
        self._ears: threading.Thread | None = None
        self._closed = False
        self._pid = os.getpid()

    def prune(self, *, before: int, keep: int, stop: Callable[[], bool] | None = None) -> int:
        """Delete old events; and what tells of the last commits of clients that are long gone."""
        with self._rows.transaction("old clients"):
            self._rows.execute("forget_clients")
        return super().prune(before=before, keep=keep, stop=stop)

    def wait(self, run: RunId, after: int, timeout_s: float) -> bool:
        """Return True once an event above `after` is there, False after `timeout_s`."""
        self._hear()
        end = time.monotonic() + timeout_s
        while True:
            with self._news:
                told = self._told
            # Not under the condition: a question takes a connection, and whoever tells must not wait for that.
            if self.last(run) > after:
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            with self._news:
                if self._told == told:
                    self._news.wait(min(_LOOK_S, left))

    def _add(self, run: RunId, events: Sequence[Event]) -> int:
        """Number and keep events with the run locked, so that numbers follow each other; tell the channel."""
        self._claims.check(run)
        last = super()._add(run, events)
        self._rows.tell("SELECT pg_notify(%s, %s)", [(_CHANNEL, run)])
        return last

    def close(self) -> None:
        """End the listening."""
        self._closed = True
        if self._ears is not None:
            self._ears.join(timeout=5)

    def _hear(self) -> None:
        """Start the thread that listens, once."""
        if self._pid != os.getpid():
            # A child has no thread of its parent's, and maybe a condition that nobody will ever free.
            self._pid, self._ears, self._news = os.getpid(), None, threading.Condition()
        with self._news:
            if self._ears is None and not self._closed:
                self._ears = threading.Thread(target=self._listen, name="tapehead-events", daemon=True)
                self._ears.start()

    def _listen(self) -> None:
        """Wake those who wait at each notice; a session that broke is opened anew."""
        while not self._closed:
            with suppress(psycopg.Error, SurroundingsError):
                link = self._pool.connect("events")
                with link:
                    link.execute(f"LISTEN {_CHANNEL}")
                    self._wake()
                    while not self._closed:
                        for _ in link.notifies(timeout=_LOOK_S):
                            self._wake()
            if not self._closed:
                time.sleep(_LOOK_S)
