"""Store: everything that can be asked of one Tapehead store; `open` is the door."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tapehead.indicators.catalogue import Indicator
from tapehead.jobs.make_market import make_market
from tapehead.jobs.verify import Verification
from tapehead.library.doctor import Check, examine, warm_up
from tapehead.library.ledgers import Ledgers
from tapehead.library.limits import check_limit
from tapehead.library.market import Market
from tapehead.library.presets import PresetCalls
from tapehead.library.rows import RowCalls
from tapehead.library.screens import Screens
from tapehead.library.trade_calls import TradeCalls
from tapehead.library.trials import TrialCalls
from tapehead.library.upkeep import Upkeep
from tapehead.model.segment import Commit
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Executor
from tapehead.settings import read_settings
from tapehead.strategies.strategy import Param
from tapehead.wiring.ahead import load_ahead
from tapehead.wiring.assemble import House, assemble, dismantle
from tapehead.wiring.indicator_plugins import indicators
from tapehead.wiring.plugins import load_strategy, strategies_in, strategy_names
from tapehead.wiring.readers import synthetic_market

if TYPE_CHECKING:
    from tapehead.library.compare import Comparison
    from tapehead.library.run import Run
    from tapehead.library.sql.ask import SqlAnswer
    from tapehead.library.sweep_run import SweepRun


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A strategy's name, docstring and parameters; `origin` is its file, empty when built in."""

    name: str
    doc: str
    params: tuple[Param, ...]
    origin: str


def open(  # noqa: A001 - th.open() is the contract
    home: str | os.PathLike[str] | None = None, *, ready: bool = True
) -> "Store":
    """Open a store, making it where there is none.

    Parameters
    ----------
    home : path, optional
        Folder of the store, or `postgresql://USER:PASSWORD@HOST/DATABASE`; default TAPEHEAD_HOME, else `~/.tapehead`.
    ready : bool
        Load what reads bars out of a server, and connect for it, while it is opened; False for what only lists.

    Raises
    ------
    UnwritableHomeError, NetworkFileSystemError, NewerFormatError
        Of a folder.
    DatabaseAwayError, DatabaseRefusedError, OlderSchemaError, NewerSchemaError, MissingPackageError
        Of a URL.

    Examples
    --------
    >>> store = open("market")
    """
    settings = read_settings(home=home)
    if ready and settings.url:
        load_ahead()
    house = assemble(settings)
    if ready:
        house.get_ready()
    return Store(house)


class Store(Market, TradeCalls, Screens, Ledgers, TrialCalls, RowCalls, PresetCalls, Upkeep):
    """One open store. Safe to use from several threads; a run is read by one."""

    def __init__(self, house: House) -> None:
        self._house = house

    @property
    def house(self) -> House:
        """What stands behind the store, for rooms of Tapehead that are built on it."""
        return self._house

    @property
    def home(self) -> Path:
        """Folder of the store; of one in PostgreSQL that of its hot files."""
        return self._house.settings.home

    @property
    def where(self) -> str:
        """What names the store to people: its folder, or its URL without a password."""
        return self._house.where

    def __enter__(self) -> Self:
        """Return the store."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the store; opening it again is cheap."""
        dismantle(self._house.settings)

    def strategies(self, file: str | None = None) -> list[StrategyInfo]:
        """Return the strategies there are, or those of a file."""
        found = strategies_in(file) if file else [load_strategy(name) for name in strategy_names()]
        return [
            StrategyInfo(each.made.__name__, each.made.__doc__ or "", each.made.params, each.origin) for each in found
        ]

    def indicators(self) -> tuple[Indicator, ...]:
        """Return the indicators that strategies can use, those of plug-ins among them."""
        return indicators()

    def backtest(
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
        executor: str | Executor = "auto",
        workers: int | str | None = None,
        keep_failed: bool = False,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        progress: Callable[..., None] | None = None,
        **others: Any,
    ) -> "Run":
        """Begin a backtest of one strategy on many instruments; it runs while it is read.

        Parameters
        ----------
        strategy : str
            `RsiReversion`, `my.py:Mine`, `package.module:Name` or an entry point.
        universe, symbols : str, sequence of str
            One of them; neither means universe `all`.
        interval : str, optional
            Needed where the instruments have bars of several.
        start, end : date, datetime or ISO text, optional
            Half-open, UTC. Warm-up bars are read before `start`.
        snapshot : int, optional
            State of the store to read; default the newest.
        fresh : bool
            Compute even where an equal run is kept; else that run answers and says `reused`.
        executor, workers
            `auto` begins with threads and goes on with processes where that ends sooner: for a strategy that runs as
            Python. Or `threads`, `processes`, `serial`, or an executor that is there already. Workers `auto` are one a
            processor that this process may use.
        keep_failed : bool
            Keep a run of which nothing came out, with the event that says why; else it is removed.
        parameters : mapping, optional
            Parameters of the strategy.
        adjust : str
            What signals see taken out of prices: `none`, `split` (splits) or `all` (dividends too). Fills, quantities
            and equity stay on stored prices.
        progress : callable, optional
            Told how many instruments of a universe by filter are looked at, before the run begins.
        **others
            Parameters of the strategy, and settings of the engine: `fee="10bps"`, `slippage="2bps"`, `fill`, `size`,
            `cash`, `close_at_end`, `max_wait`, `on_conflict`, `delist_haircut`.

        Returns
        -------
        Run
            Iterate it for results as they finish.

        Raises
        ------
        TapeheadError
            Of bad input, before anything is written.

        Examples
        --------
        >>> run = store.backtest("RsiReversion", universe="crypto", period=14, fee="10bps")
        >>> for result in run:
        ...     print(result.instrument, result.metrics.total_return)
        """
        # Here and below, not above: a store that only lists or imports does not wait for the compiler and the kernels.
        from tapehead.library.begin import begin

        asked = {"universe": universe, "symbols": symbols, "interval": interval, "start": start, "end": end}
        asked |= {"parameters": parameters, "others": others, "adjust": adjust, "snapshot": snapshot}
        ways: dict[str, Any] = {"executor": executor, "workers": workers, "keep_failed": keep_failed}
        return begin(self._house, strategy, asked, fresh=fresh, progress=progress, **ways)

    def portfolio(
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
        executor: str | Executor = "auto",
        workers: int | str | None = None,
        keep_failed: bool = False,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        progress: Callable[..., None] | None = None,
        **others: Any,
    ) -> "Run":
        """Begin one strategy on many instruments that share one account.

        Parameters
        ----------
        strategy, universe, symbols, interval, start, end, snapshot, fresh, workers, keep_failed, parameters, adjust
            As in `backtest`.
        executor : str or Executor
            As in `backtest`, but not `processes`: all signals meet in one.
        rank : str, optional
            An indicator, such as `roc(63)`: of those to be bought the greatest go first; `-atr(14)` lets the least go
            first. Default the strategy's own line `rank`, then the order of names.
        max_positions : int, optional
            Most positions at a time. Where no `size` is asked for, an entry is 1/max_positions of equity.
        weights : str, path, frame or rows, optional
            `equal`: on every rebalancing date those that want to be held, or the `max_positions` best, get one share
            each. Or weights of your own with `time`, `symbol` and `weight`, in a CSV or Parquet file, a table of
            pandas, polars or Arrow, a mapping of arrays or a list of rows: those of one time are a whole, and each
            holds while the strategy wants the instrument. They are kept with the run.
        rebalance : str or sequence of dates, optional
            `bar day week month quarter`: at whose last bars weights are looked at again, with `band` apart.
        settle : str, optional
            `T+0`, the default, or `T+1`: the money of a sale buys again from the next session on.
        currency : str, optional
            Of the account, such as `USD`; instruments of another settle by the closes of a series such as EURUSD.
        facts : path, frame or rows, optional
            Dividends and splits with `time`, `symbol`, `kind` (split, dividend) and `value`; an instrument that has
            some here has none of the store's. They are kept with the run.
        progress, **others
            As in `backtest`.

        Returns
        -------
        Run
            The first result is the account's, `portfolio:account`; then a row for each instrument, its share of the
            profit. They come together, at the end.

        Raises
        ------
        WeightsError, CurrencyError, PortfolioError
            Weights sum to more than the leverage; a currency has no rate; the strategy is asked bar by bar.
        TapeheadError
            Of other bad input, before anything is written.

        Examples
        --------
        >>> run = store.portfolio("SmaCross", universe="demo", rank="roc(63)", max_positions=10, size="10%")
        >>> run["account"].metrics.sharpe
        """
        from tapehead.library.begin_portfolio import begin_portfolio

        asked = {"universe": universe, "symbols": symbols, "interval": interval, "start": start, "end": end}
        asked |= {"parameters": parameters, "others": others, "adjust": adjust, "snapshot": snapshot}
        pooling = {"rank": rank, "max_positions": max_positions, "weights": weights, "rebalance": rebalance}
        pooling |= {"settle": settle, "currency": currency, "facts": facts}
        ways: dict[str, Any] = {"fresh": fresh, "executor": executor, "workers": workers, "keep_failed": keep_failed}
        return begin_portfolio(self._house, strategy, asked, pooling, progress=progress, **ways)

    def sweep(
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
        executor: str | Executor = "auto",
        workers: int | str | None = None,
        keep_failed: bool = False,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        progress: Callable[..., None] | None = None,
        **others: Any,
    ) -> "SweepRun":
        """Run many sets of parameters on every instrument of a universe, or on some symbols.

        Parameters
        ----------
        strategy : str or sequence of str
            As in `backtest`; of several each set says `strategy` too.
        grid : mapping
            Values by parameter: a range, a list, or text such as `"30:60:10"` (the end included); of several
            strategies `SmaCross.fast` says whose it is.
        where : str, optional
            What sets must meet, such as `fast < slow`.
        search : str, optional
            `grid` (all of them, the default), `random`, `bayes` (needs Optuna) or `halving` (races sets over
            instruments).
        budget : int, optional
            At most as many sets; needed where the search is not `grid`.
        objective : str, optional
            Metric whose median over the instruments orders the sets, default `sharpe`; greater is better.
        seed : int, optional
            Of what is drawn; default 7.
        universe, symbols, interval, start, end, snapshot, fresh, executor, workers, keep_failed, parameters, adjust
            As in `backtest`; `parameters` are those that do not vary.
        progress : callable, optional
            As in `backtest`.
        **others
            As in `backtest`.

        Returns
        -------
        SweepRun
            Iterate it for the result of each set on each instrument as it finishes; `surface()` sums up.

        Raises
        ------
        TapeheadError
            Of bad input, before anything is written.

        Examples
        --------
        >>> run = store.sweep("SmaCross", grid={"fast": range(5, 20), "slow": "30:60:10"}, universe="crypto")
        >>> run.best_robust["parameters"]
        """
        from tapehead.library.begin_sweep import begin_sweep

        asked = {"universe": universe, "symbols": symbols, "interval": interval, "start": start, "end": end}
        asked |= {"parameters": parameters, "others": others, "adjust": adjust, "snapshot": snapshot}
        asked |= {"grid": grid, "where": where, "search": search, "budget": budget}
        asked |= {"objective": objective, "seed": seed}
        ways: dict[str, Any] = {"executor": executor, "workers": workers, "keep_failed": keep_failed}
        named = [strategy] if isinstance(strategy, str) else list(strategy)
        return begin_sweep(self._house, named, asked, fresh=fresh, progress=progress, **ways)

    def resume(
        self,
        prefix: str,
        *,
        strategy: str | None = None,
        executor: str | Executor = "auto",
        workers: int | str | None = None,
        keep_failed: bool = False,
    ) -> "Run":
        """Go on with a run that was killed, cancelled or failed half-way; what it has finished is not made again.

        Parameters
        ----------
        prefix : str
            Any unique prefix of its id.
        strategy : str, optional
            Refuse a run of another one.
        executor, workers
            As in `backtest`.
        keep_failed : bool
            Keep a run that cannot go on as failed; else it stays as it is.

        Returns
        -------
        Run
            Its events and results are those of before, then those that come. A completed run answers as it is kept.

        Raises
        ------
        UnknownRunError
            No run, or more than one, begins with `prefix`.
        HeldRunError
            Another process or thread works on it.
        ChangedSinceError
            Code, engine or data are no longer those that it began with.
        ResumeError, StrategyFileError, NoBarsError
            It is a run of another strategy, or cannot go on for another reason.

        Examples
        --------
        >>> store.resume("01JD8Q7K").wait()
        """
        from tapehead.library.resume import resume

        run = self._house.runs.resolve(prefix)
        ways: dict[str, Any] = {"executor": executor, "workers": workers}
        return resume(self._house, run, strategy=strategy, keep_failed=keep_failed, **ways)

    def runs(self, limit: int = 50, before: str | None = None) -> list[RunRecord]:
        """Return the newest runs, newest first; with `before` those that are older than that run.

        Raises UnknownRunError, and ParameterError for more than 10,000 at once.
        """
        older = None if before is None else self._house.runs.resolve(before)
        return list(self._house.runs.runs(limit=check_limit(limit), before=older))

    def run(self, prefix: str) -> "Run":
        """Return a kept run by any unique prefix of its id; raises UnknownRunError."""
        from tapehead.library.kept import kept_run

        return kept_run(self._house, self._house.runs.resolve(prefix))

    def delete_run(self, prefix: str) -> None:
        """Remove a run with its results and events; raises UnknownRunError."""
        self._house.runs.delete(self._house.runs.resolve(prefix))

    def compare(self, a: str, b: str, *, instruments: int = 20, trades: int = 100) -> "Comparison":
        """Return two kept runs side by side: settings, results, and the trades that differ with the reason.

        `instruments` and `trades` bound what is listed of trades; raises UnknownRunError, ParameterError for one run.
        """
        from tapehead.library.compare import compare_runs

        whole = (self._house.runs.resolve(each) for each in (a, b))
        return compare_runs(self._house, *whole, instruments=instruments, trades=trades)

    def verify(self, prefix: str, *, apart: bool = True) -> Verification:
        """Make a run again from its segments, without caches, and compare every bit.

        `apart` starts a process of its own for it; the command line, which is one, does not need to.
        """
        from tapehead.library.verify import verify_apart, verify_here

        run = self._house.runs.resolve(prefix)
        return verify_apart(self._house, run) if apart else verify_here(self._house, run)

    def sql(
        self,
        query: str,
        *,
        snapshot: int | None = None,
        rows: int = 10_000,
        seconds: float = 30.0,
        memory_mb: int = 1024,
        plan: bool = False,
        progress: Callable[..., None] | None = None,
    ) -> "SqlAnswer":
        """Answer one SELECT over the tables `bars`, `instruments`, `runs` and `trades`, in DuckDB's dialect.

        It runs in a process of its own that writes nothing and reaches no file and no network.

        Parameters
        ----------
        query : str
        snapshot : int, optional
            State of the store that bars and instruments are read at; default the newest.
        rows : int
            At most so many are given; `whole` says whether they are all.
        seconds, memory_mb
            Limits; a query that needs more is stopped.
        plan : bool
            Run it for its plan, and give no rows.
        progress : callable, optional
            Told now and then that it is being answered.

        Returns
        -------
        SqlAnswer

        Raises
        ------
        SqlError
            It is no SELECT, names what is not there, or needs more than its limits.
        MissingPackageError, ParameterError

        Examples
        --------
        >>> store.sql("SELECT symbol, max(high) FROM bars WHERE interval = '1d' GROUP BY symbol").rows()
        """
        from tapehead.library.sql.ask import ask

        limits: dict[str, Any] = {"rows": rows, "seconds": seconds, "memory_mb": memory_mb}
        return ask(self._house, query, snapshot=snapshot, plan=plan, progress=progress, **limits)

    def demo(
        self, instruments: int = 48, years: int = 5, seed: int = 7, progress: Callable[..., None] | None = None
    ) -> Commit | None:
        """Make the synthetic market, venue and universe `demo`, once; None where it is there already."""
        market = partial(synthetic_market, instruments=instruments, years=years, seed=seed)
        return make_market(self._house.bars, market, instruments=instruments, years=years, seed=seed, progress=progress)

    def doctor(self, *, warm: bool = False, progress: Callable[..., None] | None = None) -> list[Check]:
        """Check home, disk, file system, kernels, versions and formats; with `warm` compile all kernels before."""
        if warm:
            warm_up(progress)
        return examine(self._house)
