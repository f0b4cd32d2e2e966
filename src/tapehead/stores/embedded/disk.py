"""sync_file, sync_folder: what was written is on the disk, not only in memory."""

import errno
import os
from pathlib import Path


def is_full(error: OSError) -> bool:
    """Say whether an error means that the disk or the quota is full."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def sync_file(path: Path) -> None:
    """Make the bytes of a file survive a power cut, whoever wrote them."""
    _sync(path, os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    """Open, fsync, close."""
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
