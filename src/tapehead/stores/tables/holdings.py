"""BarRows, RunRows: all that a store holds as rows that another one can hold just so, over named statements."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, Final

from tapehead.model.result import RunId
from tapehead.model.segment import TAIL, Digest, SegmentRef
from tapehead.ports.holdings import Row, RunMark
from tapehead.stores.tables.check_manifest import read_refs
from tapehead.stores.tables.database import Database, Ground

_PAGE: Final = 2_000
_LARGE_PAGE: Final = 50
_LARGE: Final = ("tail", "commits", "results", "tiles")
"""Tables whose rows hold bytes by the kilobyte."""
_NUMBERED: Final = ("series", "segments", "tail", "factors", "empties", "quarantine")
"""Tables whose rows are numbered by the database."""
_LEAST: Final[Mapping[str, Row]] = {
    "instruments": ("", "", -1),
    "universes": ("",),
    "presets": ("",),
    "results": ("", "", ""),
    "tiles": ("", -1),
}
"""Below every key of a table; -1 is in the others."""


class BarRows:
    """`ports.holdings.BarHoldings` over named statements.

    Parameters
    ----------
    ground : Ground
        Of the store of bars.
    locked : callable
        Holds the store as its own commits do.
    """

    def __init__(self, ground: Ground, locked: Callable[[], AbstractContextManager[None]]) -> None:
        self._ground = ground
        self._locked = locked
        self._run = ground.database.execute

    @property
    def writable(self) -> bool:
        """Whether it may be written."""
        return self._ground.database.writable

    def moment(self) -> AbstractContextManager[object]:
        """Read everything inside as of one moment."""
        return self._ground.database.moment()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock of the one writer and a transaction."""
        with self._locked(), self._ground.database.transaction("the manifest"):
            yield

    def rows(self, table: str) -> Iterator[Row]:
        """Yield the rows of a table in order of their keys."""
        ask = partial(self._page, f"page_of_{table}")
        for page in _pages(ask, _LEAST.get(table, (-1,)), 0, _size_of(table)):
            yield from page

    def put(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows, or replace those of the same keys; numbers of later rows follow theirs."""
        self._ground.database.execute_many(f"put_into_{table}", rows)
        if table in _NUMBERED:
            self._run(f"number_on_{table}")

    def drop(self, table: str, keys: Sequence[Row]) -> None:
        """Remove rows by their keys."""
        if table == "series":
            # What is kept of them is worked out from them, and no row of another store.
            self._ground.database.execute_many("drop_roll_ups_of", keys)
        self._ground.database.execute_many(f"drop_of_{table}", keys)

    def blocks_bytes(self) -> int:
        """Return the size of the blocks of the tail."""
        return int(self._run("blocks_bytes").fetchone()[0])

    def segments(self) -> list[SegmentRef]:
        """Return every segment that any commit names, each once."""
        found = {ref.data: ref for ref in read_refs(self._ground.database) if ref.layer != TAIL}
        return list(found.values())

    def sizes(self) -> Mapping[Digest, int]:
        """Return the size in bytes of each segment that is there."""
        return self._ground.segments.sizes()

    def has(self, ref: SegmentRef) -> bool:
        """Say whether the bytes of a segment are there."""
        return self._ground.segments.has(ref.data, ref.file)

    def take(self, segments: Sequence[tuple[SegmentRef, bytes]], named: Collection[Digest]) -> None:
        """Take bytes in durably; what a dead writer left that is not `named` goes."""
        files, written = self._ground.segments, [ref.data for ref, _ in segments]
        with self._ground.writing() as undone:
            if undone:
                for key, _, _ in self._orphans(named):
                    files.remove(key)
            try:
                for ref, content in segments:
                    files.write(ref.data, content)
                files.publish(written)
            except BaseException:
                files.discard(written)
                raise

    def _orphans(self, named: Collection[Digest]) -> list[Any]:
        """Return what no commit names, here or by what is `named`."""
        every = {bytes(row[0]) for row in self._run("named_data")}
        return list(self._ground.segments.orphans(every | set(named)))

    def _page(self, name: str, values: Sequence[Any]) -> list[Row]:
        """Return a page."""
        return self._ground.database.execute(name, values).fetchall()


class RunRows:
    """`ports.holdings.RunHoldings` over named statements."""

    _PUT: Final = {"runs": "put_into_runs", "results": "save_result", "tiles": "save_tile", "events": "add_event"}

    def __init__(self, database: Database) -> None:
        self._database = database

    def marks(self) -> list[RunMark]:
        """Return every run by its id, oldest first."""
        return [RunMark(*row) for row in self._database.execute("marks_of_runs")]

    def moment(self) -> AbstractContextManager[object]:
        """Read everything inside as of one moment."""
        return self._database.moment()

    def pages(self, run: RunId, table: str) -> Iterator[Sequence[Row]]:
        """Yield the rows of a run in order of their keys."""

        def ask(values: Sequence[Any]) -> list[Row]:
            return self._database.execute(f"page_of_{table}", (run, *values)).fetchall()

        if table == "runs":
            yield self._database.execute("row_of_run", (run,)).fetchall()
            return
        yield from _pages(ask, _LEAST.get(table, (-1,)), 1, _size_of(table))

    def replace(self, run: RunId, pages: Iterable[tuple[str, Sequence[Row]]]) -> None:
        """Keep a run as these rows: all of them, or none."""
        with self._database.transaction(f"run {run}"):
            for name in ("delete_events", "delete_results", "delete_tiles", "delete_run"):
                self._database.execute(name, (run,))
            for table, rows in pages:
                self._database.execute_many(self._PUT[table], rows)


def _size_of(table: str) -> int:
    """Return how many rows of a table are read at once."""
    return _LARGE_PAGE if table in _LARGE else _PAGE


def _pages(ask: Callable[[Sequence[Any]], list[Row]], least: Sequence[Any], at: int, size: int) -> Iterator[list[Row]]:
    """Yield pages of rows above each other's keys, which begin at column `at`."""
    key = least
    while page := ask((*key, size)):
        yield page
        if len(page) < size:
            return
        key = page[-1][at : at + len(least)]
