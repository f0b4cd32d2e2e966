"""FairPool: whose turn it is, with gates and no clock; a cancel that waits for nobody; an end that is said."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import pytest

from tapehead.errors import SurroundingsError
from tapehead.executors.pool import FairPool
from tapehead.ports.work import Cancel, Outcome, Results, Task
from tapehead.testing.samples import sample_series

WAIT_S = 60


def tasks(run: str, count: int) -> list[Task]:
    return [Task(run, sample_series(f"S{number}"), number, number + 1) for number in range(count)]


class Held:
    """A pool of one thread, held at a gate while lanes are filled; `order` says whose task ran when.

    Its clock goes on by what `takes` says of each task, and not otherwise.
    """

    def __init__(self, takes: Mapping[str, float]) -> None:
        self.now, self.takes = 0.0, takes
        self.pool = FairPool(1, lambda: self.now)
        self.order: list[str] = []
        self.gate = threading.Event()
        self.at_gate = threading.Event()
        self.threads: list[threading.Thread] = []
        self.start("gate", 1, 1, self.wait)
        assert self.at_gate.wait(WAIT_S)

    def wait(self, _task: Task) -> Outcome:
        self.at_gate.set()
        assert self.gate.wait(WAIT_S)
        return Results((), 0)

    def note(self, task: Task) -> Outcome:
        self.order.append(task.run)
        self.now += self.takes.get(task.run, 0.0)
        return Results((), 0)

    def start(self, name: str, size: int, count: int, work: Callable[[Task], Outcome] | None = None) -> None:
        """Map `count` tasks in a lane of `size`, in a thread of its own, and wait until all are in the pool."""
        waiting = self.pool.stats().waiting + self.pool.stats().running

        def read() -> None:
            lane = self.pool.lane(size)
            with suppress(SurroundingsError):
                list(lane.map(work or self.note, tasks(name, count), cancel=Cancel(), in_flight=count))

        self.threads.append(threading.Thread(target=read, daemon=True))
        self.threads[-1].start()
        while self.pool.stats().waiting + self.pool.stats().running < waiting + count:
            threading.Event().wait(0.001)

    def open(self) -> list[str]:
        """Open the gate and return whose tasks ran, in order, once all have."""
        self.gate.set()
        for thread in self.threads:
            thread.join(WAIT_S)
            assert not thread.is_alive()
        return self.order


@contextmanager
def held(**takes: float) -> Iterator[Held]:
    made = Held(takes)
    try:
        yield made
    finally:
        made.gate.set()
        made.pool.close()


def test_lanes_of_a_level_take_turns_task_by_task() -> None:
    with held() as pool:
        for name, size in (("a", 3), ("b", 5), ("c", 4)):
            pool.start(name, size, size)
        assert "".join(pool.open()) == "abcabcabcbcb"


def test_big_lanes_take_turns_too() -> None:
    with held() as pool:
        for name in ("A", "B"):
            pool.start(name, 500, 4)
        assert "".join(pool.open()) == "ABABABAB"


def test_small_lanes_go_first_and_every_eighth_turn_is_a_big_ones() -> None:
    with held() as pool:
        pool.start("B", 65, 10)
        pool.start("s", 64, 20)
        # The gate itself took the first turn.
        assert "".join(pool.open()) == "ssssss" + "B" + "sssssss" + "B" + "sssssss" + "B" * 8


def test_a_big_lane_waits_for_its_turn_as_long_as_its_tasks_take() -> None:
    with held(B=10.0, s=1.0) as pool:
        pool.start("B", 65, 4)
        pool.start("s", 64, 40)
        # By the first eighth turn after it 8 small ones took less than it did, by the second 15 took more.
        assert "".join(pool.open()) == "s" * 6 + "B" + ("s" * 15 + "B") * 2 + "ssssB"


def test_a_task_that_comes_late_to_a_small_lane_goes_before_the_big_one() -> None:
    with held() as pool:
        pool.start("B", 500, 6)
        pool.start("s", 1, 1)
        pool.start("t", 1, 1)
        assert "".join(pool.open()) == "stBBBBBB"


def test_a_cancelled_lane_ends_while_others_have_every_thread() -> None:
    with held() as pool:
        cancel, ended = Cancel(), threading.Event()
        found: list[Task] = []

        def read() -> None:
            found.extend(t for t, _ in pool.pool.lane(9).map(pool.note, tasks("c", 9), cancel=cancel, in_flight=9))
            ended.set()

        threading.Thread(target=read, daemon=True).start()
        while pool.pool.stats().waiting < 9:
            threading.Event().wait(0.001)
        cancel.cancel()
        assert ended.wait(WAIT_S)
        assert found == []
        assert pool.pool.stats().waiting == 0
        assert pool.open() == []


def test_nothing_begins_after_a_cancel_though_the_reader_is_busy() -> None:
    """The second task cancels; what waits in the pool is not run, while nobody reads."""
    pool, cancel, ran = FairPool(1), Cancel(), list[int]()
    read_once = threading.Event()

    def work(task: Task) -> Outcome:
        ran.append(task.lo)
        if task.lo == 1:
            assert read_once.wait(WAIT_S)
            cancel.cancel()
        return Results((), 0)

    going = pool.lane(5).map(work, tasks("c", 5), cancel=cancel, in_flight=5)
    first, _ = next(going)
    read_once.set()
    while pool.stats().waiting or pool.stats().running:
        threading.Event().wait(0.001)
    assert (first.lo, [task.lo for task, _ in going]) == (0, [1])
    assert ran == [0, 1]
    pool.close()


def test_a_lane_that_is_left_gives_its_turns_back() -> None:
    with held() as pool:
        endless = pool.pool.lane(500).map(pool.note, tasks("x", 9), cancel=Cancel(), in_flight=9)
        reader = threading.Thread(target=lambda: next(endless), daemon=True)
        reader.start()
        while pool.pool.stats().waiting < 9:
            threading.Event().wait(0.001)
        pool.start("s", 1, 1)
        pool.threads.append(reader)
        pool.open()
        endless.close()  # type: ignore[attr-defined]  # a generator
        assert pool.pool.stats().waiting == 0
        assert pool.pool.stats().lanes == 0


def test_closing_the_pool_is_said_to_those_who_wait() -> None:
    with held() as pool:
        failures: list[str] = []

        def read() -> None:
            try:
                list(pool.pool.lane(9).map(pool.note, tasks("c", 9), cancel=Cancel(), in_flight=9))
            except SurroundingsError as error:
                failures.append(str(error))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        while pool.pool.stats().waiting < 9:
            threading.Event().wait(0.001)
        pool.pool.close()
        reader.join(WAIT_S)
        assert "--resume" in failures[0]
        with pytest.raises(SurroundingsError):
            list(pool.pool.lane(9).map(pool.note, tasks("c", 9), cancel=Cancel(), in_flight=9))
        assert pool.open() == []


def test_the_figures_say_what_goes_on() -> None:
    with held(B=1.0, s=1.0) as pool:
        pool.start("B", 500, 3)
        pool.start("s", 2, 2)
        now = pool.pool.stats()
        assert (now.workers, now.lanes, now.small_lanes, now.waiting, now.running, now.done) == (1, 3, 2, 5, 1, 0)
        pool.open()
        then = pool.pool.stats()
        assert (then.lanes, then.waiting, then.done) == (0, 0, 6)
        assert then.waited_s > 0
        assert then.busy_s > 0
