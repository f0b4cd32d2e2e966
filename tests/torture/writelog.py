"""WriteLog and Killer: listen to every file call of a writer, to note it or to die of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from tapehead.stores.embedded import disk
from tapehead.stores.embedded.disk import FileCall
from tests.torture.sqlite_calls import SqliteCall, listen

Moment = Literal["before", "middle", "after"]
_OF_THE_LIVING = {"writer.lock", "bars.db-shm"}
"""Files that tell of running processes; after a power cut there are none."""


class Event(NamedTuple):
    """One change on the disk, or `done`: a step was acknowledged, and `offset` is the head after it."""

    verb: str  # replace, create, write, truncate, sync, rename, unlink, make folder, sync folder, done
    path: str
    target: str = ""
    offset: int = 0
    content: bytes = b""


class WriteLog:
    """The changes of a writer in their order; one that did not yet return may be there in part, as on a real disk."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Listen to this process."""
        disk.watch(self._told)
        listen(self._told_by_sqlite)

    def done(self, number: int) -> None:
        """Note that a step was acknowledged."""
        self._note(Event("done", "", offset=number))

    def _note(self, event: Event) -> None:
        """Keep an event."""
        with self._lock:
            self.events.append(event)

    def _told(self, call: FileCall, moment: str) -> None:
        """Take a call of the room."""
        with self._lock:
            self.calls += moment == "before"
        if call.path.name in _OF_THE_LIVING or call.verb in {"begin", "commit", "rollback", "note"}:
            return
        # A sync covers what came before it; of anything else a part may be on the disk as soon as it begins.
        if moment == ("after" if call.verb.startswith("sync") else "before"):
            verb = "replace" if call.verb == "write" else call.verb
            self._note(Event(verb, str(call.path), str(call.target or ""), 0, call.content))

    def _told_by_sqlite(self, call: SqliteCall, moment: str, instead: Callable[[bytes], None]) -> None:
        """Take a call of SQLite."""
        with self._lock:
            self.calls += moment == "before"
        if moment == ("after" if call.verb.startswith("sync") else "before"):
            self._note(Event(call.verb, str(call.path), "", call.offset, call.content))


class Killer:
    """Ends the process at its n-th file call: before it, after it, or when a part of a write was done."""

    def __init__(self, at: int, moment: Moment, share: float) -> None:
        self._left = at
        self._moment = moment
        self._share = share
        self._chosen: FileCall | SqliteCall | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Listen to this process."""
        disk.watch(self._told)
        listen(self._told_by_sqlite)

    def _is_now(self, call: FileCall | SqliteCall, moment: str) -> bool:
        """Count, and say whether this is the call and the moment."""
        if moment == "after":
            return call is self._chosen
        with self._lock:
            self._left -= 1
            if self._left != -1:
                return False
        self._chosen = call
        return self._moment != "after"

    def _told(self, call: FileCall, moment: str) -> None:
        """Take a call of the room."""
        if self._is_now(call, moment):
            if moment == "before" and self._moment == "middle" and call.verb == "write":
                _write_part(call.path, self._part(call.content))
            _die()

    def _told_by_sqlite(self, call: SqliteCall, moment: str, instead: Callable[[bytes], None]) -> None:
        """Take a call of SQLite."""
        if self._is_now(call, moment):
            if moment == "before" and self._moment == "middle" and call.verb == "write":
                instead(self._part(call.content))
            _die()

    def _part(self, content: bytes) -> bytes:
        """Return the beginning of what was to be written."""
        return content[: round(len(content) * self._share)]


def _write_part(path: Path, content: bytes) -> None:
    """Write the beginning of a file."""
    path.write_bytes(content)


def _die() -> None:
    """End like a process that somebody kills."""
    os.kill(os.getpid(), signal.SIGKILL)
