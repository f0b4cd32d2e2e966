"""write_durably: a file is there wholly and on the disk, or not at all."""

import errno
import os
from contextlib import suppress
from pathlib import Path


def is_full(error: OSError) -> bool:
    """Say whether an error means that the disk or the quota is full."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def write_durably(path: Path, data: bytes) -> None:
    """Write a temporary file beside `path`, fsync it and rename it; the folder still wants `sync_folder`.

    Raises
    ------
    OSError
        Nothing is left behind under `path`, and no temporary file.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
