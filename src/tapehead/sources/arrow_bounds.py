"""How large the record batches of an Arrow file unpack, read off its messages before Arrow makes room for them."""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

_FILE_MAGIC_BYTES = 8
_CONTINUES = 0xFFFFFFFF
_MOST_METADATA_BYTES = 16 << 20
_RECORD_BATCH = 3
_DICTIONARY_BATCH = 2


class UnreadableMessageError(ValueError):
    """A message of an Arrow file is not what the format says."""


def iter_sizes(path: str, form: str) -> Iterator[int]:
    """Yield how many bytes each batch of a file unpacks to, as its buffers themselves say.

    Parameters
    ----------
    path : str
    form : str
        `arrow` (with a footer) or `stream`.

    Raises
    ------
    UnreadableMessageError
        A message is cut or forged.

    Notes
    -----
    A buffer that is packed begins with its unpacked length, an int64, -1 where it is not packed after all. Source:
    Apache Arrow columnar format, "IPC Streaming Format" and "Compression"; the tables are FlatBuffers of Message.fbs.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - a path as the user wrote it
        file.seek(_FILE_MAGIC_BYTES if form == "arrow" else 0)
        size_bytes = os.fstat(file.fileno()).st_size
        while True:
            metadata = _read_metadata(file)
            if metadata is None:
                return
            try:
                kind, header, body_bytes = _message(metadata)
                at = file.tell()
                if kind in {_RECORD_BATCH, _DICTIONARY_BATCH}:
                    yield _unpacked(
                        file, metadata, header if kind == _RECORD_BATCH else _table(metadata, header, 1), at
                    )
            except (struct.error, IndexError, OverflowError, OSError) as cause:
                raise UnreadableMessageError(f"a message of it is no Arrow ({cause})") from cause
            if body_bytes < 0 or at + body_bytes > size_bytes:
                raise UnreadableMessageError("a message of it is longer than the file")
            file.seek(at + body_bytes)


def _read_metadata(file: BinaryIO) -> bytes | None:
    """Return the metadata of the next message, None at the end."""
    start = file.read(4)
    length = int.from_bytes(start, "little")
    if length == _CONTINUES:
        length = int.from_bytes(file.read(4), "little")
    if len(start) < 4 or not length:
        return None
    if length > _MOST_METADATA_BYTES:
        raise UnreadableMessageError(f"a message of it says {length:,} bytes of metadata")
    return file.read(length)


def _message(data: bytes) -> tuple[int, int, int]:
    """Return kind, place of the header's table and body length of a Message."""
    (root,) = struct.unpack_from("<I", data, 0)
    kind = _field(data, root, 1)
    (length,) = struct.unpack_from("<q", data, at) if (at := _field(data, root, 3)) else (0,)
    return (data[kind] if kind else 0), _table(data, root, 2), length


def _field(data: bytes, table: int, number: int) -> int:
    """Return the place of a field of a table, 0 where it has its default."""
    (back,) = struct.unpack_from("<i", data, table)
    (size,) = struct.unpack_from("<H", data, table - back)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", data, table - back + 4 + 2 * number)
    return table + offset if offset else 0


def _table(data: bytes, table: int, number: int) -> int:
    """Return the place of the table or vector that a field refers to."""
    at = _field(data, table, number)
    if not at:
        return 0
    (offset,) = struct.unpack_from("<I", data, at)
    return at + int(offset)


def _unpacked(file: BinaryIO, data: bytes, batch: int, body: int) -> int:
    """Return the unpacked length of the buffers of a RecordBatch whose body stands at a place of the file."""
    buffers = _table(data, batch, 2)
    is_packed = bool(_field(data, batch, 3))
    if not buffers:
        return 0
    (count,) = struct.unpack_from("<I", data, buffers)
    if buffers + 4 + 16 * count > len(data):
        raise IndexError("more buffers than its metadata holds")
    total = 0
    for offset, length in struct.iter_unpack("<qq", data[buffers + 4 : buffers + 4 + 16 * count]):
        said = length
        if is_packed and length >= 8:
            file.seek(body + offset)
            said = int.from_bytes(file.read(8), "little", signed=True)
        total += length if said == -1 else max(said, 0)
    return total
