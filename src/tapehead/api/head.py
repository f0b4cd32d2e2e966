"""HeadRequests: what answers GET answers HEAD, with the same headers and no body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FOUND = ("route", "path_params")
"""What the router leaves in the scope, for the layers around."""


class HeadRequests:
    """Pure ASGI. Asks for the GET, so that length and ETag are its own; a stream is left once its headers are there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; anything but HEAD passes as it is."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        begun = False

        async def waiting() -> Message:
            return {"type": "http.disconnect"} if begun else await receive()

        async def headed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, waiting, headed)
        finally:
            scope.update({name: asked[name] for name in _FOUND if name in asked})
