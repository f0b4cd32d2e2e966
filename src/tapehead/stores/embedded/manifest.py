"""EmbeddedBars: the store of bars on one machine, segment files and an SQLite manifest."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tapehead.database.alerts import Alerts
from tapehead.errors import SurroundingsError
from tapehead.layout.formats import BARS_FORMAT, RUNS_FORMAT
from tapehead.model.history import Finding
from tapehead.ports.bars import Codec
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.home import Home
from tapehead.stores.embedded.leases import ProcessLeases
from tapehead.stores.embedded.lock import WriterLock
from tapehead.stores.embedded.segments import SegmentFiles
from tapehead.stores.tables.bars import BarTables


class EmbeddedBars(BarTables):
    """`ports.bars.BarStore` in a folder of this machine.

    Parameters
    ----------
    home : Home
        Checked folder of the store.
    codec : Codec
        Makes the bytes of segments.
    lock_wait_s : float
        How long a writer waits for another one before StoreLockedError.
    alerts : Alerts, optional
        Where it is told that writers wait too long for each other.
    """

    def __init__(self, home: Home, codec: Codec, *, lock_wait_s: float = 5.0, alerts: Alerts | None = None) -> None:
        self.home = home
        self.lock = WriterLock(home.lock, lock_wait_s)
        folder = _Folder(home, self.lock, alerts)
        self.figures = folder.database.figures
        super().__init__(folder, codec)


class _Folder:
    """`tables.database.Ground` in a folder."""

    def __init__(self, home: Home, lock: WriterLock, alerts: Alerts | None) -> None:
        self._home = home
        self._lock = lock
        ways = {"writable": home.writable, "full": home.full}
        self.database = Database(home.bars, "bars.sql", BARS_FORMAT, synchronous="FULL", alerts=alerts, **ways)
        self.segments = SegmentFiles(home.segments)
        self.leases = ProcessLeases(self.database)

    @contextmanager
    def writing(self) -> Iterator[bool]:
        """Hold the writer lock; say whether its last holder left it undone."""
        self._home.check_writable()
        with self._lock.held() as undone:
            yield undone

    def findings(self, progress: Callable[[str, int, int], None] | None) -> Iterator[Finding]:
        """Yield what SQLite finds wrong with its own files."""
        if progress is not None:
            progress("checking databases", 0, 2)
        yield from _findings(self.database)
        if self._home.runs.is_file():
            try:
                runs = Database(self._home.runs, "runs.sql", RUNS_FORMAT, synchronous="NORMAL", writable=False)
            except SurroundingsError as error:
                yield Finding("database", self._home.runs.name, str(error))
                return
            try:
                yield from _findings(runs)
            finally:
                runs.close()

    def database_bytes(self) -> int:
        """Return the bytes of the databases with their logs."""
        size = 0
        for path in self._home.path.glob("*.db*"):
            with suppress(FileNotFoundError):
                size += path.stat().st_size
        return size


def _findings(database: Database) -> Iterator[Finding]:
    """Yield the lines of SQLite's own check."""
    name = database.name
    step = "Move the store away, and import its files into another one: tapehead import PATH"
    try:
        lines = [str(row[0]) for row in database.connection().execute("PRAGMA integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        yield Finding("database", name, f"{name} cannot be read: {error}. {step}")
        return
    for line in lines:
        if line != "ok":
            yield Finding("database", name, f"{line.strip()}. {step}")
