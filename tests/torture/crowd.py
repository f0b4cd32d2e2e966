"""two_writers and readers: many processes on one store at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tapehead.errors import ParameterError
from tests.torture.market import EMPTY, SERIES, Market, Step, changed, make_plan
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, Ended, ask
from tests.torture.verdict import Expected, Reader, differences
from tests.torture.writelog import Killer
from tests.torture.writer import FOREVER, open_store, write_bars

_WRITERS = 2
_READERS = 8
_STEPS = 12
_KILLED = -9


def two_writers(point: Point, bench: Bench) -> list[str]:
    """Let processes commit and append to the same series, one perhaps killed; all acknowledged work is there."""
    chance = point.chance
    plans = [_bars_only(f"{point.seed}/{point.number}/{which}", _STEPS) for which in range(_WRITERS)]
    killed_at = chance.randrange(40, 400) if chance.random() < 0.5 else None
    with bench.folder() as folder:
        home = folder / "home"
        Child(lambda _: open_store(home).close()).wait()
        children = [Child(_writer(home, plan, None if which else killed_at)) for which, plan in enumerate(plans)]
        ended = [child.wait() for child in children]
        bad = [one.lines for which, one in enumerate(ended) if one.code not in ({0, _KILLED} if which == 0 else {0})]
        if bad:
            return [f"a writer failed: {bad}"]
        return ask(lambda: _judge_writers(home, plans, ended))


def _writer(home: Path, plan: Sequence[Step], killed_at: int | None) -> Callable[[Callable[[object], None]], None]:
    """Return the work of one writer: every step, and the number that it was given."""

    def work(tell: Callable[[object], None]) -> None:
        if killed_at is not None:
            Killer(killed_at, "middle", 0.5).begin()
        store = open_store(home)
        for number, step in enumerate(plan):
            tell(write_bars(store, step, f"step {number}"))
        store.close()

    return work


def _judge_writers(home: Path, plans: Sequence[Sequence[Step]], ended: Sequence[Ended]) -> list[str]:
    """Do the steps in order of their numbers on a dict, and compare."""
    by_number: dict[int, Step] = {}
    for plan, one in zip(plans, ended, strict=True):
        numbers = one.numbers()
        if len(set(numbers) & set(by_number)) or numbers != sorted(set(numbers)):
            return [f"a number was given twice: {[each.lines for each in ended]}"]
        by_number.update(zip(numbers, plan, strict=False))
    store = open_store(home)
    head = store.head()
    missing = sorted(set(range(1, head + 1)) - set(by_number))
    unsaid = plans[0][len(ended[0].lines)] if len(ended[0].lines) < len(plans[0]) else None
    if max(by_number, default=0) > head or len(missing) > (unsaid is not None):
        return [f"the head is {head}; nobody was told of {missing}, {max(by_number, default=0)} was acknowledged"]
    if unsaid is not None and missing:
        by_number[missing[0]] = unsaid
    markets = {0: EMPTY}
    for number in range(1, head + 1):
        markets[number] = changed(markets[number - 1], by_number[number])
    store.sweep(lambda: range(head + 1), FOREVER)
    faults = list(differences(store, Expected(markets, frozenset(), [{}], {})))
    return faults + [f"after a sweep: {one.what}: {one.text}" for one in store.check(rows=True)]


def readers(point: Point, bench: Bench) -> list[str]:
    """Let eight processes read leased snapshots while one writes and sweeps; each sees whole snapshots."""
    plan = _bars_only(f"{point.seed}/{point.number}", 3 * _STEPS)
    chance = point.chance
    with bench.folder() as folder:
        home, done = folder / "home", folder / "done"
        Child(lambda _: write_bars(open_store(home), plan[0], "first") and None).wait()
        reading = [Child(_reader(home, done, plan, chance.random())) for _ in range(_READERS)]
        for one in reading:
            one.line()
        ended = Child(_sweeping_writer(home, plan, chance.random())).wait()
        done.touch()
        told = [one.wait() for one in reading]
        faults = [f"the writer: {line}" for line in ended.lines] if ended.code else []
        faults += [f"a reader: {line}" for one in told for line in one.lines if one.code or line.startswith("wrong")]
        seen = {line for one in told for line in one.lines}
        return faults if len(seen) > 2 or faults else [f"the readers met {len(seen)} snapshots; that proves nothing"]


def _sweeping_writer(home: Path, plan: Sequence[Step], seed: float) -> Callable[[Callable[[object], None]], None]:
    """Return the work of a writer that gives old snapshots back while it goes on."""

    def work(_: Callable[[object], None]) -> None:
        chance, store = random.Random(seed), open_store(home)
        for number, step in enumerate(plan[1:], 2):
            if write_bars(store, step, f"step {number}") != number:
                raise AssertionError(f"step {number} was given another number")
            if chance.random() < 0.5:
                store.sweep(list, FOREVER)
        store.close()

    return work


def _reader(home: Path, done: Path, plan: Sequence[Step], seed: float) -> Callable[[Callable[[object], None]], None]:
    """Return the work of one reader: lease a snapshot, read all of it, compare; tell the number, or what was wrong."""

    def work(tell: Callable[[object], None]) -> None:
        chance, store, markets = random.Random(seed), open_store(home), _markets(plan)
        tell("ready")
        while not done.exists():
            # The head, or one a little older, which a sweep may have just taken; then it is refused at the door.
            number = max(1, store.head() - chance.randrange(2))
            try:
                with store.lease(number, 60):
                    for fault in _unlike(store, number, markets[number]):
                        tell(f"wrong: {fault}")
                tell(number)
            except ParameterError:
                continue

    return work


def _unlike(store: object, number: int, market: Market) -> Iterator[str]:
    """Yield the series that a leased snapshot gives otherwise, or not at all."""
    reader = Reader(store)
    for place, series in enumerate(SERIES):
        try:
            if reader.rows(place, number) != market.rows(place):
                yield f"snapshot {number} holds other bars of {series.symbol} {series.interval}"
        except ParameterError as error:
            yield f"snapshot {number} is leased, and refused: {error}"


def _markets(plan: Sequence[Step]) -> list[Market]:
    """Return the market at each number of commits that each change something."""
    markets = [EMPTY]
    for step in plan:
        markets.append(changed(markets[-1], step))
    return markets


def _bars_only(seed: str, length: int) -> list[Step]:
    """Return commits and appends that each change something."""
    return [
        step for step in make_plan(seed, 4 * length) if step.does in {"commit", "append"} and any(step.blocks.values())
    ][:length]
