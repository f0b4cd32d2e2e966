"""Orphans: files that a writer left behind who died or failed, and that no commit names."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.disk import unlink_file
from tapehead.stores.embedded.segments import SegmentFiles

_OURS = re.compile(r"\.?(?P<data>[0-9a-f]{64})\.parquet(?P<half>\.partial)?")
"""Names that `SegmentFiles` gives; a file of another name is a stranger's, and left alone."""


def iter_orphans(database: Database, files: SegmentFiles) -> Iterator[tuple[Path, int]]:
    """Yield each file among the segments that no commit names, half-written ones too, with its size in bytes.

    Under the writer lock alone they are orphans for sure: elsewhere they may be those of a commit that is being made.
    """
    named = {bytes(row[0]) for row in database.execute("named_data")}
    for folder in sorted(files.folder.iterdir()):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            match = _OURS.fullmatch(path.name)
            if match is not None and (match["half"] or bytes.fromhex(match["data"]) not in named):
                # A writer beside this look may be done with it by now.
                with suppress(FileNotFoundError):
                    status = path.stat()
                    if S_ISREG(status.st_mode):
                        yield path, status.st_size


def remove_orphans(database: Database, files: SegmentFiles) -> tuple[int, int]:
    """Remove them under the writer lock; return how many, and their bytes."""
    count = size_bytes = 0
    for path, size in list(iter_orphans(database, files)):
        unlink_file(path)
        count, size_bytes = count + 1, size_bytes + size
    return count, size_bytes
