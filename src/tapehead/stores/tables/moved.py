"""read_moved: what commits between two snapshots touched, found by what they touched."""

from contextlib import nullcontext

from tapehead.model.segment import Moved
from tapehead.stores.tables.database import Database
from tapehead.stores.tables.versions import instrument_of, series_of

_NAME = 2


def read_moved(database: Database, before: int, snapshot: int) -> Moved | None:
    """Return what changed after `before` up to `snapshot`; None where `before` was swept, or is no commit.

    While it is not swept, every row that ended since then is still there to tell of it.
    """
    if before == snapshot:
        return Moved((), {})
    with nullcontext() if database.in_transaction else database.moment():
        row = database.execute("swept", (before,)).fetchone()
        if row is None or row[0] or before > snapshot:
            return None
        span = {"before": before, "snapshot": snapshot}
        series = [series_of(*row) for row in database.execute("changed_series", span).fetchall()]
        facts = database.execute("changed_instruments", span).fetchall()
    named = {f"{row[0]}:{row[1]}": row[_NAME:] for row in facts}
    return Moved(series, {name: None if row[0] is None else instrument_of(row) for name, row in named.items()})


def read_stamp(database: Database, snapshot: int) -> str:
    """Return when a commit was written and what its blocks hash to, as text; empty where there is no such commit."""
    row = database.execute("stamp", (snapshot,)).fetchone()
    return "" if row is None else f"{row[0]} {row[1]}"
