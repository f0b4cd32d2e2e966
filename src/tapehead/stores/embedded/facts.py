"""read_facts: how much a store holds."""

import os
from contextlib import suppress
from pathlib import Path

from tapehead.model.history import StoreFacts
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.segments import SegmentFiles


def read_facts(database: Database, files: SegmentFiles, folder: Path) -> StoreFacts:
    """Return the figures of a store in `folder`, those of the database as one moment has them."""
    with database.moment():
        head = int(database.execute("head").fetchone()[0])
        row = database.execute("facts").fetchone()
        named = [(bytes(data), bool(held)) for data, held in database.execute("data_held")]
    sizes = _sizes(files.folder)
    held_bytes = sum(sizes.get(files.path(data).name, 0) for data, held in named if held)
    kept_bytes = sum(sizes.get(files.path(data).name, 0) for data, held in named if not held)
    commits, instruments, series, segments, blocks, bars, tail_bars, quarantined, oldest = row
    return StoreFacts(
        snapshot=head,
        commits=commits,
        instruments=instruments,
        series=series,
        segments=segments,
        tail_blocks=blocks,
        bars=bars,
        tail_bars=tail_bars,
        segment_bytes=held_bytes,
        database_bytes=_database_bytes(folder),
        kept_bytes=kept_bytes,
        quarantined=quarantined,
        oldest_snapshot=oldest,
    )


def _sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each file two folders down; one look a folder, as there may be many thousands."""
    found: dict[str, int] = {}
    with os.scandir(folder) as parts:
        for part in [each for each in parts if each.is_dir()]:
            with os.scandir(part.path) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        found[entry.name] = entry.stat().st_size
    return found


def _database_bytes(folder: Path) -> int:
    """Return the bytes of the databases with their logs."""
    size = 0
    for path in folder.glob("*.db*"):
        with suppress(FileNotFoundError):
            size += path.stat().st_size
    return size
