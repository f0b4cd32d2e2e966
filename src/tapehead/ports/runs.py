"""What jobs ask of a store of runs and of an event log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from numpy.typing import NDArray

from tapehead.model.events import Event
from tapehead.model.result import Receipt, RunId, RunResult, State
from tapehead.model.spec import RunKey, RunSpec
from tapehead.model.tile import Tile
from tapehead.model.trades import Trades
from tapehead.ports.holdings import RunHoldings

Row = TypeVar("Row")
Given = TypeVar("Given")
Rows = Sequence[tuple[int, bytes]]
"""Numbers of events, and their bytes as first sent."""
Told = Callable[[RunId, int, Rows], None]
"""Told of a run, of the number of its last event, and of the events that made it so where they are at hand."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of a list; `cursor` asks for the next one, None at the end."""

    rows: Sequence[Row]
    cursor: bytes | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run without its results.

    Times are us UTC; `spec` is the canonical form; `origin` is where the strategy's code lies: the absolute path of its
    file, or empty for a built-in one.
    """

    run: RunId
    state: State
    key: RunKey
    spec: dict[str, Any]
    origin: str
    snapshot: int
    created_at: int
    finished_at: int | None
    count: int
    failed: int
    receipt: Receipt | None


class TilePart(NamedTuple):
    """Some columns of a tile: sets [lo, hi) of the run's walk, how many have a result and failed, and bars of each."""

    instrument: str
    lo: int
    hi: int
    cells: int
    failed: int
    bars: int
    columns: Mapping[str, NDArray[Any]]


class EventLog(Protocol):
    """Numbered, replayable events of each run."""

    def append(self, run: RunId, events: Sequence[Event]) -> int:
        """Number the events from the run's last one on, keep their bytes, and return the last number.

        An event `tile` takes as many numbers as it has cells, at least one; its own is the last of them. Its cells are
        those of the tile that is saved in the same `together`. They survive `kill -9` on return.
        """
        ...

    def read(self, run: RunId, after: int, limit: int, *, tiles: bool = False) -> Rows:
        """Return events with a number above `after`, as first sent; a tile as the results of its cells.

        With `tiles` a tile comes as the one event that it is.
        """
        ...

    def last(self, run: RunId) -> int:
        """Return the number of a run's last event, 0 where it has none."""
        ...

    def wait(self, run: RunId, after: int, timeout_s: float) -> bool:
        """Return True once an event above `after` is there, False after `timeout_s`."""
        ...

    def listen(self, told: Told) -> Callable[[], None]:
        """Have `told` called after every commit of events of this process; return the call that ends it.

        It comes from the thread that committed, when others can read the events, and must be quick. What it raises is
        logged and goes no further. Commits of other processes are not told.
        """
        ...

    def prune(self, *, before: int, keep: int, stop: Callable[[], bool] | None = None) -> int:
        """Delete events of completed runs created before `before` (us UTC); return how many.

        The newest `keep` runs are spared, and all that can be resumed. The events of a run go at once or not at all;
        others write in between. `stop` is asked before each run and ends it by True.
        """
        ...


class RunStore(Protocol):
    """Runs and their results.

    `at_once` is how many results, where so many are there, are best kept by one `together`.
    """

    at_once: int

    def create(self, key: RunKey, spec: RunSpec, snapshot: int, origin: str = "") -> RunId:
        """Begin a run in state `running` and return its new id."""
        ...

    def claim(self, run: RunId) -> AbstractContextManager[bool]:
        """Hold a run while it is worked on; False where another living process or thread holds it.

        A claim ends with its process, however that ends. Claimed inside the `together` that creates it, a run is seen
        by nobody before it is held. Where it is lost while its holder lives, for a server went away, and another
        process has claimed the run since, every write of the run here raises LostRunError.
        """
        ...

    def unfinished(self) -> Sequence[RunId]:
        """Return the runs in state `running` that nobody holds, oldest first."""
        ...

    def reopen(self, run: RunId) -> None:
        """Set a run back to `running`, to be worked on again; raises UnknownRunError."""
        ...

    def find(self, key: RunKey) -> RunId | None:
        """Return the newest completed run (no instrument failed) of an equal key whose events are not pruned."""
        ...

    def tested(self, strategy: str, key: RunKey) -> RunId | None:
        """Return the newest completed run of this code whose event says of a whole look-ahead test that all was well.

        The code is the strategy of that name in the spec, with the key's digests of strategy and engine. A test that
        Ctrl-C ended, or that made no cut, does not count; nor does that of a run whose events are pruned.
        """
        ...

    def save(self, results: Sequence[RunResult]) -> None:
        """Add or replace results by (run, instrument, interval, parameters); trades as one blob of columns."""
        ...

    def save_tile(self, tile: Tile) -> None:
        """Add or replace a tile of a sweep by (run, instrument, lo)."""
        ...

    def tile(self, run: RunId, instrument: str, lo: int) -> Tile | None:
        """Return one tile whole."""
        ...

    def tiles(self, run: RunId, columns: Sequence[str] = (), instrument: str | None = None) -> Iterator[TilePart]:
        """Yield the tiles of a run, or of one instrument of it, by instrument and `lo`; one at a time is in memory.

        Of `columns`, fields of Tile by name or `values.METRIC` for one metric, nothing else is read.
        """
        ...

    def together(self, what: str) -> AbstractContextManager[None]:
        """Keep all that is saved and logged inside, or none of it; one commit instead of many. `what` names it."""
        ...

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body` and return what it gives; once more where the server of the store went away and came back.

        `body` is whole in itself, a read or one `together`, and changes nothing outside of the store, or the same
        however often it is called: what was kept of it is never kept twice. How long is waited the settings say; then
        it raises DatabaseAwayError. A store in a folder has no server to wait for.
        """
        ...

    def done(self, run: RunId) -> set[tuple[str, int]]:
        """Return the tiles that are there, as (instrument, lo); a result of a backtest is one at 0."""
        ...

    def finish(self, run: RunId, state: State, receipt: Receipt | None, failed: int = 0) -> None:
        """End a run."""
        ...

    def results(
        self, run: RunId, *, sort: str = "total_return", cursor: bytes | None = None, limit: int = 50
    ) -> Page[RunResult]:
        """Return a page of results without trades, by a metric, best first, undefined last, then by instrument.

        `sort` may also be `instrument` (rising).
        """
        ...

    def values(self, run: RunId, metric: str) -> Sequence[float]:
        """Return a metric of every result that has it, in no order; nothing else of the results is read."""
        ...

    def result(self, run: RunId, instrument: str) -> RunResult | None:
        """Return one result with its trades."""
        ...

    def traded(self, run: RunId, *, after: str = "", limit: int = 500) -> Sequence[tuple[str, Trades]]:
        """Return instruments after a name with their closed trades, by name; one look, and no more of the results."""
        ...

    def record(self, run: RunId) -> RunRecord:
        """Return a run; raises UnknownRunError."""
        ...

    def runs(self, *, limit: int = 50, before: RunId | None = None) -> Sequence[RunRecord]:
        """Return the newest runs, newest first; with `before` those that are older than it."""
        ...

    def resolve(self, prefix: str) -> RunId:
        """Return the one run whose id begins with `prefix`, any case.

        Raises UnknownRunError, also when it is not unique.
        """
        ...

    def shortest(self, run: RunId) -> str:
        """Return the shortest unique prefix of a run's id, of at least 8 characters."""
        ...

    def delete(self, run: RunId) -> bool:
        """Remove a run with its results and events; say whether it was there."""
        ...

    def holdings(self) -> RunHoldings:
        """Return all that is kept of runs, as rows that another store can keep just so."""
        ...
