"""Pool: connections to one PostgreSQL, shared by the threads of a process; who holds one is known."""

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.adapt import Dumper
from psycopg.types.string import StrDumper
from psycopg_pool import ConnectionPool, PoolTimeout

from tapehead.database.url import DatabaseUrl
from tapehead.errors import DatabaseAwayError, PoolExhaustedError

Connection = psycopg.Connection[Any]

SCHEMA: Final = "tapehead"
"""Of every table."""
OLDEST: Final = 15
"""Major version of PostgreSQL from which on all statements are understood."""
_PATIENCE_S: Final = 10
_FRESH_S: Final = 0.5
_POOL_LOG: Final = "psycopg.pool"
_OPTIONS: Final = f"-c search_path={SCHEMA} -c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1"
_OURS: Final = ("/tapehead/database/", "/tapehead/stores/", "/contextlib.py")


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Sizes and waits of a pool.

    Attributes
    ----------
    smallest, largest : int
        Connections kept open, and open at once.
    wait_s : float
        How long a thread waits for one before PoolExhaustedError.
    idle_s, lifetime_s : float
        After which an idle one beyond `smallest` is closed, and any is made anew.
    """

    smallest: int = 1
    largest: int = 10
    wait_s: float = 30.0
    idle_s: float = 300.0
    lifetime_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Held:
    """A connection that is out: whose, where it was taken, since when (s, of `time.monotonic`)."""

    thread: str
    place: str
    since: float

    def __str__(self) -> str:
        """Say who, where and how long."""
        return f"{self.thread} at {self.place} for {time.monotonic() - self.since:.1f} s"


class _Flag(Dumper):
    """Truth as 0 and 1, which the schema keeps in both databases."""

    oid = psycopg.adapters.types["int2"].oid

    def dump(self, obj: Any) -> bytes:
        return b"1" if obj else b"0"


class _Text(StrDumper):
    """Text without the sign NUL, which PostgreSQL cannot keep: its picture stands for it."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\u2400"))


class Pool:
    """Connections in autocommit, with the tables of Tapehead in reach. Safe from many threads.

    Parameters
    ----------
    url : DatabaseUrl
    settings : PoolSettings
    program : str
        Name by which the server knows who asks; at most 63 characters count.

    Raises
    ------
    DatabaseAwayError
        The server does not answer, refuses this user, or is too old.
    """

    def __init__(self, url: DatabaseUrl, settings: PoolSettings | None = None, *, program: str = "tapehead") -> None:
        self.url = url
        self.settings = settings or PoolSettings()
        self._program = program
        # A warning of the pool is told again by the error that follows it.
        logging.getLogger(_POOL_LOG).setLevel(logging.ERROR)
        with self.connect() as link:
            _check_server(url, link)
            self.writable = link.execute("SHOW transaction_read_only").fetchone() == ("off",)
        self._inherited: list[ConnectionPool] = []
        self._begin()

    def _begin(self) -> None:
        """Begin with no connection; those of a parent process stay open and are never used here."""
        self._pid = os.getpid()
        self._guard = threading.Lock()
        self._held: dict[int, Held] = {}
        self._used: dict[int, float] = {}
        self._pool = ConnectionPool(
            self.url.text,
            kwargs=self._words(),
            min_size=self.settings.smallest,
            max_size=self.settings.largest,
            timeout=self.settings.wait_s,
            max_idle=self.settings.idle_s,
            max_lifetime=self.settings.lifetime_s,
            configure=_configure,
            check=self._check,
            open=True,
            name="tapehead",
        )

    def connect(self, what: str = "") -> Connection:
        """Open a connection beside the pool, for one that is kept long; its caller closes it."""
        words = self._words()
        if what:
            words["application_name"] = f"{self._program} {what}"
        try:
            link: Connection = psycopg.connect(self.url.text, **words)
        except psycopg.OperationalError as error:
            raise unreachable(self.url, error) from error
        _configure(link)
        return link

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend a connection to this thread; one that broke is replaced.

        Raises
        ------
        PoolExhaustedError
            All were held for `wait_s`; the sentence says by whom.
        """
        link = self._take()
        with self._guard:
            self._held[id(link)] = Held(threading.current_thread().name, _place(), time.monotonic())
        try:
            yield link
        finally:
            with self._guard:
                self._held.pop(id(link), None)
                self._used[id(link)] = time.monotonic()
            self._pool.putconn(link)

    def close(self) -> None:
        """Close every connection that is not lent."""
        self._pool.close()

    def _take(self) -> Connection:
        """Wait for a connection."""
        if self._pid != os.getpid():
            self._inherited.append(self._pool)
            self._begin()
        try:
            return self._pool.getconn()
        except PoolTimeout as error:
            with self._guard:
                held = [str(one) for one in self._held.values()]
            if len(held) >= self.settings.largest:
                raise PoolExhaustedError(
                    url=self.url,
                    largest=self.settings.largest,
                    wait_s=self.settings.wait_s,
                    held="; ".join(held),
                    more=2 * self.settings.largest,
                ) from error
            raise DatabaseAwayError(url=self.url, cause=f"no connection within {self.settings.wait_s:g} s") from error

    def _check(self, link: Connection) -> None:
        """Ask a connection that lay idle whether it still lives; one just used is taken at its word."""
        with self._guard:
            used = self._used.pop(id(link), 0.0)
        if time.monotonic() - used > _FRESH_S:
            ConnectionPool.check_connection(link)

    def _words(self) -> dict[str, Any]:
        """Return what every connection is opened with."""
        return {
            "autocommit": True,
            "application_name": self._program,
            "connect_timeout": _PATIENCE_S,
            "options": _OPTIONS,
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
    cause = (told[-1] if told else type(error).__name__).removeprefix("FATAL:").strip().rstrip(".?")
    return DatabaseAwayError(url=url, cause=cause)


def _check_server(url: DatabaseUrl, link: Connection) -> None:
    """Refuse a server that cannot hold a store."""
    major = link.info.server_version // 10_000
    if major < OLDEST:
        cause = f"it is PostgreSQL {major}, and Tapehead needs {OLDEST} or newer"
        raise DatabaseAwayError(url=url, cause=cause)
    coding = link.info.parameter_status("server_encoding")
    if coding != "UTF8":
        cause = f"its encoding is {coding}, and names of instruments need UTF8 (CREATE DATABASE ... ENCODING 'UTF8')"
        raise DatabaseAwayError(url=url, cause=cause)


def _configure(link: Connection) -> None:
    """Teach a connection how values are written."""
    link.adapters.register_dumper(bool, _Flag)
    link.adapters.register_dumper(str, _Text)


def _place() -> str:
    """Return the file and line that asked, outside the rooms that always do."""
    frame = sys._getframe(2)  # noqa: SLF001 - a whole traceback costs fifty times as much
    while frame.f_back is not None and any(part in frame.f_code.co_filename for part in _OURS):
        frame = frame.f_back
    name = frame.f_code.co_filename.rpartition("/tapehead/")[2]
    return f"{name}:{frame.f_lineno}"
