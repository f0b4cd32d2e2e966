"""WriterLock: one process writes bars at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tapehead.errors import StoreLockedError
from tapehead.stores.embedded.disk import open_note, write_note

_PAUSE_S = 0.02


class WriterLock:
    """An flock on a file that holds the pid of its holder, and nothing once it has done its work.

    The kernel drops the lock when its holder dies, so a `kill -9` locks nobody out; the pid that a holder leaves behind
    who died or failed tells the next one of it. Each entry opens the file anew: two threads of one process keep each
    other out as two processes do.
    """

    def __init__(self, path: Path, wait_s: float = 5.0) -> None:
        self.path = path
        self.wait_s = wait_s

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the lock and say whether its last holder left it undone; raise StoreLockedError after `wait_s`."""
        descriptor = open_note(self.path)
        try:
            self._take(descriptor)
            undone = os.pread(descriptor, 1, 0) != b""
            write_note(descriptor, self.path, str(os.getpid()).encode())
            yield undone
            write_note(descriptor, self.path, b"")
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        """Try until the time is over."""
        end = time.monotonic() + self.wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    pid = os.pread(descriptor, 32, 0).decode(errors="replace") or "unknown"
                    raise StoreLockedError(path=self.path.parent, pid=pid) from None
                time.sleep(_PAUSE_S)
            else:
                return
