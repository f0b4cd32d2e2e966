"""The page cache: give back what it holds of a folder, and count what is left."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LITTLE = 0.01


def drop(folder: Path) -> str:
    """Drop the pages of every file under a folder; return by which means, and how many were left.

    `posix_fadvise` gives back the clean pages of one file and needs no rights; /proc/sys/vm/drop_caches is asked only
    where pages were left.
    """
    for path in _files(folder):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    means, left = "posix_fadvise", _left(folder)
    if left > LITTLE:
        with suppress(OSError):
            Path("/proc/sys/vm/drop_caches").write_text("3\n", encoding="ascii")
            means, left = "drop_caches", _left(folder)
    word = "page cache dropped" if left <= LITTLE else "NOT COLD: page cache asked to drop"
    return f"{word} by {means}, {100 * left:.0f} % of pages left"


def size_bytes(folder: Path) -> int:
    """Return the bytes of every file under a folder."""
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the regular files."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _left(folder: Path) -> float:
    """Return the share of pages that are still held; mincore looks without reading."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = pages = 0
    for path in _files(folder):
        size = path.stat().st_size
        if not size:
            continue
        with path.open("rb") as file, mmap.mmap(file.fileno(), size, access=mmap.ACCESS_COPY) as mapped:
            held = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
            first = ctypes.c_char.from_buffer(mapped)
            address = ctypes.c_void_p(ctypes.addressof(first))
            failed = libc.mincore(address, ctypes.c_size_t(size), held)
            del first
            if failed:
                raise OSError(ctypes.get_errno(), f"mincore cannot say what of {path} is held in memory")
            found += sum(page & 1 for page in held)
            pages += len(held)
    return found / pages if pages else 0.0
