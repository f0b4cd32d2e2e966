"""Claims: which runs a living process or thread works on."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tapehead.errors import DiskFullError
from tapehead.model.result import RunId
from tapehead.stores.embedded.disk import is_full, make_folder, open_note, unlink_file

_TRIES: Final = 5
_PAUSE_S: Final = 0.004


class Claims:
    """An flock on one file a run, below a folder; the file is removed when the run is freed.

    The kernel drops the lock when its holder dies, so nobody has to tell a dead holder from a living one. Each claim
    opens the file anew: two threads of one process keep each other out as two processes do.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self, run: RunId) -> Iterator[bool]:
        """Hold a run, or say False where another holds it; may be left from another thread than entered."""
        descriptor = self._take(run)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                # Removed while it is locked: whoever opened the file meanwhile sees that it is no longer the one there.
                unlink_file(self._path(run))
                os.close(descriptor)

    def is_held(self, run: RunId) -> bool:
        """Say whether somebody holds a run."""
        try:
            descriptor = os.open(self._path(run), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _lock(descriptor)
        finally:
            os.close(descriptor)

    def check(self, run: RunId) -> None:
        """Do nothing: the kernel takes a lock away from nobody who lives."""

    def forget(self, run: RunId) -> None:
        """Remove the file that a holder left behind who died; one that is held stays."""
        try:
            descriptor = os.open(self._path(run), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            if _lock(descriptor) and _is_at(descriptor, self._path(run)):
                unlink_file(self._path(run))
        finally:
            os.close(descriptor)

    def _take(self, run: RunId) -> int | None:
        """Return the locked descriptor of the file that is there under the run's name; None where another has it."""
        for _ in range(_TRIES):
            descriptor = self._open(run)
            if not _lock(descriptor):
                os.close(descriptor)
                # It may be one that only looks who holds it, and is gone at once.
                time.sleep(_PAUSE_S)
            elif _is_at(descriptor, self._path(run)):
                return descriptor
            else:
                os.close(descriptor)
        return None

    def _open(self, run: RunId) -> int:
        """Open the file of a run, made when absent."""
        try:
            with suppress(FileNotFoundError):
                return open_note(self._path(run))
            make_folder(self._folder)
            return open_note(self._path(run))
        except OSError as error:
            if is_full(error):
                raise DiskFullError(path=self._folder, what=f"run {run}") from error
            raise

    def _path(self, run: RunId) -> Path:
        """Return the file of a run."""
        return self._folder / f"{run}.lock"


def _lock(descriptor: int) -> bool:
    """Lock an open file, or say that another has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    """Say whether an open file is still the one of that name."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
