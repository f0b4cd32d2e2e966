"""event_stream: the answer that replays and follows; a stream is a place in the log, nothing else is buffered."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tapehead.api.frames import ENDINGS, Frame
from tapehead.api.hub import Hub, Watch

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PING_S = 15.0
SLOW_S = 0.5
STALL_S = 30.0
RETRY = b"retry: 1000\n\n"
PING = b": ping\n\n"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class Place(NamedTuple):
    """How far a stream is in one run: the number of the last event it has, and whether that ended the run."""

    run: str
    after: int
    ended: bool = False


class EventStream(Response):
    """An ASGI answer that replays the events of some runs after their places and follows them to their ends.

    Parameters
    ----------
    hub : Hub
    places : sequence of Place
    headers : mapping, optional
        Beside those of every stream.
    tiles : bool
        Tell a tile of a sweep as one event, else as its results.
    first : bytes
        A frame that is told before all events.
    reused : bool
        The last event says so: an equal run that was kept answers.
    gone : callable, optional
        Called when the client leaves before the end, or is hung up on because it does not read.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        hub: Hub,
        places: Sequence[Place],
        *,
        headers: Mapping[str, str] | None = None,
        tiles: bool = False,
        first: bytes = b"",
        reused: bool = False,
        gone: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(None, 200, {**HEADERS, **(headers or {})})
        del self.headers["content-length"]
        self._hub = hub
        self._after = {place.run: place.after for place in places}
        self._ended = {place.run for place in places if place.ended}
        self._tiles = tiles
        self._first = first
        self._reused = reused
        self._gone = gone
        self._slow = False

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until every run has ended, the client is gone or the service drains."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        watch = self._hub.join(self._after, tiles=self._tiles)
        leaving = asyncio.create_task(_left(receive, watch))
        stalled = False
        try:
            await _put(send, RETRY + self._first)
            await self._follow(send, watch, leaving)
        except TimeoutError:
            # The client does not read. Its place is in the log; it comes back with Last-Event-ID.
            stalled = True
        finally:
            self._hub.leave(watch)
            gone = stalled or leaving.done()
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving
        if gone and self._gone is not None:
            await run_in_threadpool(self._gone)
        if not stalled:
            with contextlib.suppress(TimeoutError):
                await _put(send, b"", more=False)

    async def _follow(self, send: Send, watch: Watch, leaving: "asyncio.Task[None]") -> None:
        """Send what comes, one write for all that is there, until there is nothing to come."""
        left = set(self._after) - self._ended
        while left and not leaving.done():
            watch.woken.clear()
            chunks: list[bytes] = []
            for run in tuple(left):
                frames = await self._hub.frames(run, self._after[run], tiles=self._tiles)
                if frames:
                    self._after[run] = frames[-1].number
                    chunks += self._bytes(frames)
                    last = frames[-1]
                    if last.name in ENDINGS and await self._hub.ended(run, last.number, tiles=self._tiles):
                        left.discard(run)
            if chunks:
                self._hub.sent += len(chunks)
                self._slow = await _put(send, b"".join(chunks)) > SLOW_S
            elif self._hub.draining:
                await _put(send, RETRY)
                return
            elif not leaving.done() and not await watch.wait(PING_S):
                await _put(send, PING)

    def _bytes(self, frames: Sequence[Frame]) -> list[bytes]:
        """Return the bytes of frames; for a slow client without progress that newer progress has overtaken."""
        kept = []
        newest = max((i for i, frame in enumerate(frames) if frame.name == "progress"), default=0)
        for i, frame in enumerate(frames):
            if self._slow and frame.name == "progress" and i < newest:
                continue
            data = frame.bytes
            if self._reused and frame.name == "completed":
                data = data.replace(b'"reused":false', b'"reused":true')
            kept.append(data)
        return kept


async def _left(receive: Receive, watch: Watch) -> None:
    """Return when the client is gone, and wake its stream."""
    while (await receive())["type"] != "http.disconnect":
        pass
    watch.woken.set()


async def _put(send: Send, data: bytes, *, more: bool = True) -> float:
    """Write; return the seconds it took; raise TimeoutError where the client takes nothing for STALL_S."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(STALL_S):
        await send({"type": "http.response.body", "body": data, "more_body": more})
    return loop.time() - began
