"""AsyncConnection: what Connection does, awaited."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, TypeVar

from tapehead.library.remote.asking import Answer, Ask, Asking
from tapehead.library.remote.connection import away, iter_file, may_repeat, request_times, stream_times
from tapehead.library.remote.place import Place, httpx_module

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


class AsyncConnection:
    """One service, asked by coroutines of one event loop."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.httpx = httpx_module("tapehead.connect_async")
        self._client = self.httpx.AsyncClient(timeout=request_times(self.httpx), **place.client())

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()

    async def do(self, asking: Asking[T]) -> T:
        """Ask what `asking` asks, one after another, and return what it makes of the answers."""
        try:
            ask = next(asking)
            while True:
                ask = asking.send(await self._send(ask))
        except StopIteration as done:
            made: T = done.value
            return made

    @contextlib.asynccontextmanager
    async def stream(self, ask: Ask) -> AsyncIterator["httpx.Response"]:
        """Send and give the answer while it comes; what breaks it is an `httpx.TransportError`."""
        async with self._client.stream(
            ask.method, ask.path, headers=ask.headers, timeout=stream_times(self.httpx)
        ) as response:
            yield response

    async def _send(self, ask: Ask) -> Answer:
        """Send one request; again where an open connection turns out to be dead and nothing can happen twice."""
        for tries in range(2):
            try:
                body = {} if ask.file is None else {"content": _iter_file(ask.file)}
                found = await self._client.request(**ask.request(), **body)
            except self.httpx.TransportError as error:
                if tries or not may_repeat(ask, error, self.httpx):
                    raise away(self.place, error) from error
            else:
                return Answer(found.status_code, dict(found.headers), found.content)
        raise AssertionError("unreachable")


async def _iter_file(path: str) -> AsyncIterator[bytes]:
    """Yield the bytes of a file as `iter_file` does; the disk is waited for in a thread."""
    pieces = iter_file(path)
    while data := await asyncio.to_thread(next, pieces, b""):
        yield data
