"""SecurityHeaders: what every answer tells a browser, of this service's pages and of everything else."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No inline script, nothing from elsewhere, in nobody's frame. Styles and pictures are the page's own, too.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"private, no-cache"),
)
"""There is no CORS header among them, and no route adds one."""


class SecurityHeaders:
    """Pure ASGI. Adds the headers to each answer, but those that its route has set."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                named = {name.lower() for name, _ in given}
                message["headers"] = given + [header for header in HEADERS if header[0] not in named]
            await send(message)

        await self._app(scope, receive, headed if scope["type"] == "http" else send)
