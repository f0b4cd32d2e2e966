"""kill_server: PostgreSQL is killed or hangs under a writer, COMMITs and answers are lost; all is there, and once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

import tapehead.library.store
from tapehead.layout.columns import BAR_DTYPES
from tapehead.model.bars import Bars
from tapehead.model.events import Progress
from tapehead.model.instrument import Series
from tapehead.model.interval import Interval
from tapehead.testing.run_store import SPEC, sample_key, sample_result
from tests.acceptance.wire import Loss, wired
from tests.torture.database import environ
from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask

_STEPS = 40
_HOUR_US = 3_600_000_000
_HANGING = 0.4
_HANGS_S = 0.05, 1.5


def kill_server(point: Point, bench: Bench) -> list[str]:
    """Let a writer go through commits while its server is killed or hangs and its connections are lost."""
    chance, database = point.chance, bench.database
    kills = sorted(chance.sample(range(1, _STEPS), chance.randrange(1, 4)))
    losses: dict[int, Loss] = {
        step: chance.choice(("question", "answer")) for step in chance.sample(range(_STEPS), chance.randrange(8))
    }
    hangs = {step: chance.uniform(*_HANGS_S) for step in kills if chance.random() < _HANGING}
    with bench.folder() as folder, database.made() as url:
        child = Child(_writing(url, folder, losses))
        told: list[str] = []
        for line in iter(child.line, None):
            told.append(line)
            if len(told) in hangs:
                database.hang(hangs[len(told)])
            elif len(told) in kills:
                database.kill()
        ended = child.wait()
        if ended.code:
            return [f"the writer ended with {ended.code}", *told[-1:], *ended.lines]
        return ask(lambda: _judge(url, folder, told))


def _writing(url: str, folder: Path, losses: dict[int, Loss]) -> Callable[[Callable[[object], None]], None]:
    """Return work that keeps a result with its event, or a bar, at each step, and tells what was acknowledged."""

    def work(tell: Callable[[object], None]) -> None:
        environ(str(folder))
        with wired(url) as wire, tapehead.library.store.open(wire.url) as store:
            runs, log, bars = store.house.runs, store.house.log, store.house.bars
            run, hours = runs.create(sample_key(), SPEC, 0), count()
            with runs.claim(run):
                for step in range(_STEPS):
                    if step in losses:
                        wire.lose(losses[step])
                    if step % 4 == 3:
                        tell(f"bar {bars.append([_bar(next(hours))]).number}")
                        continue

                    def keep(step: int = step) -> int:
                        with runs.together("a result"):
                            runs.save([sample_result(run, f"S{step}")])
                            return log.append(run, [Progress(run, step, _STEPS, 1.0, 0.0)])

                    tell(f"event {runs.outlast(keep)}")

    return work


def _bar(hour: int) -> Bars:
    """Return the bar of an hour."""
    columns = {name: np.ones(1, dtype) for name, dtype in BAR_DTYPES.items()}
    columns["ts"] = np.array([hour * _HOUR_US])
    columns["flags"] = np.zeros(1, np.uint8)
    return Bars(Series("torture", "AAA", Interval.parse("1h")), **columns)


def _judge(url: str, folder: Path, told: list[str]) -> list[str]:
    """Compare what was acknowledged with what is there."""
    environ(str(folder))
    events = [int(line.removeprefix("event ")) for line in told if line.startswith("event ")]
    heads = [int(line.removeprefix("bar ")) for line in told if line.startswith("bar ")]
    with tapehead.library.store.open(url) as store:
        runs, bars = store.house.runs, store.house.bars
        record = runs.runs(limit=2)
        kept = [number for number, _ in store.house.log.read(record[0].run, 0, 1_000)]
        wrong = []
        if not events == kept == list(range(1, len(events) + 1)):
            wrong.append(f"events were told as {events} and are kept as {kept}")
        if (len(record), record[0].count) != (1, len(events)):
            wrong.append(f"{len(record)} runs, and {record[0].count} results for {len(events)} events")
        if heads != list(range(1, len(heads) + 1)) or bars.head() != len(heads):
            wrong.append(f"commits were told as {heads}, and the head is {bars.head()}")
        if [one.rows for one in bars.coverage()] != [len(heads)]:
            wrong.append(f"{len(heads)} bars were told of, and {bars.coverage()} is there")
        return wrong + [f"check: {one.text}" for one in bars.check(rows=True)]
