"""The file of a hot segment: little-endian columns one after another, then a trailer with length and checksums."""

import os
import struct
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column

_MAGIC: Final = b"TAPEHOT1"
_TRAILER: Final = struct.Struct(f"<8sQ{len(BAR_COLUMNS)}I")
_WIDTHS: Final = {name: np.dtype(BAR_DTYPES[name]).itemsize for name in BAR_COLUMNS}
_BEFORE: Final = dict(zip(BAR_COLUMNS, np.cumsum([0, *_WIDTHS.values()]).tolist(), strict=False))
_ROW: Final = sum(_WIDTHS.values())
_BIT: Final = {name: 1 << i for i, name in enumerate(BAR_COLUMNS)}


class DamagedError(Exception):
    """The file is not what was written."""


class Proof(NamedTuple):
    """Which columns of which very file were found whole: `columns` has a bit for each."""

    inode: int
    changed_ns: int
    size: int
    columns: int


def size_of(rows: int) -> int:
    """Return the bytes of the file of a segment."""
    return rows * _ROW + _TRAILER.size


def write(path: str, columns: Mapping[Column, NDArray[Any]]) -> None:
    """Write beside `path` and rename; raises OSError and leaves nothing behind."""
    parts = [np.ascontiguousarray(columns[name], BAR_DTYPES[name]).view(np.uint8).data for name in BAR_COLUMNS]
    trailer = _TRAILER.pack(_MAGIC, len(columns["ts"]), *map(zlib.crc32, parts))
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - strings, as everywhere in this room
    partial = f"{path}.{os.getpid()}-{threading.get_ident()}.partial"
    try:
        with open(partial, "wb") as file:  # noqa: PTH123 - strings too
            file.writelines([*parts, trailer])
        os.rename(partial, path)  # noqa: PTH104 - strings too
    except OSError:
        with suppress(OSError):
            os.unlink(partial)  # noqa: PTH108 - strings too
        raise


def read(
    path: str, rows: int, columns: Sequence[Column], into: Mapping[Column, NDArray[Any]], proof: Proof | None
) -> Proof:
    """Read columns into contiguous arrays of `rows`, proving those that `proof` does not cover; return the new proof.

    Raises
    ------
    DamagedError
        The length, the trailer or a checksum is wrong; `into` is undefined.
    OSError
        There is no such file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if status.st_size != size_of(rows):
            raise DamagedError(path)
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        proven = proof.columns if proof is not None and proof[:3] == seen else 0
        asked, runs = _runs(tuple(columns))
        for before, width, names in runs:
            _read_run(descriptor, [into[name] for name in names], before * rows, width * rows)
        if proof is not None and proven and not asked & ~proven:
            return proof
        if not proven:
            _touch(descriptor, status)
        _prove(descriptor, rows, [name for name in columns if not proven & _BIT[name]], into)
    finally:
        os.close(descriptor)
    return Proof(*seen, proven | asked)


@lru_cache(maxsize=128)
def _runs(columns: tuple[Column, ...]) -> tuple[int, tuple[tuple[int, int, tuple[Column, ...]], ...]]:
    """Return the bits of columns, and each run of neighbouring ones: bytes a row before it and in it, and its names.

    Worked out once a choice of columns: for each file it would cost 4 us, a seventh of reading a year of hours.
    """
    runs: list[tuple[int, int, tuple[Column, ...]]] = []
    for name in sorted(set(columns), key=_BEFORE.__getitem__):
        before, width = _BEFORE[name], _WIDTHS[name]
        if runs and runs[-1][0] + runs[-1][1] == before:
            start, length, names = runs.pop()
            runs.append((start, length + width, (*names, name)))
        else:
            runs.append((before, width, (name,)))
    return sum(_BIT[name] for name in set(columns)), tuple(runs)


def _read_run(descriptor: int, buffers: list[Any], start: int, wanted: int) -> None:
    """Read one run; less than was asked for means that the file was cut short meanwhile."""
    if wanted and os.preadv(descriptor, buffers, start) != wanted:
        raise DamagedError


def _prove(descriptor: int, rows: int, columns: Sequence[Column], into: Mapping[Column, NDArray[Any]]) -> None:
    """Compare what was read with the trailer."""
    trailer = os.pread(descriptor, _TRAILER.size, rows * _ROW)
    if len(trailer) != _TRAILER.size:
        raise DamagedError
    magic, held, *sums = _TRAILER.unpack(trailer)
    if magic != _MAGIC or held != rows:
        raise DamagedError
    expected = dict(zip(BAR_COLUMNS, sums, strict=True))
    if any(zlib.crc32(into[name].view(np.uint8).data) != expected[name] for name in columns):
        raise DamagedError


def _touch(descriptor: int, status: os.stat_result) -> None:
    """Mark the file as used now: mounts do not keep that time by themselves. The time of change must stay."""
    with suppress(OSError):
        os.utime(descriptor, ns=(time.time_ns(), status.st_mtime_ns))
