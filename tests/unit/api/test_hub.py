"""The hub: one read for all who watch, nothing lost between a look and a wait, far places from the log."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tapehead.api import hub as room
from tapehead.api.hub import Hub
from tests.unit.api.memory_log import RUN, Log


def watched(scene: Callable[[Hub, Log], Any]) -> None:
    """Run a scene with an open hub."""

    async def whole() -> None:
        log: Any = Log()
        hub = Hub(log, lambda run: True)
        hub.open()
        try:
            await scene(hub, log)
        finally:
            await hub.close()

    asyncio.run(whole())


def test_many_who_watch_cost_one_read() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        log.add(5)
        watches = [hub.join([RUN]) for _ in range(50)]
        found = await asyncio.gather(*(hub.frames(RUN, 0) for _ in watches))
        assert [[frame.number for frame in frames] for frames in found] == [[1, 2, 3, 4, 5]] * 50
        assert len(log.reads) == 1
        for watch in watches:
            hub.leave(watch)
        assert hub.streams == 0

    watched(scene)


def test_news_wake_who_waits_and_only_those_of_that_run() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        watch, other = hub.join([RUN]), hub.join(["another"])
        assert await hub.frames(RUN, 0) == []
        waiting = asyncio.create_task(watch.wait(10))
        await asyncio.sleep(0)
        log.add(1)
        assert await waiting is True
        assert [frame.number for frame in await hub.frames(RUN, 0)] == [1]
        assert not other.woken.is_set()
        assert await other.wait(0.01) is False

    watched(scene)


def test_places_further_back_than_the_tail_are_read_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "TAIL_FRAMES", 4)
    monkeypatch.setattr(room, "PAGE", 3)

    async def scene(hub: Hub, log: Log) -> None:
        hub.join([RUN])
        log.add(10)
        after, numbers = 0, []
        while frames := await hub.frames(RUN, after):
            numbers += [frame.number for frame in frames]
            after = numbers[-1]
        assert numbers == list(range(1, 11))
        assert [frame.number for frame in await hub.frames(RUN, 2)] == [3, 4, 5]
        assert [frame.number for frame in await hub.frames(RUN, 9)] == [10]
        assert await hub.frames(RUN, 10) == []

    watched(scene)


def test_a_late_joiner_in_the_middle_gets_what_follows() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        log.add(8)
        hub.join([RUN])
        assert [frame.number for frame in await hub.frames(RUN, 6)] == [7, 8]
        assert [frame.number for frame in await hub.frames(RUN, 2)] == list(range(3, 9))
        log.add(2)
        await asyncio.sleep(0)
        assert [frame.number for frame in await hub.frames(RUN, 8)] == [9, 10]
        assert await hub.ended(RUN, 10) is True
        assert await hub.ended(RUN, 9) is False

    watched(scene)


def test_events_at_hand_are_not_read_and_a_gap_is() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        hub.join([RUN])
        log.add(2, at_hand=True)
        await asyncio.sleep(0)
        assert [frame.number for frame in await hub.frames(RUN, 0)] == [1, 2]
        assert log.reads == []
        log.add(1)
        log.add(2, at_hand=True)
        await asyncio.sleep(0)
        assert [frame.number for frame in await hub.frames(RUN, 2)] == [3, 4, 5]
        assert log.reads == [(2, room.PAGE)]
        log.add(1, at_hand=True)
        await asyncio.sleep(0)
        kept = await hub.frames(RUN, 0)
        assert [frame.number for frame in kept] == [1, 2, 3, 4, 5, 6]
        assert [frame.bytes.split(b"data: ")[1].strip() for frame in kept] == log.events
        assert len(log.reads) == 1

    watched(scene)


def test_events_that_come_while_they_are_read_are_kept_once() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        hub.join([RUN])
        log.add(1, at_hand=True)
        log.add(1)
        await asyncio.sleep(0)
        reading = asyncio.create_task(hub.frames(RUN, 1))
        await asyncio.sleep(0)
        hub.told(RUN, 2, [(2, log.events[1])])
        assert [frame.number for frame in await reading] == [2]
        assert [frame.number for frame in await hub.frames(RUN, 0)] == [1, 2]

    watched(scene)


def test_news_from_many_threads_always_wake() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        watch, rounds = hub.join([RUN]), 200
        log.events = [b'{"event":"progress"}'] * rounds
        turn = threading.Barrier(4)

        def tell(worker: int) -> None:
            turn.wait()
            for number in range(1 + worker, rounds + 1, 4):
                hub.told(RUN, number)

        threads = [threading.Thread(target=tell, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        after = 0
        while after < rounds:
            watch.woken.clear()
            frames = await hub.frames(RUN, after)
            after = frames[-1].number if frames else after
            if not frames:
                assert await watch.wait(10), f"nothing woke it after {after}"
        for thread in threads:
            thread.join()

    watched(scene)
