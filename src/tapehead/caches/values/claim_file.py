"""ClaimFile: locks of single bytes of one file, so that one of many processes makes a value."""

import fcntl
import os
import struct
from typing import Final

_LOCK: Final = struct.Struct("hhqqi4x")
"""`struct flock` of Linux on 64 bits: type, whence, start, length, process."""
_PLACES: Final = 1 << 62


class ByteClaim:
    """A locked byte; the kernel frees it when its process ends, however that ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Free the byte."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class ClaimFile:
    """A file that stays empty; each key is the lock of one of its 2^62 bytes.

    Parameters
    ----------
    path : str
        Made when it is first needed; its folder is there.

    Notes
    -----
    Safe from many threads and processes: locks belong to an open file, not to a process (`F_OFD_SETLK`), and a child of
    `fork` that inherits one keeps it until it ends or calls `exec`. A file for each key would have to be swept, and
    a few files for all keys would let a slow call hold up others that have nothing to do with it.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def claim(self, digest: bytes) -> ByteClaim | None:
        """Lock the byte of a digest, or None where somebody has it. Raises OSError where locks cannot be had."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            place = int.from_bytes(digest[:8], "big") % _PLACES
            asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
        except (BlockingIOError, PermissionError):
            # EAGAIN and EACCES both say that it is locked.
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return ByteClaim(descriptor)
