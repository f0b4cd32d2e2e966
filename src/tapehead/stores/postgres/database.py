"""PostgresDatabase: named statements over a pool; a transaction keeps its thread's connection."""

import os
import re
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import psycopg
from psycopg import errors

from tapehead.database.asker import asker, comment_of
from tapehead.database.pool import Connection, Pool, away
from tapehead.database.schema import RIGHTS
from tapehead.errors import (
    CollisionError,
    DatabaseAwayError,
    DatabaseLostError,
    DatabaseRefusedError,
    StoreLockedError,
    UnknownCommitError,
)
from tapehead.stores.postgres.settling import Mark, Settling
from tapehead.stores.postgres.statements import read_dialect

Given = TypeVar("Given")

_READS: Final = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
"""Outside of a transaction such a statement changes nothing, so that it may be asked twice."""


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
        self._settling = Settling(pool)
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
        """Whether this thread has a transaction open that is no moment."""
        return self._held() is not None and not vars(self._local).get("moment", False)

    @property
    def is_held(self) -> bool:
        """Whether this thread has a transaction or a moment open, which a lost connection ends."""
        return self._held() is not None

    @property
    def writable(self) -> bool:
        """Whether the server takes writes: a replica, or a user that may only read, does not."""
        return self._pool.writable

    def execute(self, name: str, values: Any = ()) -> Rows:
        """Run a named statement."""
        return self.ask(self._statements[name], values)

    def ask(self, sql: str, values: Any = ()) -> Rows:
        """Run a statement; one that only reads, and is in no transaction, outlasts an outage of the server."""

        def once() -> Rows:
            with self._link() as link:
                with self._with_what_waits(link):
                    cursor = link.execute(self._signed(sql, values), values or None, binary=True)
                rows = cursor.fetchall() if cursor.description is not None else []
                return Rows(iter(rows), cursor.rowcount)

        return self.outlast(once) if _READS.match(sql) else once()

    def stream(self, name: str, values: Any = ()) -> Generator[Any, None, None]:
        """Yield the rows of a named statement as the server sends them; this thread asks nothing else meanwhile.

        Not in a transaction that writes, whose connection others inside it need. Close it, so that the connection is
        free where not all rows were taken.
        """
        with self._link() as link, link.cursor() as cursor:
            yield from cursor.stream(self._signed(self._statements[name], values), values or None, binary=True)

    def once(self, name: str, values: tuple[Any, ...]) -> Any:
        """Return the first row of a named statement; in a transaction that one was asked in before, without asking."""
        known: dict[Any, Any] | None = vars(self._local).get("known") if self._held() is not None else None
        if known is None:
            return self.execute(name, values).fetchone()
        if (name, values) not in known:
            known[name, values] = self.execute(name, values).fetchone()
        return known[name, values]

    def execute_many(self, name: str, rows: Iterable[Any]) -> None:
        """Run a named statement for each row of values; the driver sends them without waiting for each answer."""
        self.tell(self._statements[name], list(rows))

    def tell(self, sql: str, rows: Sequence[Any]) -> None:
        """Run a statement that gives nothing, for each row of values; in a `gathered` transaction with the next one."""
        if not rows:
            return
        signed, waiting = self._signed(sql, rows), self._later()
        if waiting is not None:
            waiting.append((signed, rows))
            return
        with self._link() as link, link.cursor() as cursor:
            cursor.executemany(signed, rows)

    @contextmanager
    def transaction(self, what: str) -> Iterator[Connection]:
        """Commit on leaving, roll back on an error; nested, it joins the outer one."""
        held = self._held()
        if held is not None:
            yield held
            return
        with self._kept("BEGIN", writes=True) as link:
            vars(self._local)["action"] = what
            try:
                yield link
            finally:
                del vars(self._local)["action"]
        self._call_waiting()

    @contextmanager
    def gathered(self, what: str) -> Iterator[None]:
        """A transaction in which what gives nothing is sent with the next statement that does, or with COMMIT.

        The answer to each statement is a way to the server and back, and in a busy process a wait for the interpreter.
        """
        with self.transaction(what):
            vars(self._local).setdefault("later", [])
            yield

    @contextmanager
    def moment(self) -> Iterator[Connection]:
        """Read everything inside as of one moment; in a transaction of this thread, as that one does."""
        held = self._held()
        if held is not None:
            yield held
            return
        with self._kept("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") as link:
            vars(self._local)["moment"] = True
            try:
                yield link
            finally:
                del vars(self._local)["moment"]

    @contextmanager
    def still(self, what: str, key: int) -> Iterator[bool]:
        """Write in a transaction that reads as of one moment, under an advisory lock; False where another holds it.

        The lock is of the session and comes first: what its last holder committed belongs to that moment.
        """
        with self._pool.connection() as link, self._explained(link):
            row = link.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
            if not row or not row[0]:
                yield False
                return
            try:
                with self._begun(link, "BEGIN ISOLATION LEVEL REPEATABLE READ", writes=True):
                    vars(self._local)["action"] = what
                    try:
                        yield True
                    finally:
                        del vars(self._local)["action"]
            finally:
                # A connection that is gone holds no lock.
                with suppress(psycopg.Error):
                    link.execute("SELECT pg_advisory_unlock(%s)", (key,))
        self._call_waiting()

    @contextmanager
    def apart(self, what: str) -> Iterator[Connection]:
        """Lend a connection beside the pool, for what must not wait for the transaction of this thread."""
        with self._pool.connect(what) as link, self._explained(link):
            yield link

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body`, once more where the server went away and came back; in a transaction of this thread once."""
        return body() if self._held() is not None else self._pool.outage.outlast(body)

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
    def _kept(self, begin: str, *, writes: bool = False) -> Iterator[Connection]:
        """Hold a connection of this thread from BEGIN to COMMIT; of one that is lost at COMMIT find out what came."""
        with self._pool.connection() as link, self._explained(link), self._begun(link, begin, writes=writes):
            yield link

    @contextmanager
    def _begun(self, link: Connection, begin: str, *, writes: bool) -> Iterator[None]:
        """Make a connection that of this thread from BEGIN to COMMIT."""
        mark = self._settling.begin(link, begin) if writes else None
        if mark is None:
            link.execute(begin)
        vars(self._local)["link"] = link, os.getpid()
        vars(self._local)["known"] = {}
        asked = False
        try:
            yield
            asked = True
            with self._with_what_waits(link):
                link.execute("COMMIT")
        except BaseException as error:
            if not (asked and mark and link.closed and self._was_done(mark, error)):
                vars(self._local).pop("waiting", None)
                self._end(link, None if asked else mark)
                raise
        finally:
            for name in ("link", "known", "later"):
                vars(self._local).pop(name, None)

    def _later(self) -> list[tuple[str, Sequence[Any]]] | None:
        """Return the statements that wait for the next one of this thread's transaction; None where none may."""
        return vars(self._local).get("later") if self._held() is not None else None

    @contextmanager
    def _with_what_waits(self, link: Connection) -> Iterator[None]:
        """Send what waits, and what is executed inside, without waiting in between; leaving, all is answered."""
        waiting = self._later()
        if not waiting:
            yield
            return
        every = list(waiting)
        waiting.clear()
        with link.pipeline(), link.cursor() as cursor:
            for sql, rows in every:
                cursor.executemany(sql, rows)
            yield

    def _was_done(self, mark: Mark, error: BaseException) -> bool:
        """Find out whether a transaction whose COMMIT got no answer was done; raise where that cannot be known yet."""
        try:
            return self._pool.outage.outlast(lambda: self._settling.is_done(mark))
        except DatabaseAwayError as away_still:
            cause = str(away_still.facts.get("cause", away_still))
            raise UnknownCommitError(url=self.where, cause=cause) from error

    def _end(self, link: Connection, mark: Mark | None) -> None:
        """Roll back; where the connection is lost, see that the server has: what it locks would be in the way."""
        if not link.closed:
            with suppress(psycopg.Error):
                link.execute("ROLLBACK")
        if link.closed and mark is not None:
            # Away as it is, nothing is locked; whoever waits for it comes back to this transaction as a whole.
            with suppress(DatabaseAwayError):
                self._settling.is_done(mark)

    @contextmanager
    def _link(self) -> Iterator[Connection]:
        """Lend the connection of this thread's transaction, or any for one statement."""
        held = self._held()
        if held is not None:
            yield held
            return
        with self._pool.connection() as link, self._explained(link):
            yield link

    def _signed(self, sql: str, values: Any) -> str:
        """Return a statement with a comment that says for which run and strategy it is, and what is written."""
        who = asker()
        action = vars(self._local).get("action", "")
        comment = comment_of({"action": action, "run": who.run, "strategy": who.strategy})
        return sql + (comment.replace("%", "%%") if values else comment)

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
    def _explained(self, link: Connection) -> Iterator[None]:
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
        except errors.QueryCanceled as error:
            raise DatabaseRefusedError(url=self.where, cause=_first_line(error), step=_LONGER) from error
        except errors.ReadOnlySqlTransaction as error:
            raise DatabaseRefusedError(url=self.where, cause=_first_line(error), step=_PRIMARY) from error
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            raise CollisionError(url=self.where, cause=_first_line(error)) from error
        except psycopg.OperationalError as error:
            told = away(self._pool.url, error)
            raise (DatabaseLostError(**told.facts) if link.closed else told) from error


_LONGER = "Give statements longer, here an hour: TAPEHEAD_POOL=statement=3600; or look what runs: tapehead db status"
_ROOM = "Give the server room, then run the command again"
_SCHEMA = "Look at its schema: tapehead db status"
_PRIMARY = "Name the primary server instead of a replica"


def _first_line(error: psycopg.Error) -> str:
    """Return what the server says, in one line."""
    text = (error.diag.message_primary or str(error)).strip()
    return text.splitlines()[0] if text else type(error).__name__
