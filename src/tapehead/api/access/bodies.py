"""BodyLimit: a body that is too large or too slow is refused before it is read."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapehead.api.options import MIB, Options
from tapehead.api.problem import problem

UPLOADS = ("/api/v1/imports", "/api/v1/runs/trades")


class BodyLimit:
    """Pure ASGI. Answers 413 by the declared length, else as soon as the pieces exceed it; 408 when none comes."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app, self._options = app, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body bounded."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        length = headers.get(b"content-length")
        if length is None and b"transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        limit = self._options.upload_bytes if scope["path"] in UPLOADS else self._options.body_bytes
        # The parser has let digits through only, but as many as it was given.
        if length is not None and (len(length) > 18 or int(length) > limit):
            await refusal(scope, 413, limit)(scope, receive, send)
            return
        body = _Body(scope, receive, send, limit, self._options.body_s)
        await self._app(scope, body.receive, body.send)


class _Body:
    """The two sides of one request whose body is counted."""

    __slots__ = ("_limit", "_receive", "_scope", "_send", "_size", "_started", "_wait_s", "_whole", "refused")

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int, wait_s: float) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._limit, self._wait_s = limit, wait_s
        self._size = 0
        self._started = self._whole = self.refused = False

    async def receive(self) -> Message:
        """Return the next message; a disconnect once the body was refused."""
        if self._whole:
            return await self._receive()
        if self.refused:
            return {"type": "http.disconnect"}
        try:
            async with asyncio.timeout(self._wait_s):
                message = await self._receive()
        except TimeoutError:
            return await self._refuse(408)
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._size > self._limit:
                self._whole = False
                return await self._refuse(413)
        return message

    async def send(self, message: Message) -> None:
        """Send on, unless the refusal was sent already."""
        if not self.refused:
            self._started = True
            await self._send(message)

    async def _refuse(self, status: int) -> Message:
        """Answer in the application's place; for it, the client is gone."""
        self.refused = True
        if not self._started:
            bound = self._limit if status == 413 else self._wait_s
            await refusal(self._scope, status, bound)(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"}


def refusal(scope: Scope, status: int, bound: float) -> ASGIApp:
    """Return the answer to a body that is larger than `bound` bytes (413) or paused for `bound` seconds (408)."""
    request = scope.get("tapehead.request", "")
    if status == 408:
        text = f"No piece of the body came for {bound:.0f} s. Send it again, without a pause."
        return problem("input.slow", text, instance=scope["path"], request=request, headers={"connection": "close"})
    unit, size = ("MiB", bound / MIB) if bound >= MIB else ("bytes", bound)
    text = f"The body is larger than the {size:,.0f} {unit} that this route takes. Send less at once."
    return problem("input.body_size", text, instance=scope["path"], request=request)
