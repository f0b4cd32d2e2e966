"""What is told of the commits of a store: their log, their reports, whether a snapshot can still be read."""

import zlib
from numbers import Integral

from tapehead.errors import ParameterError, SurroundingsError
from tapehead.model.history import CommitRecord
from tapehead.stores.tables.database import Database

_NEWEST = 2**62
"""Above every number of a commit, and below what SQLite can no longer count."""


def read_log(database: Database, limit: int, before: int | None) -> list[CommitRecord]:
    """Return commits, newest first, those below `before`."""
    rows = database.execute("log", (_NEWEST if before is None else min(before, _NEWEST), min(limit, _NEWEST)))
    return [
        CommitRecord(number, at, kind, note, segments, unchanged, undoes, undone_by, bool(swept), bool(kept))
        for number, at, kind, note, segments, unchanged, undoes, undone_by, swept, kept in rows
    ]


def read_report(database: Database, number: int) -> bytes:
    """Return the report kept with a commit, empty where there is none; raise ParameterError for no such commit."""
    row = database.execute("report", (number,)).fetchone() if 0 < number < _NEWEST else None
    if row is None:
        head = int(database.execute("head").fetchone()[0])
        raise ParameterError(name="commit", value=number, bound=f"one that is there, 1 to {head}: tapehead store log")
    return zlib.decompress(row[0]) if row[0] is not None else b""


def check_snapshot(database: Database, snapshot: int, head: int) -> None:
    """Raise ParameterError unless a snapshot can be read: it was committed, and not given back since."""
    if not isinstance(snapshot, Integral) or isinstance(snapshot, bool) or not 0 <= snapshot <= head:
        raise ParameterError(name="snapshot", value=snapshot, bound=f"between 0 and {head}, the newest commit")
    if snapshot in (0, head):
        return
    row = database.execute("swept", (snapshot,)).fetchone()
    if row is None:
        lost = f"commit {snapshot} is not in it, and {head} is"
        raise SurroundingsError(f"{database.where} is damaged: {lost}. Look at it: tapehead store verify")
    swept, oldest = row
    if swept:
        raise ParameterError(
            name="snapshot",
            value=snapshot,
            bound=f"one that is still held: {snapshot} was given back by gc, and the oldest held is {oldest}",
        )
