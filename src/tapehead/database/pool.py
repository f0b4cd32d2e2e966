"""Pool: connections to one PostgreSQL, shared by the threads of a process; who holds one is known."""

import logging
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from tapehead.database.alerts import Alerts
from tapehead.database.asker import asked_by, asker, name_of
from tapehead.database.figures import Held, PoolFigures, said
from tapehead.database.link import Link, teach
from tapehead.database.liveness import SERVER_OPTIONS, liveness_words
from tapehead.database.meter import Meter
from tapehead.database.outage import Outage
from tapehead.database.url import DatabaseUrl
from tapehead.errors import DatabaseAwayError, DatabaseLostError, PoolExhaustedError
from tapehead.settings import PoolSettings

Connection = psycopg.Connection[Any]

SCHEMA: Final = "tapehead"
"""Of every table."""
OLDEST: Final = 15
"""Major version of PostgreSQL from which on all statements are understood."""
_PATIENCE_S: Final = 10
_LOOK_S: Final = 2.0
"""After which who waits for a connection looks whether the server is there at all."""
_LOOK_PATIENCE_S: Final = 5.0
"""How long such a look, or the question whether an idle connection lives, waits for an answer."""
_LEAST_S: Final = 2
"""The least that libpq waits for a connection."""
_POOL_LOG: Final = "psycopg.pool"
_OPTIONS: Final = f"-c search_path={SCHEMA} -c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1"
_NOT_YET: Final = ("starting up", "shutting down", "recovery mode", "not yet accepting")
"""What a server says that will be there soon; one that refuses for another reason is there."""
_MAKE: Final = "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
_STEPS: Final = {
    "no password supplied": "Give it in PGPASSWORD or ~/.pgpass, or in the URL, then look",
    "password authentication failed": "Mend user or password, of the URL, PGPASSWORD or ~/.pgpass, then look",
    "no pg_hba.conf entry": "Let its administrator let this user in from here, then look",
    'role "': "Name another user, or let its administrator make this one, then look",
    'database "': f"Name another database, or make it, {_MAKE}, then look",
    "Connection refused": "Start it, or mend host and port, then look",
    "resolve host": "Mend the host, then look",
}
"""What to do about a server that lets nobody in, by a word of what it says."""
_OURS: Final = ("/tapehead/database/", "/tapehead/stores/", "/contextlib.py")


class Pool:
    """Connections in autocommit, with the tables of Tapehead in reach. Safe from many threads.

    Parameters
    ----------
    url : DatabaseUrl
    settings : PoolSettings
    name : str
        What figures call it.
    alerts : Alerts, optional
        Where those who wait too long, or give nothing back, are told of.

    Notes
    -----
    The server knows a connection by what the process does and the run it is lent for: `tapehead serve run 01J...`.

    Raises
    ------
    DatabaseAwayError
        The server does not answer, refuses this user, or is too old.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        settings: PoolSettings | None = None,
        *,
        name: str = "primary",
        alerts: Alerts | None = None,
    ) -> None:
        self.url = url
        self.name = name
        self.settings = settings or PoolSettings()
        self.alerts = alerts or Alerts()
        self._program = name_of(f"tapehead {asker().role}".strip(), "")
        # A warning of the pool is told again by the error that follows it.
        logging.getLogger(_POOL_LOG).setLevel(logging.ERROR)
        self.outage = Outage(url, self.settings, self._look_anew, self._renew)
        self._refusal: tuple[float, DatabaseAwayError | None] = (0.0, None)
        with self.connect() as link:
            _check_server(url, link)
            self.writable = link.execute("SHOW transaction_read_only").fetchone() == ("off",)
        self._inherited: list[ConnectionPool[Link]] = []
        self._begin()
        try:
            self._pool.wait(_PATIENCE_S)
        except PoolTimeout as error:
            cause = f"it gave no {self.settings.smallest} connections within {_PATIENCE_S} s"
            raise DatabaseAwayError(url=url, cause=cause) from error

    def _begin(self) -> None:
        """Begin with no connection; those of a parent process stay open and are never used here."""
        self._pid = os.getpid()
        self._guard = threading.Lock()
        self._extra = 0
        self._meter = Meter(self.name, self.url.shown, self.settings, self.alerts)
        self._pool = self._make()

    def _make(self) -> ConnectionPool[Link]:
        """Return connections that are all still to be made."""
        return ConnectionPool(
            self.url.text,
            connection_class=Link,
            kwargs=self._words(),
            min_size=min(self.settings.smallest, self.settings.largest),
            max_size=self.settings.largest,
            timeout=self.settings.wait_s,
            max_idle=self.settings.idle_s,
            max_lifetime=self.settings.lifetime_s,
            configure=self._configure,
            check=self._check,
            open=True,
            name="tapehead",
        )

    def connect(self, what: str = "", *, bounded: bool = True) -> Connection:
        """Open a connection beside the pool, for one that is kept long; its caller closes it.

        `what` names it to the server; without `bounded` its statements may take as long as they do.
        """
        return self._connect(name_of(f"{self._program} {what}".strip(), ""), bounded=bounded)

    def warm(self, count: int) -> None:
        """Begin to open connections, up to so many; not where it grew by itself. They end like any that lie idle."""
        self._leave_parent()
        smallest, most = self.settings.smallest, self.settings.largest
        if self._pool.get_stats().get("pool_size", 0) <= smallest:
            self._pool.resize(min(max(count, smallest), most), most)
            # What is being opened is opened; how many stay is said by the settings.
            self._pool.resize(min(smallest, most), most)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection to this thread; one that broke is replaced.

        Raises
        ------
        PoolExhaustedError
            All were held for `wait_s`; the sentence says by whom.
        """
        self._leave_parent()
        link, extra, asked, waited = self._take()
        run = asker().run
        held = Held(threading.current_thread().name, _place(), time.monotonic(), run)
        self._meter.take(id(link), held, asked, waited=waited)
        try:
            self._name(link, run)
            yield link
        finally:
            link.used = time.monotonic()
            if extra:
                link.close()
                with self._guard:
                    self._extra -= 1
            self._meter.give(id(link))
            if not extra:
                link.lender.putconn(link)

    def figures(self) -> PoolFigures:
        """Return how the connections are used."""
        self._leave_parent()
        with self._guard:
            extra = self._extra
        limit = self.settings.largest + self.settings.overflow
        return self._meter.figures(self._pool.get_stats().get("pool_size", 0) + extra, limit)

    def close(self) -> None:
        """Close every connection that is not lent."""
        self._pool.close()

    def _renew(self) -> None:
        """Let go of all connections after an outage: those that are lent are closed when they come back."""
        # The old ones would be made anew one by one, at growing distances.
        old, self._pool = self._pool, self._make()
        old.close(timeout=0)

    def _leave_parent(self) -> None:
        """In a forked child begin anew."""
        if self._pid != os.getpid():
            self._inherited.append(self._pool)
            self._begin()

    def _take(self) -> tuple[Link, bool, float, bool]:
        """Wait for a connection; say whether it is one beyond the largest number, since when, and for another's."""
        asked, before = self._meter.ask()
        full = before >= self.settings.largest
        try:
            if full and self._may_exceed():
                return self._exceed(), True, asked, False
            return self._get(), False, asked, full
        except PoolTimeout as error:
            raise self._timed_out(self._meter.give_up()) from error
        except PoolClosed as error:
            self._meter.give_up()
            raise DatabaseAwayError(url=self.url, cause="the store was closed") from error
        except BaseException:
            self._meter.give_up()
            raise

    def _get(self) -> Link:
        """Take a connection of the pool; raise as soon as it shows that the server is gone."""
        end = time.monotonic() + self._wait_s()
        if self.outage.is_given_up:
            self._look()
        while True:
            pool, left = self._pool, end - time.monotonic()
            try:
                link = pool.getconn(max(min(left, _LOOK_S), 0.001))
            except PoolClosed:
                if pool is self._pool:
                    raise
            except PoolTimeout:
                if left <= _LOOK_S:
                    raise
                self._look()
            else:
                link.lender = pool
                return link

    def _look(self) -> None:
        """Raise DatabaseLostError where the server is gone; one that only lets nobody in is there."""
        try:
            self._look_anew()
        except DatabaseLostError:
            raise
        except DatabaseAwayError:
            return

    def _look_anew(self) -> None:
        """Connect and go; raises DatabaseAwayError."""
        patience_s = asker().patience_s
        with asked_by(patience_s=_LOOK_PATIENCE_S if patience_s is None else min(_LOOK_PATIENCE_S, patience_s / 2)):
            self.connect("look").close()

    def _timed_out(self, held: tuple[Held, ...]) -> Exception:
        """Return the error for a connection that did not come: the others hold all, or the server gives none."""
        wait_s, limit = self._wait_s(), self.settings.largest + self.settings.overflow
        if len(held) < self.settings.largest:
            return DatabaseLostError(url=self.url, cause=f"no connection within {wait_s:g} s")
        error = PoolExhaustedError(
            url=self.url, largest=limit, wait_s=wait_s, held=said(held), more=2 * self.settings.largest
        )
        self._meter.exhaust(str(error))
        return error

    def _wait_s(self) -> float:
        """Return how long this thread waits."""
        patience_s = asker().patience_s
        return self.settings.wait_s if patience_s is None else min(patience_s, self.settings.wait_s)

    def _may_exceed(self) -> bool:
        """Take one of the places beyond the largest number, where one is left."""
        with self._guard:
            free = self._extra < self.settings.overflow
            self._extra += free
        return free

    def _exceed(self) -> Link:
        """Open a connection beyond the largest number."""
        try:
            return self._connect(self._program)
        except BaseException:
            with self._guard:
                self._extra -= 1
            raise

    def _connect(self, name: str, *, bounded: bool = True) -> Link:
        """Open a connection under a name."""
        at, before = self._refusal
        if self.outage.is_given_up and before is not None and time.monotonic() - at < _LEAST_S:
            raise DatabaseLostError(**before.facts)
        words = {**self._words(bounded=bounded), "application_name": name}
        try:
            link = Link.connect(self.url.text, **words)
        except psycopg.OperationalError as error:
            told, text = unreachable(self.url, error), str(error)
            gone = "FATAL:" not in text or any(word in text for word in _NOT_YET)
            if gone:
                told = DatabaseLostError(**told.facts)
                self._refusal = time.monotonic(), told
            raise told from error
        self._configure(link)
        return link

    def _configure(self, link: Link) -> None:
        """Make a connection one of this pool."""
        teach(link)
        link.outage = self.outage

    def _name(self, link: Link, run: str) -> None:
        """Tell the server for whom a connection works from now on, where that is news."""
        name = name_of(self._program, run)
        if name != (link.named or self._program):
            # Of a connection that is gone the next statement tells.
            with suppress(psycopg.Error):
                link.execute("SELECT set_config('application_name', %s, false)", (name,))
                link.named = name

    def _check(self, link: Link) -> None:
        """Ask a connection that lay idle whether it still lives; one just used is taken at its word."""
        if time.monotonic() - link.used > self.settings.ping_s:
            patience_s = asker().patience_s
            try:
                with asked_by(patience_s=min(_LOOK_PATIENCE_S, math.inf if patience_s is None else patience_s)):
                    ConnectionPool.check_connection(link)
            except psycopg.Error:
                self._meter.replace()
                raise

    def _connect_s(self, told_s: int) -> int:
        """Return how long to wait for a connection: as told, but less where nobody waits for this server any more."""
        patience_s, usual_s = asker().patience_s, told_s if told_s > 0 else _PATIENCE_S
        if self.outage.is_given_up:
            return min(_LEAST_S, usual_s)
        return usual_s if patience_s is None else max(_LEAST_S, min(usual_s, math.ceil(patience_s)))

    def _words(self, *, bounded: bool = True) -> dict[str, Any]:
        """Return what every connection is opened with."""
        bounds = (
            ("statement_timeout", self.settings.statement_s),
            ("lock_timeout", self.settings.lock_s),
            ("idle_in_transaction_session_timeout", self.settings.transaction_s),
        )
        kept = "".join(f" -c {name}={round(seconds * 1000)}" for name, seconds in bounds if bounded)
        told = conninfo_to_dict(self.url.text)
        return {
            "autocommit": True,
            "application_name": self._program,
            "connect_timeout": self._connect_s(int(float(str(told.get("connect_timeout") or 0)))),
            # The last word counts: bounds may be others by the URL, what the statements rely on may not.
            "options": f"{SERVER_OPTIONS}{kept} {told.get('options', '')} {_OPTIONS}",
            **liveness_words(self.url),
        }


def away(url: DatabaseUrl, error: psycopg.Error) -> DatabaseAwayError:
    """Return the error for a server that went away, or ended what was asked."""
    lines = (error.diag.message_primary or str(error) or type(error).__name__).strip().splitlines()
    return DatabaseAwayError(url=url, cause=lines[0].rstrip("."))


def unreachable(url: DatabaseUrl, error: psycopg.Error) -> DatabaseAwayError:
    """Return the error for a server that cannot be reached, or does not let in; libpq's text names no password."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # Of several addresses the last; what is before "failed:" says where, which stands in the URL already.
    told = [line.rpartition("failed: ")[2] for line in lines if "failed: " in line] or lines
    cause = (
        (told[-1] if told else type(error).__name__)
        .removeprefix("FATAL:")
        .removeprefix("fe_sendauth:")
        .strip()
        .rstrip(".?")
    )
    step = next((step for word, step in _STEPS.items() if word in cause), None)
    return DatabaseAwayError(url=url, cause=cause, **({} if step is None else {"step": step}))


def _check_server(url: DatabaseUrl, link: Connection) -> None:
    """Refuse a server that cannot hold a store."""
    major = link.info.server_version // 10_000
    if major < OLDEST:
        cause = f"it is PostgreSQL {major}, and Tapehead needs {OLDEST} or newer"
        raise DatabaseAwayError(url=url, cause=cause, step="Name a newer one, then look")
    coding = link.info.parameter_status("server_encoding")
    if coding != "UTF8":
        cause = f"its encoding is {coding}, and names of instruments need UTF8"
        raise DatabaseAwayError(url=url, cause=cause, step=f"Name another one, {_MAKE}, then look")


def _place() -> str:
    """Return the file and line that asked, outside the rooms that always do."""
    frame = sys._getframe(2)  # noqa: SLF001 - a whole traceback costs fifty times as much
    while frame.f_back is not None and any(part in frame.f_code.co_filename for part in _OURS):
        frame = frame.f_back
    name = frame.f_code.co_filename.rpartition("/tapehead/")[2]
    return f"{name}:{frame.f_lineno}"
