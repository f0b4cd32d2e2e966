"""Store: everything that can be asked of one Tapehead store; `open` is the door."""

import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tapehead.errors import TapeheadError
from tapehead.jobs.backtest import Desk, Tally, backtest
from tapehead.jobs.make_market import make_market
from tapehead.jobs.plan import Code, Plan, make_plan
from tapehead.jobs.probe import Asking
from tapehead.jobs.task import ask_warm_up, place_of
from tapehead.jobs.verify import Verification
from tapehead.library.doctor import Check, examine
from tapehead.library.ledgers import Ledgers
from tapehead.library.market import Market
from tapehead.library.prices import Prices
from tapehead.library.request import read_request
from tapehead.library.run import Header, Run, reused
from tapehead.library.upkeep import Upkeep
from tapehead.model.interval import Interval
from tapehead.model.segment import Commit, SegmentRef
from tapehead.model.spec import RunSpec
from tapehead.ports.runs import RunRecord
from tapehead.ports.work import Cancel, Executor, Outcome, Task
from tapehead.settings import read_settings
from tapehead.simulation.lookahead import Probed
from tapehead.strategies.strategy import Param, instance, label
from tapehead.wiring.assemble import House, assemble, dismantle, make_executor
from tapehead.wiring.platform import platform_facts, version_facts
from tapehead.wiring.plugins import Loaded, engine_digest, load_strategy, strategies_in, strategy_names
from tapehead.wiring.readers import synthetic_market

_tokens = itertools.count(1)


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A strategy's name, docstring and parameters; `origin` is its file, empty when built in."""

    name: str
    doc: str
    params: tuple[Param, ...]
    origin: str


def open(home: str | os.PathLike[str] | None = None) -> "Store":  # noqa: A001 - th.open() is the contract
    """Open a store, making it where there is none.

    Parameters
    ----------
    home : path, optional
        Folder of the store; default TAPEHEAD_HOME, else `~/.tapehead`.

    Raises
    ------
    UnwritableHomeError, NetworkFileSystemError, NewerFormatError

    Examples
    --------
    >>> store = open("market")
    """
    settings = read_settings(home=home)
    return Store(assemble(settings))


class Store(Market, Prices, Ledgers, Upkeep):
    """One open store. Safe to use from several threads; a run is read by one."""

    def __init__(self, house: House) -> None:
        self._house = house

    @property
    def home(self) -> Path:
        """Folder of the store."""
        return self._house.settings.home

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
        executor: str = "threads",
        workers: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        adjust: str = "none",
        progress: Callable[..., None] | None = None,
        **others: Any,
    ) -> Run:
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
            `threads` or `serial`; one worker a processor by default.
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
        began = time.perf_counter()
        house, loaded = self._house, load_strategy(strategy)
        spec = read_request(
            house.bars,
            loaded,
            universe=universe,
            symbols=symbols,
            interval=interval,
            start=start,
            end=end,
            parameters=parameters,
            others=others,
            adjust=adjust,
            snapshot=snapshot,
        )
        plan = _plan(house, spec, loaded, snapshot, progress)
        header = header_of(plan, loaded)
        kept = None if fresh else house.runs.find(plan.key)
        if kept is not None:
            return Run(house, spec, header, run=kept, source=reused(house, kept))
        tally, cancel = Tally(began, len(plan.items)), Cancel()
        tally.spend("plan", (time.perf_counter() - began) * 1e6)
        chosen = make_executor(executor, house.settings.workers if workers is None else workers)
        desk = _desk(house, chosen, plan, strategy, loaded, cancel)
        source = backtest(desk, plan, cancel, tally, loaded.origin)
        return Run(house, spec, header, source=source, tally=tally, cancel=cancel)

    def runs(self, limit: int = 50) -> list[RunRecord]:
        """Return the newest runs, newest first."""
        return list(self._house.runs.runs(limit=limit))

    def run(self, prefix: str) -> Run:
        """Return a kept run by any unique prefix of its id; raises UnknownRunError."""
        run = self._house.runs.resolve(prefix)
        record = self._house.runs.record(run)
        spec = RunSpec.from_json(record.spec)
        return Run(self._house, spec, _kept_header(self._house, run, spec, record), run=run)

    def delete_run(self, prefix: str) -> None:
        """Remove a run with its results and events; raises UnknownRunError."""
        self._house.runs.delete(self._house.runs.resolve(prefix))

    def verify(self, prefix: str, *, apart: bool = True) -> Verification:
        """Make a run again from its segments, without caches, and compare every bit.

        `apart` starts a process of its own for it; the command line, which is one, does not need to.
        """
        from tapehead.library.verify import verify_apart, verify_here

        run = self._house.runs.resolve(prefix)
        return verify_apart(self._house, run) if apart else verify_here(self._house, run)

    def demo(
        self, instruments: int = 48, years: int = 5, seed: int = 7, progress: Callable[..., None] | None = None
    ) -> Commit | None:
        """Make the synthetic market, venue and universe `demo`, once; None where it is there already."""
        market = partial(synthetic_market, instruments=instruments, years=years, seed=seed)
        return make_market(self._house.bars, market, instruments=instruments, years=years, seed=seed, progress=progress)

    def doctor(self) -> list[Check]:
        """Check home, disk, file system, kernels, versions and formats."""
        return examine(self._house)


def _plan(
    house: House, spec: RunSpec, loaded: Loaded, snapshot: int | None, progress: Callable[..., None] | None
) -> Plan:
    """Plan a run with the code that is here now."""
    warm = ask_warm_up(instance(loaded.made, spec.parameters), loaded.origin)
    code = Code(loaded.source, engine_digest())
    return make_plan(house.bars, house.shelf, spec, code, warm=warm, snapshot=snapshot, progress=progress)


def _desk(house: House, executor: Executor, plan: Plan, strategy: str, loaded: Loaded, cancel: Cancel) -> Desk:
    """Return where the run is kept and who works on it."""
    # The kernels are loaded here, so that a store that only lists or imports never waits for them.
    from tapehead.wiring.worker import WorkerContext, prepare, probe, work

    context = WorkerContext(f"{os.getpid()}-{next(_tokens)}", house.settings, plan, strategy, loaded.origin)
    prepare(context, loaded, cancel)

    def work_of(_run: str) -> Callable[[Task], Outcome]:
        return partial(work, context)

    def probe_of(asking: Asking) -> Callable[[Task], Probed]:
        return partial(probe, context, asking)

    named = (loaded.made.__name__, place_of(loaded.made, loaded.origin))
    facts = (version_facts(), platform_facts())
    return Desk(house.bars, house.runs, house.log, executor, work_of, probe_of, *named, _degraded(house), *facts)


def header_of(plan: Plan, loaded: Loaded) -> Header:
    """Return what stands above the table of a run that begins; bars at its borders are not read yet, but estimated."""
    bars = sum(_rows_between(ref, plan.first, plan.last) for item in plan.items for ref in item.refs)
    interval = Interval.parse(plan.spec.interval)
    words = label(loaded.made, plan.spec.parameters)
    first, last = plan.first, plan.last - interval.us
    kept = (bars, plan.snapshot, plan.spec.adjust, plan.stamps)
    return Header(words, len(plan.items), interval.text, first, last, *kept)


def _rows_between(ref: SegmentRef, first: int, last: int) -> int:
    """Return how many rows of a segment open in [first, last), as if they were spread evenly."""
    if ref.first >= first and ref.last < last:
        return ref.rows
    inside = min(ref.last, last) - max(ref.first, first)
    return round(ref.rows * max(inside, 0) / max(ref.last - ref.first, 1))


def _kept_header(house: House, run: str, spec: RunSpec, record: RunRecord) -> Header:
    """Return what stands above the table of a kept run, from its results."""
    rows: list[Any] = []
    cursor = None
    while True:
        page = house.runs.results(run, sort="instrument", cursor=cursor, limit=500)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    words = _kept_label(spec, record)
    first, last = min((r.first for r in rows), default=0), max((r.last for r in rows), default=0)
    stamps = () if record.receipt is None else record.receipt.stamps
    kept = (sum(r.bars for r in rows), record.snapshot, spec.adjust, stamps)
    return Header(words, len(rows), spec.interval, first, last, *kept)


def _kept_label(spec: RunSpec, record: RunRecord) -> str:
    """Return the strategy with its parameters, in its own order where its code is still here."""
    from tapehead.library.verify import where_of

    try:
        made = load_strategy(where_of(spec, record)).made
        return label(made, {param.name: spec.parameters[param.name] for param in made.params})
    except (TapeheadError, KeyError):
        named = " ".join(f"{name}={value}" for name, value in spec.parameters.items())
        return f"{spec.strategy.rpartition(':')[2]} {named}".strip()


def _degraded(house: House) -> Callable[[], tuple[str, ...]]:
    """Return a call that tells what works worse than it should."""
    return lambda: tuple(tier.degraded for tier in house.tiers() if tier.degraded)
