"""LocalValues: values in one SQLite file, shared by the processes of a machine and there after a restart."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from tapehead.caches.values.claim_file import ByteClaim, ClaimFile
from tapehead.caches.values.clocks import Clocks, machine_clocks
from tapehead.database.statements import read_statements
from tapehead.ports.values import Missing, NamespaceFacts, StoreAwayError, StoreFacts, ValueKey

_SQL: Final = read_statements(Path(__file__).with_name("local.sql"))
_BUSY_S: Final = 5.0
_SWEEP_EVERY: Final = 1000
_LARGEST: Final = 1 << 29
"""Of a value: SQLite takes a little less than 1 GiB."""
T = TypeVar("T")


class LocalValues:
    """`ports.values.ValueStore` in `folder/values.db`, bounded by bytes.

    Parameters
    ----------
    folder : Path
        Made when first needed.
    limit_bytes : int
        Bound of the values together; those that are good no longer go first, then the longest unused.
    clocks : Clocks
        By which values grow old.

    Notes
    -----
    Safe from many threads and processes, and across `fork`. While the machine runs a value lives its time whatever is
    done to the clock of the wall; after it was started again that clock counts, and a value from its future is good no
    longer. A power cut may take the newest values. A file that SQLite cannot read is thrown away and begun anew.
    """

    name = "local"

    def __init__(self, folder: Path, limit_bytes: int, clocks: Clocks | None = None) -> None:
        self._folder, self._limit = folder, limit_bytes
        self._path = folder / "values.db"
        self._clocks = clocks or machine_clocks()
        self._claims = ClaimFile(str(folder / "claims"))
        self._lock = threading.Lock()
        self._link: sqlite3.Connection | None = None
        self._pid = os.getpid()
        self._inherited: list[sqlite3.Connection | None] = []
        self._used: dict[int, float] = {}
        self._writes = 0

    def read(self, key: ValueKey) -> bytes | Missing:
        """Return the bytes, or why there are none."""
        return self._ask(lambda link: self._read(link, key), "unreadable")

    def write(self, key: ValueKey, data: bytes, ttl_s: float, max_items: int) -> bool:
        """Keep the bytes, and make room for them."""
        if len(data) > min(self._limit, _LARGEST):
            return False
        self._ask(lambda link: self._write(link, key, data, ttl_s, max_items), None)
        return True

    def claim(self, key: ValueKey) -> ByteClaim | None:
        """Lock the byte of the key."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return self._claims.claim(key.digest)
        except OSError as error:
            raise self._away(error) from error

    def forget(self, key: ValueKey) -> bool:
        """Drop one value."""
        return self._ask(lambda link: (link.execute(_SQL["drop"], key).fetchone() or (0,))[0] == 1, otherwise=False)

    def clear(self, namespace: str | None = None) -> int:
        """Drop values and counters, and give the room back to the disk."""

        def clear(link: sqlite3.Connection) -> int:
            with _transaction(link):
                (gone,) = link.execute(_SQL["held_items"], (namespace,)).fetchone()
                for statement in ("clear", "clear_counts", "clear_totals"):
                    link.execute(_SQL[statement], (namespace,))
            link.execute("PRAGMA incremental_vacuum").fetchall()
            return int(gone)

        return self._ask(clear, 0)

    def count(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        """Add to the counters, and note what was used."""
        rows = [(name, each, value) for name, held in counts.items() for each, value in held.items()]

        def count(link: sqlite3.Connection) -> None:
            with _transaction(link):
                self._note_used(link)
                link.executemany(_SQL["count"], rows)

        self._ask(count, None)

    def namespaces(self) -> Sequence[NamespaceFacts]:
        """Return what each namespace holds; nothing is made where there is no file."""
        if self._link is None and not self._path.exists():
            return []
        return self._ask(_namespaces, [])

    def facts(self) -> StoreFacts:
        """Return how much is kept, or why it cannot be asked."""
        size, degraded = 0, ""
        if self._link is not None or self._path.exists():
            try:
                size = self._ask(lambda link: int(link.execute(_SQL["total"]).fetchone()[0]), 0)
            except StoreAwayError as error:
                degraded = str(error)
        return StoreFacts(self.name, str(self._folder), size, self._limit, degraded)

    def close(self) -> None:
        """Note what was used, and close the file."""
        if self._used and self._pid == os.getpid():
            with suppress(StoreAwayError):
                self.count({})
        with self._lock:
            link, self._link = self._link, None
            if link is not None and self._pid == os.getpid():
                link.close()

    def _read(self, link: sqlite3.Connection, key: ValueKey) -> bytes | Missing:
        """Look one value up."""
        row = link.execute(_SQL["read"], key).fetchone()
        if row is None:
            return "changed" if link.execute(_SQL["other_version"], key[:2]).fetchone() else "absent"
        number, boot, up_until, made, until, data = row
        wall = self._clocks.wall_s()
        if boot and boot == self._clocks.boot:
            good = self._clocks.up_s() < up_until
        else:
            good = made <= wall < until
        if not good:
            return "expired"
        if data is None:
            return "evicted"
        self._used[number] = wall
        return bytes(data)

    def _write(self, link: sqlite3.Connection, key: ValueKey, data: bytes, ttl_s: float, max_items: int) -> None:
        """Keep one value in the place of an older one."""
        clocks = self._clocks
        up, wall = clocks.up_s(), clocks.wall_s()
        with _transaction(link):
            link.execute(_SQL["drop"], key)
            self._make_room(link, key.namespace, len(data), max_items, up, wall)
            row = (*key, clocks.boot, up + ttl_s, wall, wall + ttl_s, wall, len(data), data)
            link.execute(_SQL["add"], row)
            self._writes += 1
            if self._writes % _SWEEP_EVERY == 0:
                link.execute(_SQL["forget_old"])

    def _make_room(
        self, link: sqlite3.Connection, namespace: str, needed: int, max_items: int, up: float, wall: float
    ) -> None:
        """Throw out what is good no longer, then the longest unused, until there is room for one more."""
        (total,) = link.execute(_SQL["total"]).fetchone()
        (items,) = link.execute(_SQL["items"], (namespace,)).fetchone() or (0,)
        if total + needed <= self._limit and items < max_items:
            return
        self._note_used(link)
        link.execute(_SQL["empty_expired"], (self._clocks.boot, up, wall))
        (items,) = link.execute(_SQL["items"], (namespace,)).fetchone() or (0,)
        for _ in range(items - max_items + 1):
            link.execute(_SQL["evict"], link.execute(_SQL["oldest_in"], (namespace,)).fetchone()[:1])
        (total,) = link.execute(_SQL["total"]).fetchone()
        while total + needed > self._limit:
            number, size = link.execute(_SQL["oldest"]).fetchone()
            link.execute(_SQL["evict"], (number,))
            total -= size

    def _note_used(self, link: sqlite3.Connection) -> None:
        """Write down when values were last asked for."""
        used, self._used = self._used, {}
        link.executemany(_SQL["touch"], [(at, number) for number, at in used.items()])

    def _ask(self, question: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Ask the file; `otherwise` where it was no database any more and a new one was begun."""
        if self._pid != os.getpid():
            # The parent's connection is neither used nor closed here, and its lock may be held for ever.
            self._inherited.append(self._link)
            self._lock, self._link, self._used, self._pid = threading.Lock(), None, {}, os.getpid()
        with self._lock:
            try:
                if self._link is None:
                    self._link = self._open()
                return question(self._link)
            except sqlite3.OperationalError as error:
                raise self._away(error) from error
            except OSError as error:
                raise self._away(error) from error
            except sqlite3.DatabaseError:
                self._begin_anew()
                return otherwise

    def _open(self) -> sqlite3.Connection:
        """Open the file, making it where there is none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        link = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            if link.execute("PRAGMA user_version").fetchone()[0] != 1:
                link.execute("PRAGMA auto_vacuum = INCREMENTAL")
                link.execute("PRAGMA journal_mode = WAL").fetchone()
                link.executescript(_SQL["schema"])
            link.execute("PRAGMA synchronous = NORMAL")
            link.execute("PRAGMA journal_size_limit = 4194304").fetchone()
        except sqlite3.Error:
            link.close()
            raise
        return link

    def _begin_anew(self) -> None:
        """Throw a file away that is no database of ours; what it held is made again."""
        link, self._link = self._link, None
        if link is not None:
            link.close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self._path}{suffix}").unlink()

    def _away(self, error: Exception) -> StoreAwayError:
        """Return why the file cannot be asked."""
        cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return StoreAwayError(f"values cannot be kept in {self._folder}: {cause}")


@contextmanager
def _transaction(link: sqlite3.Connection) -> Iterator[None]:
    """Begin to write; commit, or roll back on an error."""
    link.execute("BEGIN IMMEDIATE")
    try:
        yield
        link.execute("COMMIT")
    except BaseException:
        if link.in_transaction:
            link.execute("ROLLBACK")
        raise


def _namespaces(link: sqlite3.Connection) -> Sequence[NamespaceFacts]:
    """Return what each namespace holds, and its counters."""
    held: dict[str, tuple[int, int]] = {name: (items, size) for name, items, size in link.execute(_SQL["totals"])}
    counts: dict[str, dict[str, Any]] = {}
    for namespace, name, value in link.execute(_SQL["counts"]):
        counts.setdefault(namespace, {})[name] = value
    return [NamespaceFacts(name, *held.get(name, (0, 0)), counts.get(name, {})) for name in sorted({*held, *counts})]
