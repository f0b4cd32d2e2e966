"""RemoteRun: a run that goes on in a service, followed over any number of connections."""

import os
import threading
from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tapehead.errors import NotServedError, ServerAwayError
from tapehead.jobs.drive import Numbered
from tapehead.jobs.verify import Verification
from tapehead.library.remote import asked_runs, made
from tapehead.library.remote.asking import Ask
from tapehead.library.remote.connection import Connection, cause_of
from tapehead.library.remote.following import RETRY_S, Following, Told
from tapehead.library.remote.problems import check_passing
from tapehead.library.remote.results import event_from
from tapehead.library.run import Header, Run
from tapehead.model.bars import I64
from tapehead.model.events import Ended, Event
from tapehead.model.orders import Orders
from tapehead.model.pooling import ACCOUNT
from tapehead.model.result import RunResult
from tapehead.model.rules import fraction
from tapehead.model.spec import RunSpec
from tapehead.model.table import Table as Columns
from tapehead.model.trades import Trades
from tapehead.wiring.assemble import House

if TYPE_CHECKING:
    from tapehead.library.curves import AllMetrics
    from tapehead.library.report import Report
    from tapehead.metrics.account import Account
    from tapehead.metrics.foreign import Table

CANCEL_S = 5.0
"""How long `cancel` waits for the service to say that it heard; it goes on asking after that."""


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
        self._over: Ended | None = None
        source = self._follow(run) if follow else None
        super().__init__(house, spec, header, run=run, source=source)

    def cancel(self) -> None:
        """Ask the run to stop; finished results are kept. From any thread, and from the handler of a signal."""
        # In a thread, and waited for with a bound: a signal may come while this one holds what a request needs.
        asking = threading.Thread(target=self._cancelled, name="tapehead-cancel", daemon=True)
        asking.start()
        asking.join(CANCEL_S)

    def close(self) -> None:
        """Stop listening; the run goes on."""
        self._closed.set()
        super().close()

    @property
    def look_ahead(self) -> dict[str, Any] | None:
        """What the look-ahead test said, `found` and more; None of a run that was not completed."""
        self.wait()
        told = (self._last() or {}).get("look_ahead")
        return None if told is None else dict(told)

    def _last(self) -> dict[str, Any] | None:
        """Return the event that ended the run, asking for it where it was not followed; None where it goes on."""
        return self._connection.do(asked_runs.ended(self.id)) if self._over is None else self._over.body()

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

    def equity(self, result: str | RunResult) -> Columns:
        """Return equity at every bar close of one result; see `Run.equity`."""
        return self._connection.do(made.equity(self._place(result)))

    def shares(self) -> Columns:
        """Return what each instrument of a portfolio brought and cost; see `Run.shares`."""
        if self.spec.portfolio is None:
            return super().shares()
        return self._connection.do(made.shares(self._place(ACCOUNT)))

    def times(self, symbol: str) -> I64:
        """Return the open times (us UTC) of the bars that a result counts from 0, shape (n_bars,)."""
        return self._connection.do(made.times(self._place(symbol)))

    def money_a_point(self, symbol: str) -> float:
        """Return what a point of one instrument is worth a unit; see `Run.money_a_point`."""
        return self._connection.do(made.money_a_point(self._place(symbol)))

    def money_points(self, symbol: str) -> float | dict[str, float]:
        """Return what a point is worth, of an account by instrument; see `Run.money_points`."""
        return self._connection.do(made.money_points(self._place(symbol)))

    @cached_property
    def _in_another(self) -> frozenset[str]:
        """None: the service has said which rates are not known."""
        return frozenset()

    def _points(self, names: Collection[str]) -> dict[str, float]:
        """Return the money a point of instruments by name."""
        if self.spec.portfolio is None:
            return {name: self.money_a_point(name) for name in names}
        found = self.money_points(ACCOUNT)
        return found if isinstance(found, dict) else dict.fromkeys(names, found)

    def metrics(self, symbol: str, rf: str | float = 0.0) -> "AllMetrics":
        """Return every metric of one result; see `Run.metrics`."""
        return self._connection.do(made.metrics(self._place(symbol), fraction("rf", rf)))

    def compat(self, result: str | RunResult, tool: str) -> "Table":
        """Return the metrics of one result as another tool would print them; see `Run.compat`."""
        # A result that is at hand is kept already: whoever reads the events must not lose those to come.
        place = self._place(result) if isinstance(result, str) else self._place_of(result)
        return self._connection.do(made.compat(place, tool))

    def orders(self, result: str | RunResult) -> Orders:
        """Return every order of one result, and what became of it; see `Run.orders`."""
        return self._connection.do(made.orders(self._place(result)))

    def costs(self, result: str | RunResult) -> list[tuple[float, float]]:
        """Return (fee a side, total return) at fees from 0 to 100 bps; see `Run.costs`."""
        return self._connection.do(made.costs(self._place(result)))

    def cost_basis(self, result: str | RunResult) -> dict[str, Any] | None:
        """Return what `costs` are replayed from beside the trades; see `Run.cost_basis`."""
        return self._connection.do(made.cost_basis(self._place(result)))

    def explain(self, result: str | RunResult, trade: int) -> dict[str, Any]:
        """Return why one closed trade is what it is; see `Run.explain`."""
        return self._connection.do(made.explain(self._place(result), trade))

    def account(self, result: str | RunResult) -> "Account":
        """An account holds every bar, and those lie with the store; raises NotServedError."""
        raise NotServedError(url=self._connection.place.url, command=f"show {self.id} {self._name(result)}")

    def _place(self, result: str | RunResult) -> made.Place:
        """Return where a result lies; waits for the run where it must."""
        self.wait()
        return made.Place(self.id, result) if isinstance(result, str) else self._place_of(result)

    def _place_of(self, result: RunResult) -> made.Place:
        """Return where a result lies that is at hand."""
        return made.Place(self.id, result.instrument)

    def _name(self, result: str | RunResult) -> str:
        """Return the instrument of a result; waits for the run where it must."""
        self.wait()
        return result if isinstance(result, str) else result.instrument

    def _note(self, event: Event) -> None:
        """Remember what an event tells."""
        super()._note(event)
        if isinstance(event, Ended):
            self._over = event

    def _follow(self, run: str) -> Iterator[Numbered]:
        """Yield the events of the run, each once."""
        for number, body in self._told(Following(run, self._connection.place.url)):
            # How far a run was that is long done is told by nobody.
            if not (self._reused and body["event"] == "progress"):
                yield number, event_from(run, body, reused=self._reused, fetch=self._trades)

    def _trades(self, result: RunResult) -> Trades:
        """Return the trades of a result of this run."""
        return self._connection.do(asked_runs.trades(result))

    def _told(self, following: Following) -> Iterator[Told]:
        """Yield what the run tells, from its first event to its last, over as many connections as it takes."""
        while not following.over:
            cause = "the stream ended before the run did"
            ask = Ask("GET", following.path, headers=following.connect())
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
                if self._closed.wait(RETRY_S):
                    return
            else:
                return
