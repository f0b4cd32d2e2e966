"""AsyncRemoteSweepRun: what RemoteSweepRun does, awaited."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from typing import Any

from tapehead.errors import SurroundingsError
from tapehead.jobs.drive import Numbered
from tapehead.library.remote import asked_runs, asked_sweeps
from tapehead.library.remote.following_sweep import FollowingTiles
from tapehead.library.remote.results import event_from
from tapehead.library.remote.run_async import AsyncRemoteRun
from tapehead.library.sweep_surface import SetValues, SweepSurface
from tapehead.model.axis import Value
from tapehead.model.events import FOUND, Tiled
from tapehead.model.result import RunResult
from tapehead.model.space import Space
from tapehead.model.tile import Tile


class AsyncRemoteSweepRun(AsyncRemoteRun):
    """A sweep of a service, read by one coroutine; `async for` gives the result of each set on each instrument."""

    @cached_property
    def space(self) -> Space:
        """Where the sets come from."""
        return Space.of(self.spec)

    @cached_property
    def chosen(self) -> dict[str, Value]:
        """Parameters that `at` fixed."""
        return {}

    @cached_property
    def _passed(self) -> list[tuple[str, int]]:
        """Tiles that were told already, by instrument and first place."""
        return []

    async def __aiter__(self) -> AsyncIterator[RunResult]:
        """Yield results: those that came already, then each as it comes; of a kept sweep all that it told."""
        self._follow = True
        for instrument, lo in list(self._passed):
            tile = await self._connection.do(asked_sweeps.tile(self.id, instrument, lo))
            for one in Tiled(self.id, tile, 0.0, self.space.parameters).results():
                yield one.result
        async for _, event in self.events():
            if isinstance(event, Tiled):
                for one in event.results():
                    yield one.result
        self._check()

    async def surface(self, metric: str | None = None) -> SweepSurface:
        """Return what the sets are worth over all instruments, of what is kept so far; see `SweepRun.surface`."""
        return await self._connection.do(asked_sweeps.surface(self.id, self.space, metric))

    async def spread(self, point: int, metric: str | None = None) -> SetValues:
        """Return a metric and the total return of one set, by instrument; see `SweepRun.spread`."""
        return await self._connection.do(asked_sweeps.spread(self.id, point, metric))

    async def found(self) -> dict[str, Any]:
        """Wait, then return what the end of the sweep says of its sets; see `SweepRun.found`."""
        await self.wait()
        last = await self._connection.do(asked_runs.ended(self.id)) or {}
        return {name: last[name] for name in FOUND if name in last}

    async def best(self) -> dict[str, Any] | None:
        """Wait, then return the set of the greatest median objective."""
        return (await self.found()).get("best")

    async def best_robust(self) -> dict[str, Any] | None:
        """Wait, then return the set of the greatest median of it and its neighbours."""
        return (await self.found()).get("best_robust")

    async def at(self, **parameters: Value) -> "AsyncRemoteSweepRun":
        """Wait, then return the same sweep, looked at where these parameters stand; see `SweepRun.at`."""
        await self.wait()
        other = AsyncRemoteSweepRun(self._connection, self.id, self.spec, self.header, follow=False)
        other.chosen.update(self.chosen, **parameters)
        return other

    async def cell(self, symbol: str, **parameters: Value) -> RunResult:
        """Wait, then have one cell made again, with its trades; see `SweepRun.cell`."""
        await self.wait()
        return await self._connection.do(asked_sweeps.cell(self.id, symbol, {**self.chosen, **parameters}))

    async def result(self, symbol: str) -> RunResult:
        """Return the cell of the set that `at` chose, or of the best robust one, on an instrument, with its trades."""
        return await self.cell(symbol)

    async def _told(self) -> AsyncIterator[Numbered]:
        """Yield what the sweep tells, its tiles as tiles."""
        url, named = self._connection.place.url, self.space.parameters
        following = FollowingTiles(self.id, url, self.spec.interval, named)
        async for number, body in self._bodies(following):
            if body["event"] == "tile":
                tile = await self._tile(following, body)
                following.keep(tile)
                self._passed.append((tile.instrument, tile.lo))
                yield number, Tiled(self.id, tile, body["t_ms"], named, body.get("stages_us", {}))
            elif not (self._reused and body["event"] == "progress"):
                yield number, event_from(self.id, body, reused=self._reused)

    async def _tile(self, following: FollowingTiles, body: Mapping[str, Any]) -> Tile:
        """Fetch a tile; again while the service is away."""
        while True:
            try:
                return await self._connection.do(asked_sweeps.tile(self.id, body["instrument"], body["lo"]))
            except SurroundingsError as error:
                await asyncio.sleep(following.away_s(error))
