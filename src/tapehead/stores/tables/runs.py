"""RunTables: runs and their results."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from tapehead.errors import ParameterError, UnknownRunError
from tapehead.model.result import Receipt, RunId, RunResult, State
from tapehead.model.spec import RunKey, RunSpec, canonical
from tapehead.model.tile import Tile
from tapehead.model.trades import Trades
from tapehead.ports.holdings import RunHoldings
from tapehead.ports.runs import Page, RunRecord, TilePart
from tapehead.stores.tables.database import Claims, Database, ReadColumns
from tapehead.stores.tables.records import record_of, result_of, row_of
from tapehead.stores.tables.ulid import new_ulid
from tapehead.stores.tables.writing import write

Given = TypeVar("Given")

_SHORTEST = 8
_AFTER_ALL = "~"
"""Sorts after every id."""


class RunTables:
    """`ports.runs.RunStore` over named statements. Safe from many threads and processes.

    Parameters
    ----------
    database : Database
    claims : Claims
        Who works on which run.
    read_columns : callable
        Reads columns of a tile.
    """

    at_once = 1

    def __init__(self, database: Database, claims: Claims, read_columns: ReadColumns) -> None:
        self._database = database
        self._claims = claims
        self._read_columns = read_columns

    def create(self, key: RunKey, spec: RunSpec, snapshot: int, origin: str = "") -> RunId:
        """Begin a run in state `running` and return its new id."""
        run = new_ulid()
        text = canonical(spec.to_json()).decode()
        values = (run, key.digest(), *key, text, origin, snapshot, _now_us())
        write(self._database, f"run {run}", lambda: self._run("add_run", values))
        return run

    def claim(self, run: RunId) -> AbstractContextManager[bool]:
        """Hold a run while it is worked on; False where another living process or thread holds it."""
        return self._claims.held(run)

    def unfinished(self) -> Sequence[RunId]:
        """Return the runs in state `running` that nobody holds, oldest first."""
        return [run for (run,) in self._run("running").fetchall() if not self._claims.is_held(run)]

    def reopen(self, run: RunId) -> None:
        """Set a run back to `running`; raises UnknownRunError."""

        def reopen() -> None:
            self._claims.check(run)
            if not self._run("reopen_run", (run,)).rowcount:
                raise _unknown(run)

        write(self._database, f"run {run}", reopen)

    def find(self, key: RunKey) -> RunId | None:
        """Return the newest completed run of an equal key in which no instrument failed, and whose events are kept."""
        row = self._run("find_run", (key.digest(),)).fetchone()
        return None if row is None else row[0]

    def tested(self, strategy: str, key: RunKey) -> RunId | None:
        """Return the newest completed run of this code that passed a whole look-ahead test."""
        row = self._run("find_tested", (key.strategy, key.engine, strategy)).fetchone()
        return None if row is None else row[0]

    def save(self, results: Sequence[RunResult]) -> None:
        """Add or replace results by (run, instrument, interval, parameters), all or none of them."""
        if not results:
            return
        runs, rows = sorted({one.run for one in results}), [row_of(one) for one in results]

        def save() -> None:
            for run in runs:
                self._claims.check(run)
            self._database.execute_many("save_result", rows)

        write(self._database, f"results of run {runs[0]}", save)

    def save_tile(self, tile: Tile) -> None:
        """Add or replace a tile of a sweep by (run, instrument, lo)."""
        counts = (tile.lo, tile.hi, len(tile), tile.failed, tile.bars)
        row = (tile.run, tile.instrument, *counts, tile.to_bytes())

        def save() -> None:
            self._claims.check(tile.run)
            self._run("save_tile", row)

        write(self._database, f"results of run {tile.run}", save)

    def tile(self, run: RunId, instrument: str, lo: int) -> Tile | None:
        """Return one tile whole."""
        row = self._run("tile", (run, instrument, lo)).fetchone()
        return None if row is None else Tile.from_bytes(row[0])

    def tiles(self, run: RunId, columns: Sequence[str] = (), instrument: str | None = None) -> Iterator[TilePart]:
        """Yield the tiles of a run, or of one instrument of it, by instrument and `lo`; of columns only those asked."""
        name, values = ("tiles", (run,)) if instrument is None else ("tiles_of_instrument", (run, instrument))
        for place, *row in self._run(name, values).fetchall():
            found = self._read_columns(place, columns) if columns else {}
            yield TilePart._make((*row, found))

    @contextmanager
    def together(self, what: str) -> Iterator[None]:
        """Keep all that is saved and logged inside, or none of it, in one commit."""
        with self._database.transaction(what):
            yield

    def outlast(self, body: Callable[[], Given]) -> Given:
        """Call `body`, once more where the server went away meanwhile; see `ports.runs.RunStore.outlast`."""
        return self._database.outlast(body)

    def done(self, run: RunId) -> set[tuple[str, int]]:
        """Return the tiles that are there, as (instrument, lo); a result of a backtest is one at 0."""
        return {(instrument, lo) for instrument, lo in self._run("done", {"run": run})}

    def finish(self, run: RunId, state: State, receipt: Receipt | None, failed: int = 0) -> None:
        """End a run; raises UnknownRunError."""
        text = None if receipt is None else canonical(receipt.to_json()).decode()
        values = (state, text, failed, _now_us(), run)

        def finish() -> None:
            self._claims.check(run)
            if not self._run("finish_run", values).rowcount:
                raise _unknown(run)

        write(self._database, f"run {run}", finish)

    def results(
        self, run: RunId, *, sort: str = "total_return", cursor: bytes | None = None, limit: int = 50
    ) -> Page[RunResult]:
        """Return a page of results without trades; see `ports.runs.RunStore.results`.

        The cursor holds the place of the last row, so results that come in between neither shift nor repeat a page.

        Raises
        ------
        ParameterError
            `sort` is no metric of this run's results.
        """
        self._check_sort(run, sort)
        place = [None, None, None, None] if cursor is None else json.loads(cursor)
        value, instrument, interval, parameters = place
        asked = {"run": run, "sort": sort, "instrument": instrument, "interval": interval, "parameters": parameters}
        asked |= {"undefined": int(value is None), "below": 0.0 if value is None else -value, "limit": limit + 1}
        if sort == "instrument":
            rows = self._run("results_by_instrument", asked).fetchall()
        else:
            rows = self._run("results_by_metric", asked).fetchall()
        page = [result_of(run, row[:-1]) for row in rows[:limit]]
        if len(rows) <= limit or not page:
            return Page(page, None)
        last = rows[limit - 1]
        return Page(page, canonical([last[-1], last[0], last[1], last[2]]))

    def values(self, run: RunId, metric: str) -> Sequence[float]:
        """Return a metric of every result that has it, in no order."""
        return [value for (value,) in self._run("values_of_metric", (metric, run)) if value is not None]

    def result(self, run: RunId, instrument: str) -> RunResult | None:
        """Return one result with its trades."""
        row = self._run("result", (run, instrument)).fetchone()
        return None if row is None else result_of(run, row)

    def traded(self, run: RunId, *, after: str = "", limit: int = 500) -> Sequence[tuple[str, Trades]]:
        """Return instruments after a name with their closed trades; see `ports.runs.RunStore.traded`."""
        rows = self._run("trades_of_run", {"run": run, "after": after, "limit": limit})
        return [(name, Trades.from_bytes(trades)) for name, trades in rows]

    def record(self, run: RunId) -> RunRecord:
        """Return a run; raises UnknownRunError."""
        row = self._run("run", (run,)).fetchone()
        if row is None:
            raise _unknown(run)
        return record_of(row)

    def runs(self, *, limit: int = 50, before: RunId | None = None) -> Sequence[RunRecord]:
        """Return the newest runs, newest first; with `before` those that are older than it."""
        return [record_of(row) for row in self._run("runs", (before or _AFTER_ALL, limit))]

    def resolve(self, prefix: str) -> RunId:
        """Return the one run whose id begins with `prefix`, in any case; raises UnknownRunError."""
        asked = prefix.upper()
        if not re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{1,26}", asked):
            raise UnknownRunError(run=prefix, hint="")
        rows = [row[0] for row in self._run("runs_between", (asked, asked + "~"))]
        if len(rows) == 1:
            return str(rows[0])
        hint = f" It begins more than one id, such as {rows[0]} and {rows[1]}." if rows else ""
        raise UnknownRunError(run=prefix, hint=hint)

    def shortest(self, run: RunId) -> str:
        """Return the shortest unique prefix of a run's id, of at least 8 characters."""
        length = _SHORTEST
        for (other,) in self._run("neighbours", {"run": run}):
            common = next((i for i, pair in enumerate(zip(run, other, strict=True)) if pair[0] != pair[1]), len(run))
            length = max(length, common + 1)
        return run[:length]

    def delete(self, run: RunId) -> bool:
        """Remove a run with its results and events; say whether it was there."""

        def delete() -> bool:
            self._claims.check(run)
            for name in ("delete_events", "delete_results", "delete_tiles"):
                self._run(name, (run,))
            return bool(self._run("delete_run", (run,)).rowcount)

        there = write(self._database, f"run {run}", delete)
        self._claims.forget(run)
        return there

    def holdings(self) -> RunHoldings:
        """Return all that is kept of runs, as rows that another store can keep just so."""
        from tapehead.stores.tables.holdings import RunRows

        return RunRows(self._database)

    def close(self) -> None:
        """Close the database connections of every thread."""
        self._database.close()

    def _run(self, name: str, values: Any = ()) -> Any:
        """Run a named statement."""
        return self._database.execute(name, values)

    def _check_sort(self, run: RunId, sort: str) -> None:
        """Raise ParameterError for a metric that the run's results do not have."""
        row = self._run("metrics_of_any", (run,)).fetchone()
        held = [] if row is None else list(json.loads(row[0]))
        if row is not None and sort != "instrument" and sort not in held:
            raise ParameterError(name="sort", value=sort, bound=f"instrument or one of {', '.join(held)}")


def _unknown(run: RunId) -> UnknownRunError:
    """Return the error for an id that is not there."""
    return UnknownRunError(run=run, hint="")


def _now_us() -> int:
    """Return the time in us UTC."""
    return time.time_ns() // 1000
