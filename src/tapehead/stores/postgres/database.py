"""PostgresDatabase: named statements over a pool; a transaction keeps its thread's connection."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import errors

from tapehead.database.pool import Connection, Pool, away
from tapehead.database.schema import RIGHTS
from tapehead.errors import DatabaseRefusedError, StoreLockedError
from tapehead.stores.postgres.statements import read_dialect


class Rows:
    """What a statement gave, all of it: the connection is free again."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Iterator[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""
        return self._rows


class PostgresDatabase:
    """`stores.tables.database.Database` over a pool. Safe from many threads.

    A statement outside of a transaction takes a connection and gives it back at once. A transaction holds one for its
    thread; what the thread asks meanwhile goes there.

    Parameters
    ----------
    pool : Pool
    script : str
        Name of the .sql file of its statements.
    """

    def __init__(self, pool: Pool, script: str) -> None:
        self._pool = pool
        self._statements = read_dialect(script)
        self._local = threading.local()

    @property
    def name(self) -> str:
        """The URL without a password."""
        return self._pool.url.shown

    @property
    def where(self) -> str:
        """The URL without a password."""
        return self._pool.url.shown

    @property
    def in_transaction(self) -> bool:
        """Whether this thread has a transaction open."""
        return self._held() is not None

    @property
    def writable(self) -> bool:
        """Whether the server takes writes: a replica, or a user that may only read, does not."""
        return self._pool.writable

    def execute(self, name: str, values: Any = ()) -> Rows:
        """Run a named statement."""
        return self.ask(self._statements[name], values)

    def ask(self, sql: str, values: Any = ()) -> Rows:
        """Run a statement."""
        with self._link() as link:
            cursor = link.execute(sql, values or None, binary=True)
            rows = cursor.fetchall() if cursor.description is not None else []
            return Rows(iter(rows), cursor.rowcount)

    def execute_many(self, name: str, rows: Iterable[Any]) -> None:
        """Run a named statement for each row of values; the driver sends them without waiting for each answer."""
        with self._link() as link, link.cursor() as cursor:
            cursor.executemany(self._statements[name], list(rows))

    @contextmanager
    def transaction(self, what: str) -> Iterator[Connection]:
        """Commit on leaving, roll back on an error; nested, it joins the outer one."""
        del what
        held = self._held()
        if held is not None:
            yield held
            return
        with self._kept("BEGIN") as link:
            yield link
        self._call_waiting()

    @contextmanager
    def moment(self) -> Iterator[Connection]:
        """Read everything inside as of one moment; in a transaction of this thread, as that one does."""
        held = self._held()
        if held is not None:
            yield held
            return
        with self._kept("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") as link:
            yield link

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call once what was written in this thread can be seen by others: at once where no transaction is open."""
        if not self.in_transaction:
            call()
            return
        waiting: list[Callable[[], None]] = vars(self._local).setdefault("waiting", [])
        if call not in waiting:
            waiting.append(call)

    def close(self) -> None:
        """Do nothing: the pool is closed by who opened it."""

    @contextmanager
    def _kept(self, begin: str) -> Iterator[Connection]:
        """Hold a connection of this thread from BEGIN to COMMIT."""
        with self._pool.connection() as link, self._explained():
            link.execute(begin)
            vars(self._local)["link"] = link, os.getpid()
            try:
                yield link
                link.execute("COMMIT")
            except BaseException:
                vars(self._local).pop("waiting", None)
                # A connection that is gone has rolled back.
                with suppress(psycopg.Error):
                    link.execute("ROLLBACK")
                raise
            finally:
                del vars(self._local)["link"]

    @contextmanager
    def _link(self) -> Iterator[Connection]:
        """Lend the connection of this thread's transaction, or any for one statement."""
        held = self._held()
        if held is not None:
            yield held
            return
        with self._pool.connection() as link, self._explained():
            yield link

    def _held(self) -> Connection | None:
        """Return the connection of this thread's transaction; one that a parent process began is not ours."""
        link, pid = vars(self._local).get("link", (None, 0))
        return link if pid == os.getpid() else None

    def _call_waiting(self) -> None:
        """Make the calls that waited for the commit of this thread."""
        waiting: list[Callable[[], None]] = vars(self._local).pop("waiting", [])
        for call in waiting:
            call()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the server says into an error of the surroundings, with a next step."""
        try:
            yield
        except errors.LockNotAvailable as error:
            raise StoreLockedError(path=self.where, pid="unknown") from error
        except errors.InsufficientPrivilege as error:
            raise DatabaseRefusedError(url=self.where, cause=_first_line(error), step=RIGHTS) from error
        except (errors.DiskFull, errors.OutOfMemory) as error:
            raise DatabaseRefusedError(url=self.where, cause=_first_line(error), step=_ROOM) from error
        except (errors.UndefinedTable, errors.UndefinedColumn) as error:
            raise DatabaseRefusedError(url=self.where, cause=_first_line(error), step=_SCHEMA) from error
        except errors.ReadOnlySqlTransaction as error:
            raise DatabaseRefusedError(url=self.where, cause=_first_line(error), step=_PRIMARY) from error
        except psycopg.OperationalError as error:
            raise away(self._pool.url, error) from error


_ROOM = "Give the server room, then run the command again"
_SCHEMA = "Look at its schema: tapehead db status"
_PRIMARY = "Name the primary server instead of a replica"


def _first_line(error: psycopg.Error) -> str:
    """Return what the server says, in one line."""
    text = (error.diag.message_primary or str(error)).strip()
    return text.splitlines()[0] if text else type(error).__name__
