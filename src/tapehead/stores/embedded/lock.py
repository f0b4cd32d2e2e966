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
    """An flock on a file that holds the pid of its holder.

    The kernel drops it when the holder dies, so a `kill -9` leaves nothing to clean up. Each entry opens the file
    anew: two threads of one process keep each other out as two processes do.
    """

    def __init__(self, path: Path, wait_s: float = 5.0) -> None:
        self.path = path
        self.wait_s = wait_s

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; raise StoreLockedError when another holds it for longer than `wait_s`."""
        descriptor = open_note(self.path)
        try:
            self._take(descriptor)
            write_note(descriptor, self.path, str(os.getpid()).encode())
            yield
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
