"""kill_valkey: the Valkey that keeps columns for a team is killed under runs, and started again or not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis.connection import AbstractConnection

import tapehead.library.store
from tapehead.caches.shared import AWAY
from tapehead.library.store import Store
from tests.torture.points import Bench, Point
from tests.torture.processes import Child
from tests.torture.waits import Turn

_KILL, _NEXT = "kill", "next"
_ALONE = {"TAPEHEAD_HOT_MB": "0", "TAPEHEAD_MEMORY_MB": "0"}
_INSTRUMENTS = 4
_QUESTIONS = 14
"""Of a run: about as often it sends the server something, or takes an answer."""


def kill_valkey(point: Point, bench: Bench) -> list[str]:
    """Make runs over a shared tier, kill its server in one of them, and start it again before the next, or not."""
    chance = point.chance
    killed, at, again = chance.randrange(3), chance.randrange(_QUESTIONS), chance.random() < 0.5
    with bench.folder() as folder:
        digest = _market(bench)
        shutil.copytree(bench.scratch / "market", folder / "home")
        own = bench.valkey.own
        child, runs, is_there = Child(_running(folder, own.url, killed, at)), list[str](), True
        for line in iter(child.line, None):
            if line == _KILL:
                own.kill()
                is_there = False
            elif line == _NEXT and again:
                own.start()
                is_there = True
            elif line != _NEXT:
                runs.append(line)
                continue
            Turn(folder).give()
        ended = child.wait()
        if not is_there:
            own.start()
        if ended.code:
            return [f"the runs ended with {ended.code}", *runs]
        away = [number == killed or (number > killed and not again) for number in range(killed + 2)]
        wanted = [f"{digest} {AWAY if one else ''}".strip() for one in away]
        return [] if runs == wanted else [f"the runs were told as {runs}, not as {wanted}"]


def _market(bench: Bench) -> str:
    """Make the market of a worker, once; return the digest of an undisturbed run on it."""
    if bench.cached is None:

        def make(tell: Callable[[object], None]) -> None:
            os.environ |= _ALONE
            with tapehead.library.store.open(bench.scratch / "market") as store:
                store.demo(instruments=_INSTRUMENTS, years=1, seed=5)
                tell(_digest(store))

        ended = Child(make).wait()
        assert ended.code == 0, ended.lines
        bench.cached = ended.lines[0]
    return bench.cached


def _running(folder: Path, url: str, killed: int, at: int) -> Callable[[Callable[[object], None]], None]:
    """Return work that makes runs, each with the store opened anew, and tells each digest and how the tier does."""

    def work(tell: Callable[[object], None]) -> None:
        os.environ |= {**_ALONE, "TAPEHEAD_REDIS": url}
        turn, left = Turn(folder), list[int]()
        for name in ("send_packed_command", "read_response"):
            setattr(AbstractConnection, name, _heard(getattr(AbstractConnection, name), left, turn, tell))
        for number in range(killed + 2):
            with tapehead.library.store.open(folder / "home") as store:
                left += [at] if number == killed else []
                digest = _digest(store)
                if left:
                    left.clear()
                    turn.take(tell, _KILL)
                tell(f"{digest} {store.house.tiers()[-1].degraded}".strip())
            if number == killed:
                turn.take(tell, _NEXT)

    return work


def _heard(
    plain: Callable[..., Any], left: list[int], turn: Turn, tell: Callable[[object], None]
) -> Callable[..., Any]:
    """Return a call of the client before which the server is killed when it is time."""

    def heard(*given: Any, **named: Any) -> Any:
        if left:
            left[0] -= 1
            if left[0] < 0:
                left.clear()
                turn.take(tell, _KILL)
        return plain(*given, **named)

    return heard


def _digest(store: Store) -> str:
    """Make a run and return its digest."""
    receipt = store.backtest("RsiReversion", universe="demo", executor="serial", fresh=True).wait().receipt
    assert receipt is not None
    return receipt.digest
