"""PostgresRuns and what goes with it: runs, events, trials and keys in PostgreSQL."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from numpy.typing import NDArray

from tapehead.database.pool import Pool
from tapehead.errors import DamagedTileError
from tapehead.model.tile import TileHead
from tapehead.stores.postgres.claims import SessionClaims
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.tables.access import AccessTables
from tapehead.stores.tables.runs import RunTables
from tapehead.stores.tables.trials import TrialTables

_FIRST = 4096


class PostgresRuns(RunTables):
    """`ports.runs.RunStore` in a database of PostgreSQL. Safe from many threads and processes."""

    def __init__(self, database: PostgresDatabase, claims: SessionClaims) -> None:
        self._sessions = claims
        super().__init__(database, self._sessions, partial(read_columns, database))

    def close(self) -> None:
        """End the session of the claims."""
        self._sessions.close()


def open_runs(pool: Pool) -> PostgresDatabase:
    """Return the statements of runs, for runs, events and trials to share."""
    return PostgresDatabase(pool, "runs.sql")


def open_access(pool: Pool) -> AccessTables:
    """Return keys and the audit log."""
    return AccessTables(partial(PostgresDatabase, pool, "access.sql"))


class PostgresTrials(TrialTables):
    """`ports.trials.TrialLedger` in a database of PostgreSQL."""

    def _added(self, place: int, digests: Sequence[bytes]) -> list[int]:
        """Add the digests of sets that are not there yet by one statement; return which of them those are."""
        first = {digest: k for k, digest in reversed(list(enumerate(digests)))}
        return sorted(first[row[0]] for row in self._run("add_trial_sets", (place, list(first))))


def read_columns(database: PostgresDatabase, place: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return columns of the tile of a row; of the others nothing is read."""
    return database.outlast(partial(_read_columns, database, place, names))


def _read_columns(database: PostgresDatabase, place: int, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read them as of one moment."""
    with database.moment():
        row = database.execute("tile_begin", (_FIRST, place)).fetchone()
        if row is None:
            raise DamagedTileError(cause="its row is gone")
        begin = bytes(row[0])
        size = TileHead.size(begin)
        if len(begin) < size:
            begin = bytes(database.execute("tile_begin", (size, place)).fetchone()[0])
        head = TileHead.read(begin)
        found = {}
        for name in names:
            first, end = head.span(name)
            part = database.execute("tile_part", (first + 1, end - first, place)).fetchone()
            found[name] = head.column(name, part[0])
    return found
