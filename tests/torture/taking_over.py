"""take_over: runners of one run are killed and cut off; others take it over, to the same end, nothing made twice."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import tapehead.library.store
from tapehead.errors import SurroundingsError
from tests.torture.database import Database, environ
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, Ended, ask

_RUNNERS = 3
INSTRUMENTS = 4
_LOOK_S = 0.05
_PATIENCE_S = 100.0
_SPOILS = ("kill", "kill", "sessions", "server")


def take_over(point: Point, bench: Bench) -> list[str]:
    """Begin a run, spoil it for whoever works on it, and see that it ends once and equal."""
    chance, database = point.chance, bench.database
    with bench.folder() as folder:
        template, digest = market_of(bench, folder)
        with database.made(template) as url:
            runners = [Child(_running(url, folder / str(which))) for which in range(_RUNNERS)]
            spoils = [(chance.choice(_SPOILS), chance.randrange(1, 4)) for _ in range(2)]
            ended = _spoil(database, url, runners, spoils)
            if {one.code for one in ended} - {0, -signal.SIGKILL}:
                return [
                    f"runners ended with {[one.code for one in ended]}",
                    *(line for one in ended if one.code > 0 for line in one.lines[-3:]),
                ]
            return ask(lambda: judge_run(url, folder, digest))


def _spoil(database: Database, url: str, runners: list[Child], spoils: list[tuple[str, int]]) -> list[Ended]:
    """Listen to the runner that began; at so many results of each, kill it, its sessions or the server."""
    left = list(runners)
    for how, results in spoils:
        runner = left[0]
        for _ in range(results):
            if runner.line() is None:
                break
        if how == "kill" and len(left) > 1:
            os.kill(left.pop(0).pid, signal.SIGKILL)
        elif how == "sessions":
            database.end_sessions(url, "claims")
        elif how == "server":
            database.kill()
    return [runner.wait() for runner in runners]


def market_of(bench: Bench, folder: Path) -> tuple[str, str]:
    """Make the market of a worker, once, as a template; return its name, and the digest of an undisturbed run."""
    if bench.market is None:
        # Begun here: what a child begins ends with it.
        url = bench.database.own.url

        def make(tell: Callable[[object], None]) -> None:
            environ(str(folder))
            with tapehead.library.store.open(url) as store:
                store.demo(instruments=INSTRUMENTS, years=1, seed=5)
                run = store.backtest("SmaCross", universe="demo", executor="serial").wait()
                assert run.receipt is not None
                tell(run.receipt.digest)
                store.house.runs.delete(run.id)

        ended = Child(make).wait()
        assert ended.code == 0, ended.lines
        bench.market = "tapehead", ended.lines[0]
    return bench.market


def _running(url: str, home: Path) -> Callable[[Callable[[object], None]], None]:
    """Return work that begins the run, or takes it up, until it is completed; it tells of each result."""

    def work(tell: Callable[[object], None]) -> None:
        home.mkdir()
        environ(str(home))
        end = time.monotonic() + _PATIENCE_S
        with tapehead.library.store.open(url) as store:
            runs = store.house.runs
            while time.monotonic() < end:
                with suppress(SurroundingsError):
                    found = runs.runs(limit=1)
                    if found and found[0].state == "completed":
                        return
                    if home.name == "0" and not found:
                        run = store.backtest("SmaCross", universe="demo", executor="serial", fresh=True)
                    elif found:
                        run = store.resume(found[0].run, executor="serial")
                    else:
                        time.sleep(_LOOK_S)
                        continue
                    for number, _ in run.events():
                        tell(number)
                time.sleep(_LOOK_S)
        raise TimeoutError("the run came to no end")

    return work


def judge_run(url: str, folder: Path, digest: str) -> list[str]:
    """See that the run is whole, once."""
    environ(str(folder))
    with tapehead.library.store.open(url) as store:
        found = store.house.runs.runs(limit=9)
        if [one.state for one in found] != ["completed"]:
            return [f"the runs are {[(one.run, one.state) for one in found]}"]
        record, wrong = found[0], []
        numbers = [number for number, _ in store.house.log.read(record.run, 0, 10_000)]
        if numbers != list(range(1, len(numbers) + 1)):
            wrong.append(f"its events are numbered {numbers}")
        names = Counter(
            name
            for _, data in store.house.log.read(record.run, 0, 10_000)
            for name in ("started", "result", "completed")
            if f'"event":"{name}"'.encode() in data
        )
        if names != {"started": 1, "result": INSTRUMENTS, "completed": 1}:
            wrong.append(f"its events are {dict(names)}")
        if record.receipt is None or record.receipt.digest != digest:
            wrong.append("its digest is another one than that of an undisturbed run")
        return wrong
