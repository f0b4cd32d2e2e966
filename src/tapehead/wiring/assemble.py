"""assemble: a house from its settings; the only place that names concrete stores, caches, sources and executors."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tapehead.caches.behind import BehindTier
from tapehead.caches.chain import Chain, Decode
from tapehead.caches.hot import HotTier
from tapehead.caches.memory import MemoryTier
from tapehead.database.alerts import Alerts
from tapehead.database.figures import PoolFigures
from tapehead.errors import DiskFullError, MissingPackageError, ParameterError
from tapehead.executors.auto import AutoExecutor
from tapehead.executors.pool import FairPool
from tapehead.executors.serial import SerialExecutor
from tapehead.executors.threads import ThreadExecutor
from tapehead.jobs.read import Shelf
from tapehead.layout.columns import BAR_COLUMNS, BAR_DTYPES, Column
from tapehead.model.segment import SegmentRef
from tapehead.ports.access import AccessStore
from tapehead.ports.bars import BarStore, ChunkCache, Codec, TierStats
from tapehead.ports.lines import LineStore
from tapehead.ports.rows import RowStore
from tapehead.ports.runs import EventLog, RunStore
from tapehead.ports.trials import TrialLedger
from tapehead.ports.work import Executor
from tapehead.settings import MIB, Settings, processors
from tapehead.stores.codec import ParquetCodec
from tapehead.stores.embedded.access import open_access
from tapehead.stores.embedded.database import Database
from tapehead.stores.embedded.home import Home, open_home
from tapehead.stores.embedded.manifest import EmbeddedBars
from tapehead.stores.embedded.runs import EmbeddedRuns, open_runs
from tapehead.stores.tables.events import EventTable
from tapehead.stores.tables.lines import LineTable
from tapehead.stores.tables.trials import TrialTables
from tapehead.wiring.parts import Parts

if TYPE_CHECKING:
    from tapehead.caches.shared import SharedTier
    from tapehead.database.alert_hook import AlertHook


@dataclass(frozen=True, slots=True, eq=False)
class House:
    """An open store with everything around it.

    `where` names the store to people: its folder, or its URL without a password. `full`: its disk is, so that it could
    be opened for reading only. `shelf` reads through memory, hot files and the store; `direct` decodes segments and
    keeps nothing; `kept` are the tiers of single segments; `spare` gives the columns of a segment that a cache still
    has, None where none does. `pools` tells how the connections to each database are used, and `alerts` what somebody
    should hear of. `lines` keeps the newest values of indicators. `rows` keeps rows of bars for SQL, None where the
    store is no PostgreSQL. `get_ready` begins what the first read would wait for. What is looked up within
    `planning` is of one commit, asked for once where that is a way to a server.
    """

    settings: Settings
    where: str
    writable: bool
    full: bool
    bars: BarStore
    runs: RunStore
    log: EventLog
    trials: TrialLedger
    lines: LineStore
    access: AccessStore
    codec: Codec
    shelf: Shelf
    direct: Shelf
    spare: Callable[[SegmentRef], Mapping[Column, Any] | None]
    kept: Sequence[ChunkCache]
    tiers: Callable[[], Sequence[TierStats]]
    pools: Callable[[], Sequence[PoolFigures]]
    alerts: Alerts
    closers: tuple[Any, ...]
    rows: RowStore | None
    get_ready: Callable[[], None]
    planning: Callable[[], AbstractContextManager[None]]


BEHIND_BYTES: Final = 128 * MIB
"""Of columns that wait for their hot file: 48 series of 5 years of hours are 90."""
_lock = threading.Lock()
_houses: dict[Settings, House] = {}
_at_the_end: set[Callable[[], None]] = set()
"""What ends with the last house."""


def assemble(settings: Settings) -> House:
    """Open the store of these settings, once a process.

    Raises
    ------
    UnwritableHomeError, NetworkFileSystemError, NewerFormatError, StoreLockedError, DatabaseAwayError,
    OlderSchemaError, NewerSchemaError
    """
    with _lock:
        house = _houses.get(settings)
        if house is None:
            house = _houses[settings] = _open(settings)
        return house


def dismantle(settings: Settings) -> None:
    """Close what `assemble` opened; the worker processes too, where no other house is open."""
    with _lock:
        house = _houses.pop(settings, None)
        last = list(_at_the_end) if house is not None and not _houses else []
    for each in house.closers if house else ():
        each.close()
    for end in last:
        end()


def _open(settings: Settings) -> House:
    """Open store, tiers and logs."""
    codec = ParquetCodec()
    parts = _of_server(settings, codec) if settings.url else _of_folder(settings, codec)
    bars, hot_files = parts.bars, parts.hot

    def load(refs: Sequence[SegmentRef]) -> Generator[Decode, None, None]:
        for _, data in bars.read(refs):
            yield partial(codec.decode, data)

    memory = MemoryTier(settings.memory_tier_bytes)
    shared = _shared(settings.shared)
    hot = _hot(settings, hot_files, shared)
    behind = [tier for tier in hot if isinstance(tier, BehindTier)]
    locks = hot_files / "locks" if hot_files else None
    chain = Chain([*hot, *shared], load, loaded_into=behind or None, locks=locks)
    shelf, direct = Shelf(chain, memory), Shelf(Chain([], load))

    kept: list[ChunkCache] = [*hot, *shared]

    def spare(ref: SegmentRef) -> Mapping[Column, Any] | None:
        columns: dict[Column, Any] = {name: np.empty(ref.rows, BAR_DTYPES[name]) for name in BAR_COLUMNS}
        return columns if any(tier.read(ref, BAR_COLUMNS, columns) for tier in kept) else None

    def tiers() -> list[TierStats]:
        return [memory.stats(), *chain.tiers()]

    hook = [_hook(parts.alerts, settings.alert)] if settings.alert else []
    return House(
        settings,
        parts.where,
        parts.writable,
        parts.full,
        bars,
        parts.runs,
        parts.log,
        parts.trials,
        parts.lines,
        parts.access,
        codec,
        shelf,
        direct,
        spare,
        kept,
        tiers,
        parts.pools,
        parts.alerts,
        (*behind, *shared, *parts.closers, *hook),
        parts.rows,
        parts.get_ready,
        parts.planning,
    )


def _hook(alerts: Alerts, where: str) -> "AlertHook":
    """Return what tells a command or a URL of alerts."""
    # Modules of HTTP and TLS, which hardly anybody needs.
    from tapehead.database.alert_hook import AlertHook

    return AlertHook(alerts, where)


def _hot(settings: Settings, folder: Path | None, shared: "Sequence[SharedTier]") -> list[ChunkCache]:
    """Return the tier of hot files, where they may lie somewhere.

    Written behind the runs of this process, and so is what is shared. One without a memory tier works for another,
    whose other processes look for its files.
    """
    if not settings.hot_tier_bytes or folder is None:
        return []
    files = HotTier(folder, settings.hot_tier_bytes)
    return [BehindTier(files, BEHIND_BYTES, also=shared) if settings.memory_tier_bytes else files]


def _shared(url: str) -> "list[SharedTier]":
    """Return the tier in Redis, if one is asked for."""
    if not url:
        return []
    # 0.2 s of modules, which nobody else needs.
    try:
        from tapehead.caches.shared import SharedTier
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise MissingPackageError(call="TAPEHEAD_REDIS", package="'tapehead[redis]'") from error
    return [SharedTier(url)]


def _of_server(settings: Settings, codec: Codec) -> Parts:
    """Open a store in PostgreSQL."""
    # 0.2 s of modules, of which a store in a folder needs none.
    from tapehead.wiring.server_store import open_parts

    return open_parts(settings, codec)


def _of_folder(settings: Settings, codec: Codec) -> Parts:
    """Open a store in a folder."""
    alerts = Alerts()
    home, bars, database = _open_databases(open_home(settings.home), codec, alerts)
    runs, access = EmbeddedRuns(database), open_access(home)
    return Parts(
        str(settings.home),
        bars,
        runs,
        EventTable(database),
        TrialTables(database),
        LineTable(database),
        access,
        home.hot if home.writable else None,
        lambda: (bars.figures(), database.figures()),
        alerts,
        (bars, runs, access),
        writable=home.writable,
        full=home.full,
    )


def _open_databases(home: Home, codec: Codec, alerts: Alerts) -> tuple[Home, EmbeddedBars, Database]:
    """Open bars and runs; on a full disk, where SQLite has no room for a file beside its own, for reading only."""
    bars = None
    try:
        bars = EmbeddedBars(home, codec, alerts=alerts)
        return home, bars, open_runs(home, alerts)
    except DiskFullError:
        if bars is not None:
            bars.close()
        if not home.bars.is_file() or not home.bars.stat().st_size:
            raise
    home = Home(home.path, writable=False, full=True)
    return home, EmbeddedBars(home, codec, alerts=alerts), open_runs(home, alerts)


EXECUTORS: Final = ("auto", "threads", "processes", "serial")


def make_executor(name: str, workers: int, *, cells: int = 0, compiled: bool = False) -> Executor:
    """Return the executor of a name of EXECUTORS; 0 workers mean one a processor.

    `auto` chooses by what the first of so many cells show, or threads at once for a strategy that is known to be
    compiled.
    """
    workers = workers or processors()
    if name == "serial":
        return SerialExecutor()
    if name == "threads":
        return ThreadExecutor(workers)
    if name == "processes":
        return _processes(workers, "asked for")
    if name == "auto" and compiled:
        return ThreadExecutor(workers, "a strategy that is built in runs as machine code, side by side in threads")
    if name == "auto":
        return AutoExecutor(workers, cells, _processes)
    raise ParameterError(name="executor", value=name, bound=f"one of {', '.join(EXECUTORS)}")


def _processes(workers: int, why: str) -> Executor:
    """Return an executor of processes, which end with this one or with the last store that it closes."""
    # 25 ms of modules, of which runs in threads need none.
    from tapehead.executors.crew import CREW
    from tapehead.executors.processes import ProcessExecutor

    _at_the_end.add(CREW.close)
    return ProcessExecutor(workers, why)


def make_pool(workers: int) -> FairPool:
    """Return threads that the runs of a service share; 0 workers mean one a processor."""
    return FairPool(workers or processors())
