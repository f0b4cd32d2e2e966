"""A stream by itself: pings, slow clients, endings that are none, the word at the end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tapehead.api import event_stream as room
from tapehead.api import hub as hub_room
from tapehead.api.event_stream import EventStream, Place
from tapehead.api.hub import Hub
from tests.unit.api.memory_log import RUN, Log


class Client:
    """What an ASGI server is to a stream: takes bytes, slowly if it must, and may leave."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.sent: list[bytes] = []
        self.pause_s = pause_s
        self.ended = False
        self._left, self._got = asyncio.Event(), asyncio.Condition()

    async def receive(self) -> dict[str, str]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body":
            self.sent.append(message["body"])
            self.ended = not message["more_body"]
            async with self._got:
                self._got.notify_all()
            await asyncio.sleep(self.pause_s if message["body"].startswith(b"id:") else 0)

    def leave(self) -> None:
        self._left.set()

    async def has(self, text: bytes) -> None:
        async with self._got:
            await self._got.wait_for(lambda: text in b"".join(self.sent))

    def numbers(self) -> list[int]:
        """Return the numbers of the events that it got."""
        lines = b"".join(self.sent).decode().splitlines()
        return [int(line.rpartition("/")[2]) for line in lines if line.startswith("id: ")]


def played(scene: Callable[[Hub, Log], Coroutine[Any, Any, None]]) -> None:
    """Play a scene with an open hub."""

    async def whole() -> None:
        log: Any = Log()
        hub = Hub(log, lambda run: True)
        hub.open()
        try:
            async with asyncio.timeout(20):
                await scene(hub, log)
        finally:
            await hub.close()

    asyncio.run(whole())


def stream(hub: Hub, client: Client, after: int = 0, **others: Any) -> "asyncio.Task[None]":
    """Start a stream to a client."""
    return asyncio.create_task(EventStream(hub, [Place(RUN, after)], **others)({}, client.receive, client.send))


def test_an_ending_that_the_run_went_on_after_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_room, "PAGE", 3)

    async def scene(hub: Hub, log: Log) -> None:
        log.add(2)
        log.add(1, "cancelled")
        log.add(2)
        log.add(1, "completed")
        client = Client()
        await stream(hub, client)
        assert client.numbers() == [1, 2, 3, 4, 5, 6]
        assert client.ended

    played(scene)


def test_a_quiet_stream_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PING_S", 0.01)

    async def scene(hub: Hub, log: Log) -> None:
        log.add(1)
        client = Client()
        going = stream(hub, client)
        await client.has(b": ping\n\n: ping\n\n")
        log.add(1, "completed")
        await going
        assert client.numbers() == [1, 2]

    played(scene)


def test_a_slow_client_misses_progress_that_is_overtaken_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SLOW_S", 0.005)

    async def scene(hub: Hub, log: Log) -> None:
        log.add(1, "started")
        client = Client(pause_s=0.02)
        going = stream(hub, client)
        await client.has(b"started")
        log.add(3)
        log.add(2, "result")
        log.add(2)
        log.add(1, "completed")
        await going
        assert client.numbers() == [1, 5, 6, 8, 9]

    played(scene)


def test_a_quick_client_gets_all_progress() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        log.add(3)
        log.add(1, "completed")
        client = Client()
        await stream(hub, client)
        assert client.numbers() == [1, 2, 3, 4]

    played(scene)


def test_a_client_that_reads_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "STALL_S", 0.02)

    async def scene(hub: Hub, log: Log) -> None:
        log.add(1)
        client, gone = Client(pause_s=60), []
        await stream(hub, client, gone=lambda: gone.append(RUN))
        assert not client.ended
        assert gone == [RUN]
        assert hub.streams == 0

    played(scene)


def test_a_drained_stream_says_when_to_come_back() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        log.add(1)
        client = Client()
        going = stream(hub, client)
        await client.has(b"progress")
        hub.drain()
        await going
        assert client.sent[-2:] == [b"retry: 1000\n\n", b""]

    played(scene)


def test_a_client_that_leaves_is_noticed_and_told_of() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        log.add(1)
        client, gone = Client(), []
        going = stream(hub, client, gone=lambda: gone.append(RUN))
        await client.has(b"progress")
        client.leave()
        await going
        assert gone == [RUN]
        assert hub.streams == 0

    played(scene)


def test_a_kept_run_that_answers_says_so() -> None:
    async def scene(hub: Hub, log: Log) -> None:
        log.events.append(b'{"event":"completed","id":"x/1","reused":false}')
        client = Client()
        await stream(hub, client, reused=True)
        assert b'"reused":true' in b"".join(client.sent)

    played(scene)
