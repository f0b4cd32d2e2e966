"""A store with a bit of everything in it, what one lacks of it, and a promotion that ends itself at a write."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from tapehead.jobs.digest_rows import RowDigest, plain
from tapehead.jobs.promote_bars import bar_faults
from tapehead.jobs.promote_runs import TakenRuns, run_faults
from tapehead.library.promotion import Promoted, foresee_store, promote_store, side_of
from tapehead.library.store import Store
from tapehead.library.store import open as open_store
from tapehead.model.factors import Factors
from tapehead.model.history import EmptyRange
from tapehead.model.instrument import Instrument
from tapehead.model.segment import Quarantined, Universe
from tapehead.ports.holdings import BAR_TABLES
from tapehead.stores.embedded import disk
from tapehead.testing.samples import HOUR, YEAR_2021, sample_bars, sample_columns, sample_draft, sample_series

NEVER = 1_000_000
"""More writes than any promotion here makes."""

_FRESH = multiprocessing.get_context("forkserver")
"""Of a process that has no threads: one that a thread's fork makes may wait for locks whose owners it has not."""
_FRESH.set_forkserver_preload([__name__])


def say_nothing(what: str, done: int, total: int) -> None:
    """Progress for nobody."""


def later(rows: int, after: int, symbol: str = "AAA") -> Any:
    """Bars that begin `after` hours after the first of a sample."""
    return sample_bars(sample_columns(rows, start=YEAR_2021 + after * HOUR.us, seed=after), symbol)


def make_rich(folder: Path) -> None:
    """Fill a store: commits of each kind, some given back and one undone, a tail, facts of each kind, two runs."""
    with open_store(folder) as store:
        store.demo(instruments=4, years=1, seed=5)
        bars = store.house.bars
        facts: dict[str, Any] = {
            "instruments": [
                Instrument("test", "AAA", "equity", "USD", tick=0.01, listed_at=5),
                Instrument("test", "BBB", "fx"),
            ],
            "quarantine": [Quarantined(sample_series(), 7, "a\0b.csv", 3, "null open", "2021,\0,1")],
            "factors": [Factors("test:AAA", np.array([9]), np.array([0.5]), np.array([1.0]), "a.csv")],
            "empties": [EmptyRange(sample_series(), 0, HOUR.us)],
            "report": lambda number: b'{"commit": %d}' % number,
        }
        bars.commit([sample_draft(rows=500)], note="first", **facts)
        bars.commit([sample_draft(rows=600, seed=1), sample_draft("BBB", rows=300)], note="second")
        bars.append([later(5, 700), later(5, 700, "BBB")])
        store.gc("0d")
        bars.append([later(5, 720)])
        bars.save_universe(Universe("mine", ("test:AAA", "test:BBB")))
        pruned = store.backtest("RsiReversion", universe="demo").wait()
        store.house.log.prune(before=2**62, keep=0)
        store.backtest("SmaCross", universe="demo", fee="10bps").wait()
        store.sweep("SmaCross", grid={"fast": [5, 10], "slow": [20, 40]}, universe="demo").wait()
        assert store.house.log.last(pruned.id) == 0
        bars.commit([sample_draft("BBB", rows=310)], note="to be undone")
        store.undo(bars.head())


def promote_to(store: Store, to: str | Path, verify: str = "none") -> Promoted:
    """Promote a whole store."""
    return promote_store(store.house, to, forecast=foresee_store(store.house, to), verify=verify)


def faults_of(source: Store, target: Store) -> list[str]:
    """Return what of a target is not whole: its bars where it has any, and the runs that it has."""
    mine, theirs = side_of(source.house), side_of(target.house)
    digests = {table: RowDigest(named=True) for table in BAR_TABLES}
    for table, digest in digests.items():
        for row in source.house.bars.holdings().rows(table):
            digest.add(plain(row))
    bars = bar_faults(theirs, digests, say_nothing) if target.house.bars.head() else iter(())
    ids = {one.id if hasattr(one, "id") else one.run for one in target.runs()}
    there = [mark for mark in source.house.runs.holdings().marks() if mark.run in ids]
    return [*bars, *run_faults(mine, theirs, TakenRuns({}, []), there, say_nothing)]


def promote_until(source: Path, to: str | Path, write: int) -> int | None:
    """Promote in a process of its own that ends itself as `kill -9` does at that write; None, or how many it made."""
    seen, tell = _FRESH.Pipe(duplex=False)
    child = _FRESH.Process(target=_promote_and_tell, args=(source, to, write, tell))
    child.start()
    tell.close()
    try:
        made: int | None = seen.recv()
    except EOFError:
        made = None
    child.join()
    assert made is not None or child.exitcode == -signal.SIGKILL
    return made


def _promote_and_tell(source: Path, to: str | Path, write: int, tell: Connection) -> None:
    """Promote, and tell how many writes that took."""
    with open_store(source) as store, _counted(write) as count:
        promote_to(store, to)
        tell.send(count())


@contextmanager
def _counted(last: int) -> Iterator[Callable[[], int]]:
    """Count what is written, in files or by statements, and end this process before a write."""
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if count == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watcher(_call: disk.FileCall, when: str) -> None:
        if when == "before":
            tick()

    execute, many = psycopg.Cursor.execute, psycopg.Cursor.executemany

    def counted_execute(self: Any, query: Any, *rest: Any, **named: Any) -> Any:
        if not str(query).lstrip().upper().startswith(("SELECT", "WITH")):
            tick()
        return execute(self, query, *rest, **named)

    def counted_many(self: Any, *rest: Any, **named: Any) -> None:
        tick()
        many(self, *rest, **named)

    disk.watch(watcher)
    patch = pytest.MonkeyPatch()
    patch.setattr(psycopg.Cursor, "execute", counted_execute)
    patch.setattr(psycopg.Cursor, "executemany", counted_many)
    yield lambda: count
