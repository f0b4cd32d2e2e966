"""Database: one SQLite file, one connection a thread."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from tapehead.database.alerts import Alerts
from tapehead.database.figures import Held, PoolFigures
from tapehead.database.meter import Meter
from tapehead.errors import DiskFullError, NewerFormatError, StoreLockedError, SurroundingsError
from tapehead.settings import PoolSettings
from tapehead.stores.embedded.disk import announced
from tapehead.stores.embedded.home import other_home, refusal, unwritable
from tapehead.stores.tables.statements import statements_of

Given = TypeVar("Given")

_BUSY_S = 5.0
_LARGE_CACHES = 2


class Database:
    """Connections to one file in WAL mode, made per thread and process.

    Parameters
    ----------
    path : Path
        File of the database; made with its schema when absent and `writable`.
    script : str
        Name of the .sql file that holds the named statements; without its ending that of the schema in `steps.STEPS`.
    newest : int
        Highest `PRAGMA user_version` that can be read; that of a new file, and of an older one once opened.
    synchronous : str
        `FULL`: a commit survives a power cut; `NORMAL`: it survives `kill -9`, and a power cut may take the last ones.
    writable : bool
        False opens what is there for reading; a file that is not there reads as an empty one.
    full : bool
        The disk is why it is not writable, and what an attempt to write is told.
    alerts : Alerts, optional
        Where it is told that writers wait too long for each other.

    Notes
    -----
    Safe from many threads, and across `fork`: a child opens its own connections. `close` ends those of all threads.
    """

    def __init__(
        self,
        path: Path,
        script: str,
        newest: int,
        *,
        synchronous: str,
        writable: bool,
        full: bool = False,
        alerts: Alerts | None = None,
    ) -> None:
        self.path = path
        self.writable = writable
        self._full = full
        self._newest = newest
        self._synchronous = synchronous
        self._statements = statements_of(script, Path(__file__).parent)
        self._schema = script.removesuffix(".sql")
        self._local = threading.local()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._open: dict[threading.Thread, sqlite3.Connection] = {}
        self._pid = os.getpid()
        self._inherited: list[dict[threading.Thread, sqlite3.Connection]] = []
        self.meter = Meter(path.name, str(path), PoolSettings(), alerts or Alerts())
        self._prepare()

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def where(self) -> str:
        """Path of the file."""
        return str(self.path)

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""
        return self.connection().in_transaction

    def connection(self) -> sqlite3.Connection:
        """Return this thread's connection, in autocommit."""
        local = self._local.__dict__
        if local.get("pid") == os.getpid():
            held: sqlite3.Connection = local["connection"]
            return held
        self._forget_parent()
        connection = self._connect()
        with self._lock:
            for thread in [thread for thread in self._open if not thread.is_alive()]:
                self._open.pop(thread).close()
            self._open[threading.current_thread()] = connection
        local.update(pid=os.getpid(), connection=connection)
        return connection

    def execute(self, name: str, values: Any = ()) -> sqlite3.Cursor:
        """Run a named statement on this thread's connection."""
        return self.connection().execute(self._statements[name], values)

    def execute_many(self, name: str, rows: Iterable[Any]) -> None:
        """Run a named statement for each row of values, inside a transaction."""
        self.connection().executemany(self._statements[name], rows)

    @contextmanager
    def transaction(self, what: str) -> Iterator[sqlite3.Connection]:
        """Begin IMMEDIATE, commit on leaving, roll back on an error; nested, it joins the outer one.

        Raises
        ------
        DiskFullError, StoreLockedError, UnwritableHomeError
            The surroundings stand in the way; nothing was written. `what` names what was being written.
        """
        if not self.writable:
            raise refusal(self.path.parent, what, full=self._full)
        connection = self.connection()
        if connection.in_transaction:
            yield connection
            return
        # Threads of one process queue here: SQLite lets them poll with growing pauses, up to seconds under load.
        turn = self._turn
        asked, before = self.meter.ask()
        queued = turn.acquire(timeout=_BUSY_S)
        try:
            self._begin(connection, what, asked, waited=before > 0)
            yield connection
            with announced("commit", self.path):
                connection.execute("COMMIT")
        except BaseException as error:
            # A full disk may have rolled back already; then there is nothing left to undo.
            if connection.in_transaction:
                with suppress(sqlite3.OperationalError), announced("rollback", self.path):
                    connection.execute("ROLLBACK")
            vars(self._local).pop("waiting", None)
            if isinstance(error, sqlite3.OperationalError):
                self._explain(error, what)
            raise
        finally:
            self.meter.give(id(connection))
            if queued:
                turn.release()
        self._call_waiting()

    def _begin(self, connection: sqlite3.Connection, what: str, asked: float, *, waited: bool) -> None:
        """Begin to write, at last."""
        try:
            with announced("begin", self.path):
                connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self.meter.give_up()
            raise
        held = Held(threading.current_thread().name, what, time.monotonic())
        self.meter.take(id(connection), held, asked, waited=waited)

    @contextmanager
    def moment(self) -> Iterator[sqlite3.Connection]:
        """Read everything inside as of one moment, whatever others commit meanwhile; not within a transaction."""
        connection = self.connection()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body`: a file has no server that could go away."""
        return body()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call once what was written in this thread can be seen by others: at once where no transaction is open."""
        if self.connection().in_transaction:
            waiting: list[Callable[[], None]] = vars(self._local).setdefault("waiting", [])
            if call not in waiting:
                waiting.append(call)
        else:
            call()

    def _call_waiting(self) -> None:
        """Make the calls that waited for the commit of this thread."""
        waiting: list[Callable[[], None]] = vars(self._local).pop("waiting", [])
        for call in waiting:
            call()

    def figures(self) -> PoolFigures:
        """Return how many threads have it open, which of them writes, and how long others waited for that."""
        with self._lock:
            open_ = sum(thread.is_alive() for thread in self._open)
        return self.meter.figures(open_, 0)

    def close(self) -> None:
        """Close the connections of every thread; the next use opens new ones."""
        with self._lock:
            for connection in self._open.values():
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _forget_parent(self) -> None:
        """In a forked child, let go of the parent's connections unclosed: to close one here could touch its files."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._lock = threading.Lock()
            self._turn = threading.Lock()
            self.meter = Meter(self.path.name, str(self.path), PoolSettings(), self.meter.alerts)
            self._inherited.append(self._open)
            self._open = {}

    def _explain(self, error: sqlite3.OperationalError, what: str) -> None:
        """Raise the error of the surroundings that an SQLite error stands for, if it is one."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        # Some file systems (tmpfs) answer a write to a full disk with an input/output error.
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and not _has_room(self.path.parent)):
            raise DiskFullError(path=self.path.parent, what=what) from error
        if code == sqlite3.SQLITE_BUSY:
            raise StoreLockedError(path=self.path.parent, pid="unknown") from error
        if code == sqlite3.SQLITE_READONLY:
            raise unwritable(self.path.parent, str(error)) from error
        if code == sqlite3.SQLITE_IOERR:
            raise SurroundingsError(
                f"{self.path} cannot be written: {error}. Look at the disk, then: tapehead doctor"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        """Open one connection."""
        connection = sqlite3.connect(
            self._address(), uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        # A command has one thread or two. A service has sixty, and caches as large for each would be a gigabyte.
        connection.execute(f"PRAGMA cache_size = -{16_000 if len(self._open) < _LARGE_CACHES else 1_000}")
        return connection

    def _address(self) -> str:
        """Return the URI: for reading only, the file as it stands unless a log of changes lies beside it."""
        address = self.path.as_uri()
        if self.writable:
            return address
        if not self.path.is_file():
            return f"file:{self.path.stem}-{id(self)}?mode=memory&cache=shared"
        log = self.path.with_name(self.path.name + "-wal")
        # SQLite reads a log only through a -shm file; where none can be made, `immutable` reads a store that was
        # closed. Without a log that is the whole truth.
        return f"{address}?mode=ro" if log.is_file() and log.stat().st_size else f"{address}?immutable=1"

    def _prepare(self) -> None:
        """Make or lift the schema; refuse a newer format."""
        try:
            connection = self.connection()
            found = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if found < self._newest:
                self._to_newest(connection, found)
        except sqlite3.OperationalError as error:
            self.close()
            self._explain(error, f"{self.path.name}")
            raise unwritable(self.path.parent, str(error)) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # SQLite quotes damaged text in its message, and Python cannot always read that.
            self.close()
            way_out = f"Move it away, or use another store: tapehead --home {other_home(self.path.parent)} doctor"
            raise SurroundingsError(f"{self.path} is not a database: {error}. {way_out}") from error
        if found > self._newest:
            self.close()
            raise newer_format(self.path, found, self._newest)

    def _to_newest(self, connection: sqlite3.Connection, found: int) -> None:
        """Make the schema in a new file, or lift an older file to it, in one transaction and once, whoever comes first.

        For reading only, a file that is not there gets its schema in memory; an older one is refused.
        """
        if self.writable:
            _to_wal(connection)
        elif found:
            raise SurroundingsError(
                f"{self.path} was made by an older Tapehead and must be lifted to format {self._newest}, but it is "
                f"read-only. Open it once where it can be written: tapehead --home {self.path.parent} doctor"
            )
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if found < self._newest:
                # Read by nobody whose file stands at the newest step.
                from tapehead.stores.embedded.steps import statements_up

                for statement in statements_up(self._schema, found):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self._newest}")
            with announced("commit", self.path):
                connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _has_room(folder: Path) -> bool:
    """Say whether the disk of a folder has a block left."""
    try:
        return os.statvfs(folder).f_bavail > 0
    except OSError:
        return True


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite calls no busy handler for it, so two first openers would trip over each other."""
    end = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def newer_format(path: Path, found: int, known: int) -> NewerFormatError:
    """Return the error that names both formats and this version."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("tapehead")
    except PackageNotFoundError:
        own = "of this folder"
    return NewerFormatError(path=path, found=found, known=known, version=own, other=other_home(path.parent))
