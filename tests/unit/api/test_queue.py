"""The queue of runs: small before big, big ones on an eighth of the slots, places told."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from tapehead.api.queue import Entry, Queue
from tapehead.errors import ServiceError


def entry(tasks: int) -> Entry:
    run: Any = SimpleNamespace(id=f"run of {tasks}")
    return Entry(run, tasks)


def queue(slots: int, bound: int = 100) -> tuple[Queue, list[tuple[int, int]]]:
    moved: list[tuple[int, int]] = []
    return Queue(slots, bound, lambda each: moved.append((each.total, each.place))), moved


def test_small_runs_go_before_big_ones_in_the_order_they_came() -> None:
    this, _ = queue(slots=24)
    for tasks in (500, 10, 600, 64, 65):
        this.put(entry(tasks))
    taken = [this.take() for _ in range(5)]
    assert [each.total for each in taken if each] == [10, 64, 500, 600, 65]


def test_big_runs_take_an_eighth_of_the_slots_at_most() -> None:
    this, _ = queue(slots=16)
    for tasks in (500, 501, 502, 10):
        this.put(entry(tasks))
    first = [this.take() for _ in range(3)]
    assert [each.total for each in first if each] == [10, 500, 501]
    got: list[Entry | None] = []
    waiting = threading.Thread(target=lambda: got.append(this.take()), daemon=True)
    waiting.start()
    waiting.join(0.05)
    assert not got
    assert first[1] is not None
    this.done(first[1])
    waiting.join(10)
    assert [each.total for each in got if each] == [502]


def test_places_are_told_to_those_that_wait_and_to_no_others() -> None:
    this, moved = queue(slots=1)
    this.put(entry(10))
    assert moved == []
    assert this.take() is not None
    for tasks in (500, 20, 600):
        this.put(entry(tasks))
    assert moved == [(500, 1), (20, 1), (500, 2), (600, 3)]
    assert this.counts() == {"small": 1, "big": 2, "active": 1, "room": 97}


def test_an_entry_that_leaves_moves_the_others_up() -> None:
    this, moved = queue(slots=1)
    this.put(entry(10))
    going = this.take()
    first, second = entry(20), entry(30)
    this.put(first)
    this.put(second)
    moved.clear()
    assert this.leave(first) is True
    assert moved == [(30, 1)]
    assert this.leave(first) is False
    assert going is not None
    assert this.leave(going) is False


def test_a_full_queue_refuses_and_says_how_full_it_is() -> None:
    this, _ = queue(slots=1, bound=2)
    this.put(entry(10))
    this.take()
    this.room()
    this.put(entry(20))
    this.put(entry(30))
    with pytest.raises(ServiceError, match="2 runs wait already and 2 may") as caught:
        this.room()
    assert caught.value.code == "queue.full"


def test_a_closed_queue_lets_nothing_begin() -> None:
    this, _ = queue(slots=1)
    this.put(entry(10))
    this.close()
    assert this.take() is None
