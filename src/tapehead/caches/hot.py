"""HotTier: one raw uncompressed file a segment, read straight into the caller's arrays."""

import errno
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tapehead.caches import hot_file
from tapehead.layout.columns import BAR_COLUMNS, Column
from tapehead.layout.formats import HOT_FORMAT
from tapehead.model.segment import Digest, SegmentRef
from tapehead.ports.bars import TierStats

Array = NDArray[Any]

_RETRY_S = 30.0
_EVICT_TO = 0.9
_ABANDONED_S = 3600.0


class HotTier:
    """`ports.bars.ChunkCache` in files `vN/ab/<data hash>` under a folder, bounded by bytes.

    Parameters
    ----------
    folder : Path
        Made when first written to.
    limit_bytes : int
        Bound of all files together, those of other processes included; the longest unused go first.

    Notes
    -----
    Safe from many threads and processes: a file appears by rename and goes by unlink, and a reader that has it open
    keeps it. A file of wrong length or checksum is a miss and is unlinked. The checksum of a column is proven when a
    process first reads it, then trusted while inode, time and size of the file stay the same. `pread` is as fast as a
    mapping, and a file cut short under a mapping would kill the process. Nothing is fsynced: a power cut costs a
    decode. A full disk or a read-only folder is told in `stats`, and tried again after 30 s.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = str(folder / f"v{HOT_FORMAT}")
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._proven: dict[Digest, hot_file.Proof] = {}
        self._size: int | None = None
        self._coming = 0
        self._hits = 0
        self._misses = 0
        self._hit_s = self._miss_s = 0.0
        self._degraded = ""
        self._retry_at = 0.0

    def read(self, ref: SegmentRef, columns: Sequence[Column], into: Mapping[Column, Array]) -> bool:
        """Fill `into` from the file of a segment; False when there is none or it is damaged."""
        began = time.perf_counter()
        path = self._path(ref.data)
        try:
            proof = hot_file.read(path, ref.rows, columns, into, self._proven.get(ref.data))
        except hot_file.DamagedError:
            self._proven.pop(ref.data, None)
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - strings: a Path for each read costs as much as the read
            self._size = None
            proof = None
        except OSError:
            self._proven.pop(ref.data, None)
            proof = None
        if proof is None:
            self._misses += 1
            self._miss_s += time.perf_counter() - began
            return False
        self._proven[ref.data] = proof
        self._hits += 1
        self._hit_s += time.perf_counter() - began
        return True

    def write(self, ref: SegmentRef, columns: Mapping[Column, Array]) -> None:
        """Keep the columns, if all of them are given; a failure shows in `stats`."""
        needed = hot_file.size_of(ref.rows)
        if needed > self._limit or any(name not in columns for name in BAR_COLUMNS):
            return
        if self._degraded and time.monotonic() < self._retry_at:
            return
        path = self._path(ref.data)
        try:
            self._make_room(needed)
            hot_file.write(path, columns)
        except OSError as error:
            self._degrade(error)
            self._size = None
            return
        finally:
            with self._lock:
                self._coming -= needed
        self._degraded = ""

    def can_write(self, ref: SegmentRef) -> bool:
        """Say whether a segment can be written, as far as a look at the folder tells; why not, shows in `stats`."""
        if self._degraded and time.monotonic() < self._retry_at:
            return False
        try:
            os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103 - see `read`
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
            disk = os.statvfs(self._folder)
            if disk.f_bavail * disk.f_frsize < hot_file.size_of(ref.rows):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self._degrade(error)
            return False
        return True

    def has(self, ref: SegmentRef, columns: Sequence[Column]) -> bool:
        """Say whether the file is there; one look at the folder unless this process has read it."""
        del columns
        return ref.data in self._proven or os.path.exists(self._path(ref.data))  # noqa: PTH110 - see `read`

    def clear(self) -> int:
        """Unlink every file; a reader that has one open keeps it."""
        gone = 0
        for _, _, path in self._files():
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - see `read`
                gone += 1
        with self._lock:
            self._proven.clear()
            self._size = None
        return gone

    def stats(self) -> TierStats:
        """Return counts since the tier was opened, and the bytes of all files."""
        if self._size is None:
            with self._lock:
                self._size = self._coming + sum(size for _, size, _ in self._files())
        times = self._hit_s, self._miss_s
        return TierStats("hot", self._hits, self._misses, self._size, self._limit, self._degraded, *times)

    def _degrade(self, error: OSError) -> None:
        """Say why nothing can be written, for a while."""
        self._degraded = f"the hot tier cannot write to {self._folder}: {error.strerror or error}"
        self._retry_at = time.monotonic() + _RETRY_S

    def _path(self, data: Digest) -> str:
        """Return the place of a segment."""
        name = data.hex()
        return f"{self._folder}/{name[:2]}/{name}"

    def _make_room(self, needed: int) -> None:
        """Unlink the longest unused files until `needed` bytes fit, and count them as there: others write too."""
        with self._lock:
            self._coming += needed
            if self._size is not None and self._size + needed <= self._limit:
                self._size += needed
                return
            # Counted anew: other processes write and evict too.
            files = sorted(self._files())
            size = self._coming - needed + sum(entry[1] for entry in files)
            if size + needed > self._limit:
                for _, length, path in files:
                    if size + needed <= self._limit * _EVICT_TO:
                        break
                    with suppress(FileNotFoundError):
                        os.unlink(path)  # noqa: PTH108 - see `read`
                    self._proven.pop(bytes.fromhex(path.rpartition("/")[2]), None)
                    size -= length
            self._size = size + needed

    def _files(self) -> list[tuple[int, int, str]]:
        """Return (last use in ns, size in bytes, path) of every file, whoever wrote it; sweep what killed ones left."""
        found: list[tuple[int, int, str]] = []
        for folder in _entries(self._folder):
            for entry in _entries(folder.path):
                with suppress(OSError):
                    status = entry.stat()
                    if "." not in entry.name:
                        found.append((status.st_atime_ns, status.st_size, entry.path))
                    elif time.time() - status.st_mtime > _ABANDONED_S:
                        os.unlink(entry.path)  # noqa: PTH108 - see `read`
        return found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what lies in a folder; nothing where there is no such folder or it cannot be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []
