"""Patience: how long a request may wait for a database that went away; runs and imports wait longer."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tapehead.database.asker import asked_by

REQUEST_S: Final = 5.0
"""A server that is only restarted is back by then; for the rest a client does better to ask again."""


class Patience:
    """Pure ASGI; threads that a request hands its work to know of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        with asked_by(patience_s=REQUEST_S):
            await self._app(scope, receive, send)
