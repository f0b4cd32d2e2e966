"""sweep: rows that no kept snapshot needs, then the files that no row names any more."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from tapehead.model.history import Swept
from tapehead.model.segment import Digest
from tapehead.stores.tables.database import Database, SegmentBytes
from tapehead.stores.tables.orphans import iter_orphans

_TABLES: Final = ("segments", "tail", "instruments", "factors", "empties", "quarantine")


def sweep(
    database: Database,
    files: SegmentBytes,
    keep: Callable[[], Iterable[int]],
    newer_than: int,
    leased: Callable[[], Iterable[int]],
    *,
    dry_run: bool,
) -> Swept:
    """Give back what no kept snapshot needs; the caller holds the writer lock, but for a dry run where none can be had.

    Parameters
    ----------
    database, files : Database, SegmentBytes
    keep : callable
        Snapshots to keep beside the head, those leased and the young ones; asked after `leased`, so that whoever kept
        one for good before letting go of its lease is seen by the one or by the other.
    newer_than : int
        us UTC; a snapshot that was the head at some time after it is young.
    leased : callable
        Asked inside the transaction: a reader takes its lease before it, and is seen, or after it, and is refused.
    dry_run : bool
        Count only.

    Notes
    -----
    Rows go first, in one transaction, and files after it: a crash in between leaves files that no row names, which
    the next sweep takes. The writer lock keeps out files that a commit has written and not named yet.
    """
    with database.moment() if dry_run else database.transaction("the manifest"):
        kept = sorted({*leased(), *keep(), *_young(database, newer_than)})
        given_up = [(number,) for (number,) in database.execute("unswept") if number not in kept]
        gone = {table: list(_unneeded(database, table, kept)) for table in _TABLES}
        freed = _freed(database, gone["segments"])
        orphans = list(iter_orphans(database, files))
        if not dry_run:
            for table, keys in gone.items():
                database.execute_many(f"drop_of_{table}", keys)
            database.execute_many("mark_swept", given_up)
            database.execute("drop_stray_roll_ups")
        sizes = files.sizes(freed)
    if not dry_run:
        files.drop(sizes)
        for key, _, _ in orphans:
            files.remove(key)
    return Swept(len(given_up), len(sizes), len(orphans), sum(sizes.values()) + sum(size for *_, size in orphans))


def _young(database: Database, newer_than: int) -> Iterator[int]:
    """Yield the head, every snapshot made after `newer_than`, and every one that was replaced after it."""
    later: int | None = None
    for number, at in database.execute("commit_times"):
        if later is None or later > newer_than or at > newer_than:
            yield number
        later = at


def _unneeded(database: Database, table: str, kept: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Yield the key of each ended row that no kept snapshot holds."""
    for *key, since, until in database.execute(f"ended_of_{table}"):
        first = bisect_left(kept, since)
        if first == len(kept) or kept[first] >= until:
            yield key


def _freed(database: Database, going: Iterable[Sequence[Any]]) -> list[Digest]:
    """Return the data of segments of which every row goes."""
    rows = {key[0] for key in going}
    stays: dict[Digest, bool] = {}
    for row, data in database.execute("data_of_rows"):
        stays[data] = stays.get(data, False) or row not in rows
    return [data for data, named in stays.items() if not named]
