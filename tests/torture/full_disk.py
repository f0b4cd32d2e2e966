"""fill: a disk gets full, again and again; what was acknowledged stays, what was refused left nothing."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

from tapehead.errors import SurroundingsError
from tests.torture import mounts
from tests.torture.market import EMPTY, Market, Step, changed, make_plan
from tests.torture.points import Bench, Point
from tests.torture.processes import ask
from tests.torture.verdict import Expected, differences
from tests.torture.writer import FOREVER, open_store, write_bars

_ROOM = 1 << 28
_REFUSALS = 3
_STEPS = 300


def fill(point: Point, bench: Bench) -> list[str]:
    """Write until the disk is full, go on a little, make room, and look at everything.

    Either a small file system of its own, where one can be mounted, or a limit that no file may grow beyond, which
    takes no rights and stops the same calls.
    """
    small_disk = point.chance.random() < 0.5 and mounts.may_mount()
    size = point.chance.randrange(*((90, 400) if small_disk else (8, 200))) * 1024
    with bench.folder() as folder:
        return ask(lambda: _fill(folder, f"{point.seed}/{point.number}", size, small_disk=small_disk))


def _fill(folder: Path, seed: str, size: int, *, small_disk: bool) -> list[str]:
    """Do the whole of it in one child, which alone sees the small disk."""
    if small_disk:
        mounts.enter()
        mounts.small_disk(folder, size)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    markets = {0: EMPTY}
    faults = list(_write_on(folder / "home", seed, markets))
    if small_disk:
        mounts.grow(folder, _ROOM)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store = open_store(folder / "home")
    if store.head() != max(markets):
        return [*faults, f"the head is {store.head()}; {max(markets)} was acknowledged last"]
    step = make_plan(f"{seed}/with room", 1)[0]
    number = write_bars(store, step, "with room")
    markets[number] = changed(markets[number - 1], step)
    store.sweep(lambda: range(number + 1), FOREVER)
    faults += differences(store, Expected(markets, frozenset(), [{}], {}))
    return faults + [f"after a sweep: {one.what}: {one.text}" for one in store.check(rows=True)]


def _write_on(home: Path, seed: str, markets: dict[int, Market]) -> Iterator[str]:
    """Write until some steps in a row were refused; a refused one must leave the head."""
    refused = 0
    try:
        store = open_store(home)
    except SurroundingsError:
        return
    for turn, step in enumerate(_steps(seed)):
        head = store.head()
        try:
            number = write_bars(store, step, f"turn {turn}")
            markets[number] = changed(markets[head], step)
            refused = 0
        except SurroundingsError as error:
            refused += 1
            if store.head() != head:
                yield f"turn {turn} was refused ({error}), and the head went from {head} to {store.head()}"
        if refused == _REFUSALS:
            break
    else:
        yield f"the disk was never full in {_STEPS} steps"
    store.close()


def _steps(seed: str) -> Iterator[Step]:
    """Yield commits and appends."""
    for number in range(_STEPS):
        yield from (step for step in make_plan(f"{seed}/{number}", 3) if step.does in {"commit", "append"})
