"""Leases: who reads which snapshot, so that it is not swept under them; no clock that somebody can set is asked."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tapehead.stores.embedded.database import Database

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SPACE = Path("/proc/self/ns/pid")
_STATE, _BEGAN = 0, 19
"""Fields of /proc/PID/stat after the name: state, start in ticks since the machine's."""
_UNKNOWN = 1


class _Row(NamedTuple):
    """A lease; see the table."""

    id: int
    snapshot: int
    boot: str
    space: str
    pid: int
    began: int
    ttl: int
    expires: int


class ProcessLeases:
    """Rows of a database that hold snapshots until left, expired, or their process is gone.

    Expiry counts the machine's time since its start: setting the clock changes nothing. A lease of an earlier start of
    the machine, or of a process that is dead, holds nothing; one can never last longer than its own `ttl` from now.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def held(self, snapshot: int, ttl_s: float, check: Callable[[], object]) -> Iterator[None]:
        """Keep a snapshot until left or the time is over."""
        with self._undurably(), self._database.transaction("a lease"):
            # Inside: a sweep that comes before gave the snapshot back, one that comes after sees the lease.
            check()
            row = self.take(snapshot, ttl_s)
        try:
            yield
        finally:
            with self._undurably(), self._database.transaction("a lease"):
                self.leave(row)

    @contextmanager
    def _undurably(self) -> Iterator[None]:
        """Spare a lease the fsync: a power cut ends its holder too."""
        self._database.connection().execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._database.connection().execute("PRAGMA synchronous = FULL")

    def take(self, snapshot: int, ttl_s: float) -> int:
        """Add a lease inside a transaction, and drop those that are over; return its row."""
        now, ttl = _now(), round(ttl_s * 1e6)
        for row in self._rows():
            if _is_over(row, now):
                self.leave(row.id)
        values = (snapshot, _boot(), _space(), os.getpid(), _began(os.getpid()), ttl, now + ttl)
        return int(self._database.execute("add_lease", values).lastrowid or 0)

    def leave(self, row: int) -> None:
        """End a lease inside a transaction."""
        self._database.execute("end_lease", (row,))

    def snapshots(self) -> list[int]:
        """Return the snapshots held, rising; a sweep asks inside its transaction."""
        now = _now()
        return sorted({row.snapshot for row in self._rows() if not _is_over(row, now) and _is_alive(row)})

    def _rows(self) -> list[_Row]:
        """Return every lease."""
        return [_Row._make(row) for row in self._database.execute("leases")]


def _is_over(row: _Row, now: int) -> bool:
    """Say whether a lease has expired, or belongs to a start of the machine that is over."""
    return row.boot != _boot() or row.expires <= now or row.expires - now > row.ttl


def _is_alive(row: _Row) -> bool:
    """Say whether the process of a lease may be alive; of another space of processes one cannot know."""
    return row.space != _space() or _began(row.pid) in (row.began, _UNKNOWN)


def _now() -> int:
    """Return us since the machine's start, the same in every process."""
    return time.monotonic_ns() // 1000


@cache
def _boot() -> str:
    """Return what names this start of the machine; empty where the system does not say."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""


def _space() -> str:
    """Return what names the space in which process ids count: another container's mean nothing here."""
    try:
        return str(_SPACE.readlink())
    except OSError:
        return ""


def _began(pid: int) -> int:
    """Return when a process began, in ticks; 0 where it is dead, `_UNKNOWN` where it may live and nobody says more."""
    try:
        # The name may hold blanks and brackets; what follows it does not.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _UNKNOWN if _is_there(pid) else 0
    except OSError:
        return _UNKNOWN
    return 0 if fields[_STATE] == "Z" else int(fields[_BEGAN])


def _is_there(pid: int) -> bool:
    """Say whether a process of this id is there; some systems hide those of others, or have no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
