"""jump: the machine's clock leaps forward and back while a store is used; no commit and no kept snapshot is lost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from tests.torture.points import Bench, Point
from tests.torture.processes import Child, ask
from tests.torture.verdict import judge
from tests.torture.writer import run_plan

_DAY_S = 86_400


def jump(point: Point, bench: Bench) -> list[str]:
    """Do a plan under a clock that leaps by up to years at any look."""
    plan, seed = point.plan, point.chance.random()
    with bench.folder() as folder:

        def work(tell: Callable[[object], None]) -> None:
            leap(random.Random(seed))
            run_plan(folder / "home", plan, tell)

        ended = Child(work).wait()
        if ended.code:
            return ["the writer failed under a leaping clock", *ended.lines]
        return ask(lambda: judge(folder / "home", plan, ended.numbers()))


def leap(chance: random.Random) -> None:
    """Let this process see a clock that leaps now and then, and never before 2001."""
    true_ns, off_s = time.time_ns, [0.0]

    def leaping_ns() -> int:
        if chance.random() < 0.3:
            off_s[0] = chance.choice((0.0, 1.0, -1.0)) * chance.random() * chance.choice((60, _DAY_S, 3_000 * _DAY_S))
        return true_ns() + round(off_s[0] * 1e9)

    time.time_ns = leaping_ns
    time.time = lambda: leaping_ns() / 1e9
