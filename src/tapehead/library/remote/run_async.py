"""AsyncRemoteRun: what RemoteRun does, awaited."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from tapehead.jobs.drive import Numbered
from tapehead.jobs.verify import Verification
from tapehead.library.remote import asked_runs, made
from tapehead.library.remote.asking import Ask
from tapehead.library.remote.connection import cause_of
from tapehead.library.remote.connection_async import AsyncConnection
from tapehead.library.remote.following import Following, Told
from tapehead.library.remote.problems import check_passing, error_from
from tapehead.library.remote.results import event_from
from tapehead.library.run import Header
from tapehead.model.bars import I64
from tapehead.model.events import Completed, Failed, Result, Warned
from tapehead.model.result import Receipt, RunResult
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord

if TYPE_CHECKING:
    from tapehead.library.report import Report


class AsyncRemoteRun:
    """A run of a service, read by one coroutine; `async for` gives each result as it comes.

    Proves and reconnects as RemoteRun does. Results come without trades: `await run.result(symbol)` has them.

    Attributes
    ----------
    id : str
        ULID of the run.
    spec, header
        What was asked, and what stands above its table.
    warnings : list of Warned
        Those that came so far.
    completed : Completed or None
        The last event, once it came.
    """

    def __init__(
        self,
        connection: AsyncConnection,
        run: str,
        spec: RunSpec,
        header: Header,
        *,
        reused: bool = False,
        follow: bool = True,
    ) -> None:
        self._connection, self._reused, self._follow = connection, reused, follow
        self._source: AsyncIterator[Numbered] | None = None
        self._results: dict[str, RunResult] = {}
        self._failed: Failed | None = None
        self.id, self.spec, self.header = run, spec, header
        self.warnings: list[Warned] = []
        self.completed: Completed | None = None

    def __repr__(self) -> str:
        """Return its id and where it is."""
        return f"AsyncRemoteRun({self.id!r}, {self._connection.place.url!r})"

    async def __aiter__(self) -> AsyncIterator[RunResult]:
        """Yield results: those that came already, then each as it comes; of an ended run those that are kept."""
        if not self._follow and not self._results:
            for result in await self.results("instrument"):
                yield result
            return
        for result in list(self._results.values()):
            yield result
        async for _, event in self.events():
            if isinstance(event, Result):
                yield event.result
        self._check()

    async def events(self) -> AsyncIterator[Numbered]:
        """Yield the events that are still to come, each once."""
        if self._source is None:
            self._source = self._told() if self._follow else None
        if self._source is None:
            return
        async for number, event in self._source:
            if isinstance(event, Result):
                self._results[event.result.instrument] = event.result
            elif isinstance(event, Warned):
                self.warnings.append(event)
            elif isinstance(event, Completed):
                self.completed = event
            elif isinstance(event, Failed):
                self._failed = event
            yield number, event

    async def wait(self) -> "AsyncRemoteRun":
        """Read to the end."""
        async for _ in self.events():
            pass
        self._check()
        return self

    async def cancel(self) -> bool:
        """Ask the run to stop; finished results are kept. False where it had ended."""
        return await self._connection.do(asked_runs.cancel(self.id))

    async def results(self, sort: str = "total_return", limit: int | None = None) -> list[RunResult]:
        """Return the kept results without trades, by a metric, best first."""
        return await self._connection.do(asked_runs.results(self.id, sort, limit))

    async def result(self, symbol: str) -> RunResult:
        """Return the kept result of `symbol` or `venue:symbol`, with its trades, which must be those it counted."""
        return await self._connection.do(asked_runs.result(self.id, symbol))

    async def times(self, symbol: str) -> I64:
        """Return the open times (us UTC) of the bars that a result counts from 0, shape (n_bars,)."""
        return await self._connection.do(made.times(made.Place(self.id, symbol)))

    async def record(self) -> RunRecord:
        """Return state, key, spec and times of the run as kept."""
        return await self._connection.do(asked_runs.record(self.id))

    async def receipt(self) -> Receipt | None:
        """Wait, then return what the run can be made again from; None of one that was not completed."""
        await self.wait()
        return (await self.record()).receipt

    async def look_ahead(self) -> dict[str, Any] | None:
        """Wait, then return what the look-ahead test said; None of a run that was not completed."""
        await self.wait()
        told = await self._connection.do(asked_runs.look_ahead(self.id))
        return None if told is None else dict(told)

    async def verify(self) -> Verification:
        """Wait, then have the run made again by the service and compared in every bit."""
        await self.wait()
        return await self._connection.do(asked_runs.verify(self.id))

    async def report(self, path: str | os.PathLike[str], symbol: str | None = None, *, force: bool = False) -> "Report":
        """Wait, then have the service make a tear sheet and write it here; see `Run.report`."""
        await self.wait()
        from tapehead.library.report import check_place, write_sheet

        place = check_place(path, force=force)
        sheet = await self._connection.do(asked_runs.sheet(self.id, symbol))
        return await asyncio.to_thread(write_sheet, place, sheet)

    async def _told(self) -> AsyncIterator[Numbered]:
        """Yield what the run tells."""
        async for number, body in self._bodies(Following(self.id, self._connection.place.url)):
            if not (self._reused and body["event"] == "progress"):
                yield number, event_from(self.id, body, reused=self._reused)

    async def _bodies(self, following: Following) -> AsyncIterator[Told]:
        """Yield what the run tells, from its first event to its last, over as many connections as it takes."""
        while not following.over:
            cause = "the stream ended before the run did"
            ask = Ask("GET", following.path, headers=following.connect())
            try:
                async with self._connection.stream(ask) as response:
                    if not response.is_success:
                        cause = check_passing(response.status_code, await response.aread())
                    else:
                        async for data in response.aiter_raw():
                            for told in following.take(data):
                                yield told
            except self._connection.httpx.TransportError as error:
                cause = cause_of(error)
            if not following.over:
                await asyncio.sleep(following.wait_s(cause))

    def _check(self) -> None:
        """Raise what the run failed of."""
        if self._failed is not None:
            raise error_from(self._failed.code, self._failed.text)
