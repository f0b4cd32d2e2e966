"""RemoteSweepRun: a sweep that goes on in a service, told tile by tile, or one that is kept there."""

from collections.abc import Iterator, Mapping
from typing import Any

from tapehead.errors import SurroundingsError
from tapehead.jobs.drive import Numbered
from tapehead.library.remote import asked_runs, asked_sweeps, made
from tapehead.library.remote.following_sweep import FollowingTiles
from tapehead.library.remote.results import event_from
from tapehead.library.remote.run import RemoteRun
from tapehead.library.sweep_run import SweepRun
from tapehead.library.sweep_surface import SetValues, SweepSurface
from tapehead.model.axis import Value
from tapehead.model.events import Event, Tiled
from tapehead.model.result import RunResult
from tapehead.model.tile import Tile


class RemoteSweepRun(RemoteRun, SweepRun):
    """A sweep of a service. Iterating gives the result of each set on each instrument as it comes.

    Proves and reconnects as RemoteRun does. What is summed up, sorted or made again the service does.
    """

    def __iter__(self) -> Iterator[RunResult]:
        """Yield results: those that came already, then each as it comes; of a kept sweep all that it told."""
        if self._source is None and not self._passed:
            self._source = self._follow(self.id)
        for instrument, lo in list(self._passed):
            tile = self._connection.do(asked_sweeps.tile(self.id, instrument, lo))
            yield from (one.result for one in Tiled(self.id, tile, 0.0, self.space.parameters).results())
        for _, event in self._pump():
            if isinstance(event, Tiled):
                yield from (one.result for one in event.results())
        self._check()

    def results(self, sort: str = "total_return", limit: int | None = None) -> list[RunResult]:
        """Return kept results, by a metric, best first, undefined last; with `limit` the first of them."""
        return self._connection.do(asked_runs.results(self.id, sort, limit))

    def surface(self, metric: str | None = None) -> SweepSurface:
        """Return what the sets are worth over all instruments, of what is kept so far; see `SweepRun.surface`."""
        return self._connection.do(asked_sweeps.surface(self.id, self.space, metric))

    def spread(self, point: int, metric: str | None = None) -> SetValues:
        """Return a metric and the total return of one set, by instrument; see `SweepRun.spread`."""
        return self._connection.do(asked_sweeps.spread(self.id, point, metric))

    def at(self, **parameters: Value) -> "RemoteSweepRun":
        """Return the same sweep, looked at where these parameters stand; see `SweepRun.at`."""
        self.wait()
        other = RemoteSweepRun(self._connection, self._house, self.id, self.spec, self.header, follow=False)
        other.chosen = {**self.chosen, **parameters}
        return other

    def cell(self, symbol: str, **parameters: Value) -> RunResult:
        """Have one cell made again, with its trades; see `SweepRun.cell`."""
        self.wait()
        return self._connection.do(asked_sweeps.cell(self.id, symbol, {**self.chosen, **parameters}))

    def _place(self, result: str | RunResult) -> made.Place:
        """Return where a cell lies: that chosen by `at`, or the best robust one, where a symbol names it."""
        self.wait()
        if isinstance(result, str):
            return made.Place(self.id, result, made.set_text(self.chosen))
        return self._place_of(result)

    def _place_of(self, result: RunResult) -> made.Place:
        """Return where a cell lies that is at hand."""
        return made.Place(self.id, result.instrument, made.set_text(result.parameters))

    def _follow(self, run: str) -> Iterator[Numbered]:
        """Yield the events of the sweep, each once, its tiles as tiles."""
        url, named = self._connection.place.url, self.space.parameters
        following = FollowingTiles(run, url, self.spec.interval, named)
        for number, body in self._told(following):
            if body["event"] == "tile":
                tile = self._tile(following, body)
                following.keep(tile)
                event: Event = Tiled(run, tile, body["t_ms"], named, body.get("stages_us", {}))
                yield number, event
            elif not (self._reused and body["event"] == "progress"):
                yield number, event_from(run, body, reused=self._reused)

    def _tile(self, following: FollowingTiles, body: Mapping[str, Any]) -> Tile:
        """Fetch a tile; again while the service is away."""
        while True:
            try:
                return self._connection.do(asked_sweeps.tile(following.run, body["instrument"], body["lo"]))
            except SurroundingsError as error:
                self._closed.wait(following.away_s(error))
