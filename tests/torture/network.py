"""cut: the network between a store and its PostgreSQL is cut for a while, in the middle of a run or an import."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import tapehead.library.store
from tests.acceptance.cut_network import LIVENESS, lead_to, loopback
from tests.acceptance.wire import wired
from tests.torture.database import environ
from tests.torture.importing import FILES, VENUE, judge_files, write_file
from tests.torture.mounts import identify
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask
from tests.torture.taking_over import judge_run, market_of
from tests.torture.waits import Waits

_NEWNET, _NEWUSER = 0x40000000, 0x10000000
_SHORT_S, _LONG_S = (0.02, 0.5), (1.2, 2.5)
_libc = ctypes.CDLL(None, use_errno=True)


class Cut(NamedTuple):
    """Where the network goes, as a share of all waits for the server, before or after one, and for how long."""

    share: float
    after: bool
    seconds: float


def cut(point: Point, bench: Bench) -> list[str]:
    """Cut the network of a run or an import once or twice; short cuts TCP outlasts, long ones the store."""
    chance, database = point.chance, bench.database
    imports = chance.random() < 0.5
    cuts = [
        Cut(chance.random(), chance.random() < 0.5, chance.uniform(*chance.choice((_SHORT_S, _LONG_S, _LONG_S))))
        for _ in range(chance.randrange(1, 3))
    ]
    with bench.folder() as folder:
        files = [write_file(folder / f"part{number}.csv", number) for number in range(FILES)] if imports else []
        template, digest = ("template1", "") if imports else market_of(bench, folder)
        if template not in bench.counted:
            with database.made(template) as url:
                ended = Child(_working(url, folder / "counted", files, None, [])).wait()
                assert ended.code == 0, ended.lines
                (bench.counted[template],) = ended.numbers()
        marks = sorted((int(one.share * bench.counted[template]), one) for one in cuts)
        with database.made(template) as url:
            socket = _socket(database.own.running.socket_url, url)
            ended = Child(_working(url, folder / "home", files, socket, marks)).wait()
            if ended.code:
                return [f"the work ended with {ended.code}", *ended.lines]
            if imports:
                return ask(lambda: _judge_import(url, folder, files))
            return ask(lambda: judge_run(url, folder, digest))


def _socket(socket_url: str, url: str) -> str:
    """Return the path of the server's Unix socket."""
    return f"{dict(parse_qsl(urlsplit(socket_url).query))['host']}/.s.PGSQL.{urlsplit(url).port}"


def _working(
    url: str, home: Path, files: Sequence[Path], socket: str | None, marks: Sequence[tuple[int, Cut]]
) -> Callable[[Callable[[object], None]], None]:
    """Return work that imports the files, or makes the run where there are none, and tells how often it waited."""

    def work(tell: Callable[[object], None]) -> None:
        home.mkdir()
        environ(str(home))
        waits = Waits()
        with _cuttable(url, socket) as (way, down, up), tapehead.library.store.open(way) as store:
            left = list(marks)

            def part() -> None:
                at, one = left.pop(0)
                down()
                threading.Thread(target=come_back, args=(at, one), daemon=True).start()

            def come_back(at: int, one: Cut) -> None:
                time.sleep(one.seconds)
                up()
                if left:
                    waits.at(max(0, left[0][0] - at), part, after=left[0][1].after)

            waits.begin()
            if left:
                waits.at(left[0][0], part, after=left[0][1].after)
            for path in files:
                store.import_files(path, venue=VENUE)
            if not files:
                store.backtest("SmaCross", universe="demo", executor="serial", fresh=True).wait()
        tell(waits.count)

    return work


@contextmanager
def _cuttable(url: str, socket: str | None) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    """Have a way to a database, with what cuts it and what mends it; a relay where no own network is allowed."""
    if socket is None:
        yield url, tuple, tuple
    elif _own_network():
        loopback("up")
        parts = urlsplit(url)
        netloc = f"{parts.netloc.rpartition(':')[0]}:{lead_to(socket)}"
        way = f"{parts._replace(netloc=netloc).geturl()}?{LIVENESS}"
        yield way, lambda: loopback("down"), lambda: loopback("up")
    else:
        with wired(url) as wire:
            yield wire.url, wire.part, wire.mend


def _own_network() -> bool:
    """Give this process a network of its own, with nothing in it; False where that is not allowed."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return _libc.unshare(_NEWNET) == 0
    if _libc.unshare(_NEWNET | _NEWUSER):
        return False
    # As root in there: who is not loses with the next program what brings a network up and down.
    identify(0, user, 0, group)
    return True


def _judge_import(url: str, folder: Path, files: Sequence[Path]) -> list[str]:
    """See that each file is there, by one commit."""
    environ(str(folder))
    wrong = judge_files(url, files, len(files))
    with tapehead.library.store.open(url) as store:
        made = [one.kind for one in store.log()]
        return wrong if made == ["import"] * len(files) else [*wrong, f"{len(files)} imports became {made}"]
