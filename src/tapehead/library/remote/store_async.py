"""AsyncRemoteStore: what RemoteStore does, awaited; `connect_async` is the door."""

import os
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tapehead.errors import TapeheadError
from tapehead.indicators.catalogue import Indicator
from tapehead.jobs.lookup import Reading
from tapehead.jobs.verify import Verification
from tapehead.library.ledgers import Covered
from tapehead.library.limits import check_limit
from tapehead.library.listing import InstrumentRow
from tapehead.library.presets import KeptPreset
from tapehead.library.prices import check_one_choice
from tapehead.library.remote import asked_bars, asked_market, asked_presets, asked_runs, asked_screen
from tapehead.library.remote.asking import Repeated
from tapehead.library.remote.connection_async import AsyncConnection
from tapehead.library.remote.held import universe_from
from tapehead.library.remote.place import Place
from tapehead.library.remote.records import made_from
from tapehead.library.remote.request import time_text, write_portfolio, write_request, write_sweep
from tapehead.library.remote.run_async import AsyncRemoteRun
from tapehead.library.remote.trades import send_trades, upload_trades
from tapehead.library.remote.uploading import Uploads, Wish
from tapehead.library.store import StrategyInfo
from tapehead.library.trade_report import TradeReport
from tapehead.model.bars import Bars
from tapehead.model.history import CommitRecord
from tapehead.model.membership import Roll
from tapehead.model.quality import ImportReport
from tapehead.model.segment import Quarantined, Universe
from tapehead.model.table import Table
from tapehead.ports.bars import Hints
from tapehead.ports.runs import RunRecord

if TYPE_CHECKING:
    from tapehead.jobs.undo import Undone
    from tapehead.library.compare import Comparison
    from tapehead.library.remote.sweep_run_async import AsyncRemoteSweepRun
    from tapehead.library.screens import Screened
    from tapehead.library.sql.ask import SqlAnswer
    from tapehead.library.trials import TrialReport


def connect_async(url: str, key: str | None = None) -> "AsyncRemoteStore":
    """Return a store that is asked over HTTP by coroutines; the calls are those of `connect`, awaited.

    Parameters
    ----------
    url : str
        A service, such as `http://127.0.0.1:8750`. Nothing is asked of it yet.
    key : str, optional
        Key of access; by default that of TAPEHEAD_KEY, or of the file that TAPEHEAD_KEY_FILE names.

    Raises
    ------
    ParameterError
        It is no address, or a secret stands in it.
    MissingPackageError
        The extra `server` is not installed.

    Examples
    --------
    >>> async with tapehead.connect_async("http://127.0.0.1:8750") as store:
    ...     async for result in await store.backtest("RsiReversion", universe="demo", fee="10bps"):
    ...         print(result.instrument, result.metrics.total_return)
    """
    return AsyncRemoteStore(AsyncConnection(Place(url, key)))


class AsyncRemoteStore:
    """A store behind a service, for the coroutines of one event loop; raises what RemoteStore does.

    It has the calls that a route answers, and no others.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    def __repr__(self) -> str:
        """Return where it is."""
        return f"AsyncRemoteStore({self._connection.place.url!r})"

    @property
    def url(self) -> str:
        """Address of the service."""
        return self._connection.place.url

    async def __aenter__(self) -> Self:
        """Return the store."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; runs go on."""
        await self._connection.close()

    async def backtest(
        self,
        strategy: str,
        *,
        universe: str | None = None,
        symbols: str | Sequence[str] | None = None,
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        snapshot: int | None = None,
        fresh: bool = False,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        **others: Any,
    ) -> AsyncRemoteRun:
        """Begin a backtest there and follow it; see `Store.backtest`."""
        asked: dict[str, Any] = {"universe": universe, "symbols": symbols, "interval": interval, "snapshot": snapshot}
        asked |= {"start": start, "end": end, "parameters": parameters, "adjust": adjust, "others": others}
        begun = await self._connection.do(asked_runs.begin(write_request(strategy, {**asked, "fresh": fresh})))
        return AsyncRemoteRun(self._connection, *made_from(begun["id"], begun), reused=begun["reused"])

    async def portfolio(
        self,
        strategy: str,
        *,
        universe: str | None = None,
        symbols: str | Sequence[str] | None = None,
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        snapshot: int | None = None,
        rank: str | None = None,
        max_positions: int | None = None,
        weights: Any = None,
        rebalance: str | Sequence[Any] | None = None,
        settle: str | None = None,
        currency: str | None = None,
        facts: Any = None,
        fresh: bool = False,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        **others: Any,
    ) -> AsyncRemoteRun:
        """Begin a portfolio there and follow it; see `Store.portfolio`."""
        asked: dict[str, Any] = {"universe": universe, "symbols": symbols, "interval": interval, "snapshot": snapshot}
        asked |= {"start": start, "end": end, "parameters": parameters, "adjust": adjust, "others": others}
        pooling = {"rank": rank, "max_positions": max_positions, "weights": weights, "rebalance": rebalance}
        pooling |= {"settle": settle, "currency": currency, "facts": facts}
        asked |= {"fresh": fresh}
        begun = await self._connection.do(asked_runs.begin(write_portfolio(strategy, asked, pooling)))
        return AsyncRemoteRun(self._connection, *made_from(begun["id"], begun), reused=begun["reused"])

    async def sweep(
        self,
        strategy: str | Sequence[str],
        *,
        grid: Mapping[str, Any],
        where: str | None = None,
        search: str | None = None,
        budget: int | None = None,
        objective: str | None = None,
        seed: int | None = None,
        universe: str | None = None,
        symbols: str | Sequence[str] | None = None,
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        snapshot: int | None = None,
        fresh: bool = False,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        **others: Any,
    ) -> "AsyncRemoteSweepRun":
        """Begin a sweep there and follow it; see `Store.sweep`."""
        from tapehead.library.remote.sweep_run_async import AsyncRemoteSweepRun

        asked: dict[str, Any] = {"universe": universe, "symbols": symbols, "interval": interval, "snapshot": snapshot}
        asked |= {"start": start, "end": end, "parameters": parameters, "adjust": adjust, "others": others}
        asked |= {"grid": grid, "where": where, "search": search, "budget": budget, "fresh": fresh}
        asked |= {"objective": objective, "seed": seed}
        begun = await self._connection.do(asked_runs.begin(write_sweep(strategy, asked)))
        return AsyncRemoteSweepRun(self._connection, *made_from(begun["id"], begun), reused=begun["reused"])

    async def import_files(
        self,
        *paths: str | os.PathLike[str],
        symbol: str | None = None,
        venue: str | None = None,
        kind: str | None = None,
        interval: str | None = None,
        tz: str | None = None,
        unit: str | None = None,
        columns: Mapping[str, str] | None = None,
        price: str = "mid",
        quote: str | None = None,
        dry_run: bool = False,
        strict: bool = False,
        supersede: bool = False,
    ) -> ImportReport:
        """Import files of this machine there, each as a commit of its own; see `RemoteStore.import_files`."""
        hints = Hints(symbol, venue, kind, interval, tz, unit, dict(columns or {}), price, quote)
        uploads = Uploads(paths, Wish(hints, dry_run=dry_run, strict=strict, supersede=supersede))
        for _, asking in uploads:
            try:
                await self._connection.do(asking)
            except TapeheadError as error:
                raise uploads.broken(error) from error
        return uploads.report

    async def book_trades(
        self,
        trades: Any,
        *,
        symbol: str | None = None,
        columns: Mapping[str, str] | None = None,
        interval: str | None = None,
        name: str = "imported",
        cash: float = 10_000.0,
        end: Any = None,
        dry_run: bool = False,
    ) -> TradeReport:
        """Keep trades of another program there; see `Store.book_trades`."""
        asked = {"interval": interval, "name": name, "cash": cash, "end": end, "dry_run": dry_run}
        return await self._connection.do(send_trades(trades, symbol, columns, asked))

    async def import_trades(
        self,
        path: str | os.PathLike[str],
        *,
        symbol: str | None = None,
        tz: str | None = None,
        unit: str | None = None,
        columns: Mapping[str, str] | None = None,
        interval: str | None = None,
        name: str = "imported",
        cash: float = 10_000.0,
        end: Any = None,
        dry_run: bool = False,
    ) -> TradeReport:
        """Keep the trades of a file of this machine there; see `Store.import_trades`."""
        asked: dict[str, Any] = {"symbol": symbol, "tz": tz, "unit": unit, "columns": columns, "interval": interval}
        asked |= {"name": name, "cash": cash, "end": end, "dry_run": dry_run}
        return await self._connection.do(upload_trades(os.fspath(path), asked))

    async def resume(self, prefix: str) -> AsyncRemoteRun:
        """Let a run go on that was cancelled or failed, and follow it; see `Store.resume`."""
        begun = await self._connection.do(asked_runs.resume(prefix))
        return await self._followed(begun["id"])

    async def run(self, prefix: str) -> AsyncRemoteRun:
        """Return a run by any unique prefix of its id; one that goes on is followed. Raises UnknownRunError."""
        return await self._followed(prefix, only_running=True)

    async def runs(self, limit: int = 50, before: str | None = None) -> list[RunRecord]:
        """Return the newest runs, newest first; their receipts name no segments. See `Store.runs`."""
        return await self._connection.do(asked_runs.records(check_limit(limit), before))

    async def delete_run(self, prefix: str) -> None:
        """Remove a run with its results and events; raises UnknownRunError."""
        await self._connection.do(asked_runs.delete(prefix))

    async def verify(self, prefix: str) -> Verification:
        """Have a run made again by the service and compared in every bit."""
        return await self._connection.do(asked_runs.verify(prefix))

    async def strategies(self) -> list[StrategyInfo]:
        """Return the strategies that the service can run."""
        return await self._connection.do(asked_market.strategies())

    async def indicators(self) -> tuple[Indicator, ...]:
        """Return the indicators of the service."""
        return await self._connection.do(asked_market.indicators())

    async def instruments(
        self,
        query: str | None = None,
        kind: str | None = None,
        venue: str | None = None,
        universe: str | None = None,
        *,
        limit: int | None = None,
        after: str = "",
    ) -> list[InstrumentRow]:
        """Return instruments with what is held of them, sorted by name; see `Store.instruments`."""
        asked = {"query": query, "kind": kind, "venue": venue, "universe": universe, "after": after or None}
        return await self._connection.do(asked_market.instruments(limit, asked))

    async def universes(self, *, limit: int | None = None, after: str = "") -> list[Universe]:
        """Return the universes with their names; see `Store.universes`."""
        return await self._connection.do(asked_market.universes(limit, after))

    async def universe(self, name: str) -> Universe:
        """Return one universe; raises UnknownUniverseError."""
        return universe_from(await self._connection.do(asked_market.universe(name)), list)

    async def presets(self) -> list[KeptPreset]:
        """Return every preset, sorted by name."""
        return await self._connection.do(asked_presets.presets())

    async def preset(self, name: str) -> KeptPreset:
        """Return one preset; raises UnknownPresetError."""
        return await self._connection.do(asked_presets.preset(name))

    async def save_preset(
        self, name: str, strategy: str, parameters: Mapping[str, Any] | None = None, **others: Any
    ) -> KeptPreset:
        """Keep a strategy with its parameters under a name; see `Store.save_preset`. One of a file stays here."""
        return await self._connection.do(asked_presets.save_preset(name, strategy, {**(parameters or {}), **others}))

    async def delete_preset(self, name: str) -> None:
        """Forget a preset; raises UnknownPresetError."""
        await self._connection.do(asked_presets.delete_preset(name))

    async def create_universe(
        self, name: str, symbols: Sequence[str] | None = None, where: str | None = None
    ) -> Universe:
        """Keep a named list of instruments, or a filter; see `Store.create_universe`."""
        return universe_from(await self._connection.do(asked_market.create_universe(name, symbols, where)), list)

    async def delete_universe(self, name: str) -> None:
        """Forget a named list or filter; raises UnknownUniverseError, or UniverseError for a built-in."""
        await self._connection.do(asked_market.delete_universe(name))

    async def screen(
        self,
        expression: str | None = None,
        *,
        universe: str | None = None,
        symbols: Sequence[str] | None = None,
        interval: str | None = None,
        by: str | None = None,
        top: int | None = None,
        ascending: bool = False,
        show: Sequence[str] = (),
        at: Any = None,
        snapshot: int | None = None,
        save: str | None = None,
        progress: Callable[..., None] | None = None,  # noqa: ARG002 - one answer, at its end
    ) -> "Screened":
        """Return the instruments that an expression holds for; see `Store.screen`."""
        asked: dict[str, Any] = {
            "expression": expression,
            "universe": universe,
            "symbols": symbols,
            "interval": interval,
            "by": by,
        }
        asked |= {"top": top, "ascending": ascending or None, "show": Repeated(show) if show else None}
        asked |= {"at": time_text("at", at), "snapshot": snapshot}
        found = await self._connection.do(asked_screen.screen(**asked))
        if save is not None:
            await self.create_universe(save, found.instruments)
        return found

    async def members(
        self, name: str, at: Any = None, *, interval: str | None = None, snapshot: int | None = None
    ) -> Roll:
        """Return who belongs to a universe on a day, and how many did by year; see `Store.members`."""
        asked = {"at": time_text("at", at), "interval": interval, "snapshot": snapshot}
        return await self._connection.do(asked_market.members(name, **asked))

    async def coverage(
        self,
        symbols: Sequence[str] | None = None,
        *,
        universe: str | None = None,
        interval: str | None = None,
        runs: bool = False,
        cells: int = 0,
        months: bool = False,
        snapshot: int | None = None,
    ) -> Covered:
        """Return for each series what is held and what is missing; see `Store.coverage`."""
        drawn = {"gaps": runs, "cells": cells or None, "months": months or None, "snapshot": snapshot}
        asked = {"symbols": symbols, "universe": universe, "interval": interval, **drawn}
        return await self._connection.do(asked_market.coverage(**asked))

    async def quarantined(
        self,
        symbols: Sequence[str] | None = None,
        *,
        universe: str | None = None,
        limit: int = 1000,
        snapshot: int | None = None,
    ) -> list[Quarantined]:
        """Return the rows that imports set aside; see `Store.quarantined`."""
        check_limit(limit)
        asked = {"symbols": symbols, "universe": universe, "snapshot": snapshot}
        return await self._connection.do(asked_market.quarantined(limit, **asked))

    async def look_up(
        self,
        symbols: Sequence[str],
        interval: str | None = None,
        start: Any = None,
        end: Any = None,
        *,
        points: int | None = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> list[Reading]:
        """Return bars, each with its instrument and the snapshot; see `Store.look_up`."""
        asked: dict[str, Any] = {"interval": interval, "points": points, "columns": columns, "snapshot": snapshot}
        asked |= {"start": time_text("start", start), "end": time_text("end", end)}
        return [await self._connection.do(asked_bars.reading(symbol, asked)) for symbol in symbols]

    async def bars(
        self, symbol: str, interval: str | None = None, start: Any = None, end: Any = None, **asked: Any
    ) -> Bars:
        """Return bars of one instrument; `points` and `snapshot` as in `Store.bars`, columns by `look_up`."""
        (found,) = await self.look_up([symbol], interval, start, end, **asked)
        return found.bars

    async def latest(
        self,
        universe: str | None = None,
        symbols: Sequence[str] | None = None,
        *,
        interval: str | None = None,
        at: Any = None,
        columns: Sequence[str] | None = None,
        snapshot: int | None = None,
    ) -> Table:
        """Return one bar of every instrument; see `Store.latest`."""
        from tapehead.library.remote import asked_queries

        check_one_choice(universe, symbols)
        asked: dict[str, Any] = {"universe": universe, "symbols": symbols, "interval": interval, "columns": columns}
        asked |= {"at": time_text("at", at), "snapshot": snapshot}
        return await self._connection.do(asked_queries.latest(asked))

    async def sql(
        self,
        query: str,
        *,
        snapshot: int | None = None,
        rows: int = 10_000,
        seconds: float = 30.0,
        memory_mb: int = 1024,
        plan: bool = False,
    ) -> "SqlAnswer":
        """Answer one SELECT there; see `Store.sql`. A service gives 100,000 rows at most, in 60 s and 1,024 MB."""
        from tapehead.library.remote import asked_queries

        asked: dict[str, Any] = {"query": query, "snapshot": snapshot, "rows": rows, "plan": plan}
        return await self._connection.do(asked_queries.sql({**asked, "seconds": seconds, "memory_mb": memory_mb}))

    async def log(self, limit: int = 20, before: int | None = None) -> list[CommitRecord]:
        """Return commits, newest first, those below `before`; see `Store.log`."""
        check_limit(limit)
        return await self._connection.do(asked_market.commits(limit, before))

    async def commit(self, number: int) -> CommitRecord:
        """Return one commit; raises ParameterError where there is none."""
        return await self._connection.do(asked_market.commit_of(number))

    async def compare(self, a: str, b: str, *, instruments: int = 20, trades: int = 100) -> "Comparison":
        """Return two kept runs side by side; see `Store.compare`. A service lists 1,000 instruments at most."""
        from tapehead.library.remote.compared import comparison

        return await self._connection.do(comparison(a, b, instruments, trades))

    async def ledger(self, *, symbol: str | None = None, strategy: str | None = None) -> "TrialReport":
        """Return what was tried over all runs; see `Store.ledger`."""
        from tapehead.library.remote.asked_trials import ledger

        return await self._connection.do(ledger(symbol, strategy))

    async def undo(self, commit: int) -> "Undone":
        """Take back one commit; see `Store.undo`."""
        return await self._connection.do(asked_market.undo(commit))

    async def _followed(self, run: str, *, reused: bool = False, only_running: bool = False) -> AsyncRemoteRun:
        """Return a run of the service."""
        body = await self._connection.do(asked_runs.run_of(run))
        made = made_from(body["run"], body)
        follow = body["state"] == "running" or not only_running
        if "grid" in body["spec"]:
            from tapehead.library.remote.sweep_run_async import AsyncRemoteSweepRun

            return AsyncRemoteSweepRun(self._connection, *made, reused=reused, follow=follow)
        return AsyncRemoteRun(self._connection, *made, reused=reused, follow=follow)
