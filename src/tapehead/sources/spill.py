"""SpillFile: a temporary file without a name, for what an import cannot hold in memory."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tapehead.errors import DiskFullError, SurroundingsError

_KEPT_FREE_BYTES = 64 << 20
_WHAT = "the rows of an import that waits to be sorted"


class SpillFile:
    """Bytes that are written at the end and read at any place; made when first written to.

    Parameters
    ----------
    folder : Path
        Where it lies: on the disk of the store, which has to take the bars anyway.

    Notes
    -----
    The file has no name (or loses it at once, where the system has no such files), so nothing of it is left behind
    however the process ends. A folder of named files would have to be swept after a `kill -9`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self.size_bytes = 0

    def write(self, values: NDArray[Any] | bytes) -> int:
        """Append; return the offset. Raises DiskFullError before the disk is full to the last byte."""
        size = values.nbytes if isinstance(values, np.ndarray) else len(values)
        offset = self.size_bytes
        with self._explained():
            file = self._opened(size)
            file.seek(offset)
            left = memoryview(values if isinstance(values, bytes) else _bytes(values))
            while left.nbytes:
                left = left[file.write(left) :]
        self.size_bytes += size
        return offset

    def read(self, offset: int, into: NDArray[Any]) -> None:
        """Fill a contiguous array from an offset."""
        with self._explained():
            file = self._opened(0)
            file.seek(offset)
            left = memoryview(_bytes(into))
            while left.nbytes:
                got = file.readinto(left)  # type: ignore[attr-defined]  # an unbuffered file has it
                if not got:
                    raise OSError(errno.EIO, "the temporary file is shorter than what was written to it")
                left = left[got:]

    def close(self) -> None:
        """Give the space back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self, more: int) -> IO[bytes]:
        """Return the file, if there is room for so many bytes more."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 - lives as long as this object
                buffering=0, prefix="spill-", dir=self._folder
            )
        if more:
            disk = os.fstatvfs(self._file.fileno())
            # Asked beforehand: a disk that is full to the last byte stops every other program on it too.
            if disk.f_bavail * disk.f_frsize < more + _KEPT_FREE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the system says into a sentence."""
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise DiskFullError(path=self._folder, what=_WHAT) from error
            raise SurroundingsError(
                f"{self._folder} cannot take {_WHAT}: {error.strerror or error}; nothing was written. "
                "Mend it, or use another store: tapehead --home DIR import PATH"
            ) from error


def _bytes(values: NDArray[Any]) -> Any:
    """Return the bytes of an array as a buffer."""
    return np.ascontiguousarray(values).view(np.uint8).data
