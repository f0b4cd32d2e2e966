"""exhaust: threads want connections that others hold; who waits too long is told who, all else is whole."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import tapehead.library.store
from tapehead.errors import PoolExhaustedError
from tapehead.library.store import Store
from tapehead.model.events import Progress
from tapehead.testing.run_store import SPEC, sample_key, sample_result
from tests.torture.database import environ
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask

_PIECES = 12
_SHORT_S, _LONG_S = 0.15, 60
_HOLDER = "holder"
_NAMED = re.compile(r"All \d connections to .* were held for [\d.]+ s: .*(holder|writer) \d")


class Crowd(NamedTuple):
    """How many connections and threads there are, and when, how and for how long the connections are held."""

    largest: int
    threads: int
    begins: int
    refuses: int
    seconds: float


def exhaust(point: Point, bench: Bench) -> list[str]:
    """Let a crowd keep results and events, and at a drawn piece hold every connection until some were refused."""
    chance, database = point.chance, bench.database
    largest = chance.randrange(2, 5)
    threads = largest + chance.randrange(1, 5)
    refuses = chance.choice((0, 1, threads))
    crowd = Crowd(largest, threads, chance.randrange(_PIECES), refuses, chance.uniform(0, 0.5))
    with bench.folder() as folder, database.made() as url:
        ended = Child(_working(url, folder, crowd)).wait()
        if ended.code:
            return [f"the crowd ended with {ended.code}", *ended.lines]
        left = database.sessions(url)
        wrong = [f"{left} connections are left of a store that is closed"] if left else []
        return wrong + ask(lambda: _judge(url, folder, crowd, ended.lines))


def _working(url: str, folder: Path, crowd: Crowd) -> Callable[[Callable[[object], None]], None]:
    """Return work of many threads on few connections, which others hold for a while; it tells of each piece."""

    def work(tell: Callable[[object], None]) -> None:
        environ(str(folder))
        os.environ["TAPEHEAD_POOL"] = f"{crowd.largest},wait={_SHORT_S if crowd.refuses else _LONG_S}"
        with tapehead.library.store.open(url) as store:
            runs = store.house.runs
            run = runs.create(sample_key(), SPEC, 0)
            with runs.claim(run):
                _let_work(store, run, crowd, tell)
            figures = runs._database._pool.figures()
            tell(f"left {figures.in_use} {figures.waiting} {max(0, figures.open - crowd.largest)}")

    return work


def _let_work(store: Store, run: str, crowd: Crowd, tell: Callable[[object], None]) -> None:
    """Let threads keep their pieces; when so many are kept, all connections are taken before the others go on."""
    kept, refused, failed = list[int](), threading.Semaphore(0), list[BaseException]()
    may, is_time = threading.Event(), threading.Event()
    (is_time if not crowd.begins else may).set()

    def write(which: int) -> None:
        try:
            for piece in range(which * _PIECES, (which + 1) * _PIECES):
                may.wait()
                try:
                    tell(f"kept {piece} {store.house.runs.outlast(lambda piece=piece: _keep(store, run, piece))}")
                    kept.append(piece)
                except PoolExhaustedError as error:
                    tell(f"refused {piece} {error}")
                    refused.release()
                if len(kept) >= crowd.begins and not is_time.is_set():
                    may.clear()
                    is_time.set()
        except BaseException as error:
            failed.append(error)
            raise

    writers = [threading.Thread(target=write, args=(which,), name=f"writer {which}") for which in range(crowd.threads)]
    for each in writers:
        each.start()
    is_time.wait()
    _hold(store, crowd, may, refused)
    for each in writers:
        each.join()
    if failed:
        raise failed[0]


def _keep(store: Store, run: str, piece: int) -> int:
    """Keep a result with its event, in one transaction; return the number of the event."""
    with store.house.runs.together("a result"):
        store.house.runs.save([sample_result(run, f"S{piece}")])
        return store.house.log.append(run, [Progress(run, piece, _PIECES, 1.0, 0.0)])


def _hold(store: Store, crowd: Crowd, may: threading.Event, refused: threading.Semaphore) -> None:
    """Take every connection, let the others go on, and give all back after a while or so many refusals."""
    taken, over = threading.Barrier(crowd.largest + 1), threading.Event()

    def hold() -> None:
        while not over.is_set():
            with suppress(PoolExhaustedError), store.house.runs._database._pool.connection():
                taken.wait()
                over.wait()

    holders = [threading.Thread(target=hold, name=f"{_HOLDER} {which}") for which in range(crowd.largest)]
    for each in holders:
        each.start()
    taken.wait()
    # Refusals of before were by writers, of each other.
    while refused.acquire(blocking=False):
        pass
    may.set()
    for _ in range(crowd.refuses):
        refused.acquire()
    over.wait(crowd.seconds)
    over.set()
    for each in holders:
        each.join()


def _judge(url: str, folder: Path, crowd: Crowd, told: list[str]) -> list[str]:
    """Compare what was acknowledged and refused with what is there."""
    environ(str(folder))
    kept = {int(line.split()[1]): int(line.split()[2]) for line in told if line.startswith("kept")}
    refused = [line for line in told if line.startswith("refused")]
    by_holders = sum(_HOLDER in line for line in refused)
    wrong = [f"not who holds: {line}" for line in refused if not _NAMED.search(line)]
    if len(kept) + len(refused) != crowd.threads * _PIECES or by_holders < crowd.refuses:
        wrong.append(f"{len(kept)} kept and {len(refused)} refused, {by_holders} of them for {crowd}")
    if refused and not crowd.refuses:
        wrong.append(f"{len(refused)} were refused that would have waited")
    if told[-1] != "left 0 0 0":
        wrong.append(f"connections in use, waited for and too many: {told[-1]}")
    with tapehead.library.store.open(url) as store:
        (record,) = store.house.runs.runs(limit=2)
        numbers = [number for number, _ in store.house.log.read(record.run, 0, 1_000)]
        if not sorted(kept.values()) == numbers == list(range(1, len(kept) + 1)):
            wrong.append(f"events were told as {sorted(kept.values())} and are kept as {numbers}")
        held = {
            int(one.instrument.removeprefix("test:S")) for one in store.house.runs.results(record.run, limit=200).rows
        }
        if held != set(kept) or record.count != len(kept):
            wrong.append(f"results were told as {sorted(kept)} and {record.count} are kept as {sorted(held)}")
    return wrong
