"""make_house: what a store's calls reach for, over HTTP: its runs. Everything else says that it is not here."""

from collections.abc import Sequence
from typing import NoReturn, cast

from tapehead.errors import NotServedError, RunKeyError
from tapehead.library.remote import asked_runs
from tapehead.library.remote.connection import Connection
from tapehead.model.result import RunId, RunResult
from tapehead.model.trades import Trades
from tapehead.ports.runs import Page, RunRecord
from tapehead.wiring.assemble import House


def make_house(connection: Connection) -> House:
    """Return a house whose runs lie with a service and whose other parts raise NotServedError."""
    return cast("House", _House(connection))


class _Absent:
    """Raises NotServedError for every part that it has not."""

    _connection: Connection

    def __getattr__(self, name: str) -> NoReturn:
        """Say that this needs the store itself."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotServedError(url=self._connection.place.url, command="doctor")


class _House(_Absent):
    """A house with runs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.runs = RemoteRuns(connection)
        self.where = connection.place.url
        self.full = False


class RemoteRuns(_Absent):
    """The half of a RunStore that reads, and its `delete`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._listed: tuple[RunId, list[RunResult]] | None = None

    def record(self, run: RunId) -> RunRecord:
        """Return a run."""
        return self._connection.do(asked_runs.record(run))

    def runs(self, *, limit: int = 50, before: RunId | None = None) -> Sequence[RunRecord]:
        """Return the newest runs; with `before` those that are older than it."""
        return self._connection.do(asked_runs.records(limit, before))

    def resolve(self, prefix: str) -> RunId:
        """Return the whole id."""
        found: str = self._connection.do(asked_runs.run_of(prefix))["run"]
        return found

    def shortest(self, run: RunId) -> str:
        """Return the shortest prefix, of at least 8 characters, that names this run and no other."""
        return self._connection.do(asked_runs.shortest(run))

    def delete(self, run: RunId) -> bool:
        """Remove a run."""
        self._connection.do(asked_runs.delete(run))
        return True

    def result(self, run: RunId, instrument: str) -> RunResult | None:
        """Return one result with its trades."""
        try:
            return self._connection.do(asked_runs.result(run, instrument))
        except RunKeyError:
            return None

    def results(
        self, run: RunId, *, sort: str = "total_return", cursor: bytes | None = None, limit: int = 50
    ) -> Page[RunResult]:
        """Return a page of results; their trades are fetched when they are looked at."""
        rows, following = self._connection.do(
            asked_runs.results_page(run, sort, None if cursor is None else cursor.decode(), limit, self.trades)
        )
        return Page(rows, None if following is None else following.encode())

    def traded(self, run: RunId, *, after: str = "", limit: int = 500) -> Sequence[tuple[str, Trades]]:
        """Return instruments after a name with their trades, each asked for by itself."""
        listed = self._listed
        if not after or listed is None or listed[0] != run:
            listed = run, self._connection.do(asked_runs.results(run, "instrument", None))
        later = [one for one in listed[1] if one.instrument > after]
        # Who asks goes on with the last of these: the listing is held until there is none.
        self._listed = listed if later else None
        return [(one.instrument, self.trades(one)) for one in later[:limit]]

    def trades(self, result: RunResult) -> Trades:
        """Return the trades of a result."""
        return self._connection.do(asked_runs.trades(result))

    def __repr__(self) -> str:
        """Return where they lie."""
        return f"RemoteRuns({self._connection.place.url!r})"
