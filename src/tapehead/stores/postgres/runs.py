"""PostgresRuns and what goes with it: runs, events, trials and keys in PostgreSQL."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from numpy.typing import NDArray

from tapehead.database.pool import Pool
from tapehead.errors import DamagedTileError
from tapehead.model.result import RunId
from tapehead.model.tile import TileHead
from tapehead.model.trials import Context, Trials, digest_of
from tapehead.stores.postgres.claims import SessionClaims
from tapehead.stores.postgres.database import PostgresDatabase
from tapehead.stores.tables.access import AccessTables
from tapehead.stores.tables.runs import RunTables
from tapehead.stores.tables.trials import TrialTables

_FIRST = 4096


class PostgresRuns(RunTables):
    """`ports.runs.RunStore` in a database of PostgreSQL. Safe from many threads and processes."""

    at_once = 16

    def __init__(self, database: PostgresDatabase, claims: SessionClaims) -> None:
        self._rows = database
        self._sessions = claims
        super().__init__(database, self._sessions, partial(read_columns, database))

    @contextmanager
    def together(self, what: str) -> Iterator[None]:
        """Keep all that is saved and logged inside, or none of it, in one commit and few ways to the server."""
        with self._rows.gathered(what):
            yield

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

    def add_each(self, run: RunId, added: Sequence[tuple[Context, Trials]]) -> int:
        """Add the trials of several contexts that are not there yet, by two statements; return how many those were."""
        contexts = {context.digest(): context for context, _ in added}
        first: dict[tuple[bytes, bytes], tuple[int, int]] = {}
        for number, (context, trials) in enumerate(added):
            named = context.digest()
            for place, text in enumerate(trials.sets):
                first.setdefault((named, digest_of(text.encode())), (number, place))
        if not first:
            return 0
        rows = [(one.strategy, one.source, one.instrument, one.interval, one.settings) for one in contexts.values()]
        columns = map(list, zip(*rows, strict=True))
        asked = (list(contexts), *columns, [one for one, _ in first], [one for _, one in first])
        with self._database.transaction(f"trials of run {run}"):
            places: dict[int, int] = {}
            new: dict[int, list[int]] = {}
            for context_digest, digest, place in self._run("add_sets_of_many", asked):
                number, at = first[bytes(context_digest), bytes(digest)]
                places[number] = place
                new.setdefault(number, []).append(at)
            for number in sorted(new):
                self.write(places[number], run, time.time_ns() // 1000, added[number][1], sorted(new[number]))
        return sum(map(len, new.values()))

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
