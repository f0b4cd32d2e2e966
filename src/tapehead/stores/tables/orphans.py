"""Orphans: bytes that a writer left behind who died or failed, and that no commit names."""

from collections.abc import Hashable, Iterator

from tapehead.stores.tables.database import Database, SegmentBytes


def iter_orphans(database: Database, files: SegmentBytes) -> Iterator[tuple[Hashable, str, int]]:
    """Yield the key, the place and the size in bytes of each thing among the bytes of segments that no commit names."""
    return files.orphans({bytes(row[0]) for row in database.execute("named_data")})


def remove_orphans(database: Database, files: SegmentBytes) -> tuple[int, int]:
    """Remove them under the writer lock; return how many, and their bytes."""
    count = size_bytes = 0
    for key, _, size in list(iter_orphans(database, files)):
        files.remove(key)
        count, size_bytes = count + 1, size_bytes + size
    return count, size_bytes
