"""kill and cut_power: a writer ends at a file call; what it had not made durable is there, or may be lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from tests.torture.points import Bench, Point
from tests.torture.powercut import rebuild
from tests.torture.processes import Child, ask
from tests.torture.verdict import judge
from tests.torture.writelog import Killer, Moment
from tests.torture.writer import run_plan

_KILLED = -9


def kill(point: Point, bench: Bench) -> list[str]:
    """Kill a writer before, in or after one of its file calls."""
    plan, chance = point.plan, point.chance
    at = chance.randrange(bench.recording(plan).calls)
    moment, share = cast("Moment", chance.choice(["before", "middle", "after"])), chance.random()
    with bench.folder() as folder:

        def work(tell: Callable[[object], None]) -> None:
            Killer(at, moment, share).begin()
            run_plan(folder / "home", plan, tell)

        ended = Child(work).wait()
        if ended.code != _KILLED:
            return [f"the writer was not killed {moment} call {at}, it ended with {ended.code}", *ended.lines]
        return ask(lambda: judge(folder / "home", plan, ended.numbers()))


def cut_power(point: Point, bench: Bench) -> list[str]:
    """Lay down the disk as it may be when the power goes at some moment of a plan, and open that."""
    plan, chance = point.plan, point.chance
    recording = bench.recording(plan)
    cut = chance.randint(0, len(recording.events))
    with bench.folder() as folder:
        heads = rebuild(recording.events[:cut], recording.root, chance, folder)
        return ask(lambda: judge(folder / "home", plan, heads))
