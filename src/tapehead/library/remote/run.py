"""RemoteRun: a run that goes on in a service, followed over any number of connections."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tapehead.errors import ServerAwayError
from tapehead.jobs.backtest import Numbered
from tapehead.jobs.verify import Verification
from tapehead.library.remote import asked_runs
from tapehead.library.remote.asking import Ask, below
from tapehead.library.remote.connection import Connection, cause_of
from tapehead.library.remote.following import Following, Told
from tapehead.library.remote.problems import check_passing
from tapehead.library.remote.results import event_from
from tapehead.library.run import Header, Run
from tapehead.model.events import Completed, Event
from tapehead.model.result import RunResult
from tapehead.model.spec import RunSpec
from tapehead.model.trades import Trades
from tapehead.wiring.assemble import House

if TYPE_CHECKING:
    from tapehead.library.report import Report


class RemoteRun(Run):
    """A run of a service. Iterating gives each result as it comes; leaving early stops listening, not the run.

    What came is proved at the end: so many results as the run found, and the digest over them equal to the run's;
    IncompleteStreamError otherwise. A connection that breaks is made anew and goes on after the last event.
    """

    def __init__(
        self,
        connection: Connection,
        house: House,
        run: str,
        spec: RunSpec,
        header: Header,
        *,
        reused: bool = False,
        follow: bool = True,
    ) -> None:
        self._connection, self._reused = connection, reused
        self._closed = threading.Event()
        self._completed: Completed | None = None
        source = self._follow(run) if follow else None
        super().__init__(house, spec, header, run=run, source=source)

    def cancel(self) -> None:
        """Ask the run to stop; finished results are kept. Returns at once, from any thread and from a signal."""
        # In a thread: a signal may come while this thread holds what a request needs.
        threading.Thread(target=self._cancelled, name="tapehead-cancel", daemon=True).start()

    def close(self) -> None:
        """Stop listening; the run goes on."""
        self._closed.set()
        super().close()

    @property
    def look_ahead(self) -> dict[str, Any] | None:
        """What the look-ahead test said, `found` and more; None of a run that was not completed."""
        self.wait()
        if self._completed is not None:
            told = self._completed.look_ahead
            return None if told is None else dict(told)
        return self._connection.do(asked_runs.look_ahead(self.id))

    def verify(self) -> Verification:
        """Have the run made again by the service, from segments, without caches, and compared in every bit."""
        self.wait()
        return self._connection.do(asked_runs.verify(self.id))

    def report(
        self,
        path: str | os.PathLike[str],
        symbol: str | None = None,
        *,
        force: bool = False,
        progress: Callable[..., None] | None = None,  # noqa: ARG002 - one answer, at its end
    ) -> "Report":
        """Have the service make a tear sheet and write it here; see `Run.report`."""
        from tapehead.library.report import check_place, write_sheet

        self.wait()
        place = check_place(path, force=force)
        return write_sheet(place, self._connection.do(asked_runs.sheet(self.id, symbol)))

    def _note(self, event: Event) -> None:
        """Remember what an event tells."""
        super()._note(event)
        if isinstance(event, Completed):
            self._completed = event

    def _follow(self, run: str) -> Iterator[Numbered]:
        """Yield the events of the run, each once."""
        for number, body in self._told(run):
            yield number, event_from(run, body, reused=self._reused, fetch=self._trades)

    def _trades(self, result: RunResult) -> Trades:
        """Return the trades of a result of this run."""
        return self._connection.do(asked_runs.trades(result))

    def _told(self, run: str) -> Iterator[Told]:
        """Yield what the run tells, from its first event to its last, over as many connections as it takes."""
        following = Following(run, self._connection.place.url)
        while not following.over:
            cause = "the stream ended before the run did"
            ask = Ask("GET", below("runs", run, "events"), headers=following.connect())
            try:
                with self._connection.stream(ask) as response:
                    if not response.is_success:
                        cause = check_passing(response.status_code, response.read())
                    else:
                        for data in response.iter_raw():
                            yield from following.take(data)
            except self._connection.httpx.TransportError as error:
                cause = cause_of(error)
            if not following.over:
                self._closed.wait(following.wait_s(cause))

    def _cancelled(self) -> None:
        """Ask the service to end the run; again while it is away and the run is waited for."""
        while True:
            try:
                self._connection.do(asked_runs.cancel(self.id))
            except ServerAwayError:
                if self._closed.wait(1.0):
                    return
            else:
                return
