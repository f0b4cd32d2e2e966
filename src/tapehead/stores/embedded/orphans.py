"""Orphans: files that a writer left behind who died or failed, and that no commit names."""

from collections.abc import Iterator
from pathlib import Path

from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.disk import unlink_file
from tapehead.stores.embedded.segments import SegmentFiles


def iter_orphans(database: Database, files: SegmentFiles) -> Iterator[tuple[Path, int]]:
    """Yield each file among the segments that no commit names, half-written ones too, with its size in bytes.

    Under the writer lock alone they are orphans for sure: elsewhere they may be those of a commit that is being made.
    """
    named = {bytes(row[0]) for row in database.execute("named_data")}
    for folder in sorted(files.folder.iterdir()):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            digest = _digest_of(path)
            if path.is_file() and (digest is None or digest not in named):
                yield path, path.stat().st_size


def remove_orphans(database: Database, files: SegmentFiles) -> tuple[int, int]:
    """Remove them under the writer lock; return how many, and their bytes."""
    count = size_bytes = 0
    for path, size in list(iter_orphans(database, files)):
        unlink_file(path)
        count, size_bytes = count + 1, size_bytes + size
    return count, size_bytes


def _digest_of(path: Path) -> bytes | None:
    """Return the data hash that a file is named by, None for a half-written one or a stranger."""
    if path.suffix != ".parquet" or path.name.startswith("."):
        return None
    try:
        return bytes.fromhex(path.stem)
    except ValueError:
        return None
