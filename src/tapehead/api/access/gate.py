"""Gate: the layer that knows who asks: by which name, from where, with which key, how often, for what."""

import asyncio
import logging
import re
import time
import urllib.parse
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapehead.api.access.binding import needs_key
from tapehead.api.access.housekeeping import Housekeeping
from tapehead.api.access.keyring import Grant, Keyring
from tapehead.api.access.places import Places, is_forwarded, is_loopback
from tapehead.api.access.rates import Rates, bucket_of
from tapehead.api.access.scopes import Rule, Table
from tapehead.api.measure.context import KEY
from tapehead.api.options import Options
from tapehead.api.problem import problem
from tapehead.errors import ServiceError
from tapehead.library.keys import KEY_PATTERN, now_us
from tapehead.ports.access import AccessStore, AuditEntry, Key

log = logging.getLogger("tapehead.access")

LOOPBACK = "loopback"
MOST_HEADERS = 100
_LOOPBACK_RATE = (10_000.0, 20_000)
_RATE = (100.0, 200)
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_PATH_SHOWN = 200
_CHALLENGE, _REALM = "www-authenticate", 'Bearer realm="tapehead"'
_MAKE = "tapehead keys create --scope {} --name me"
_SECRET_NAMES = re.compile(r"(?:^|&)(?:api[_-]?key|access[_-]?token|token|authorization|bearer)=", re.IGNORECASE)


class Gate:
    """Pure ASGI. Lets a request through that may go through, and ends it when its key ends.

    Parameters
    ----------
    app : ASGI application
    store : AccessStore
        Keys and audit log.
    options : Options
    """

    def __init__(self, app: ASGIApp, store: AccessStore, options: Options) -> None:
        self._app = app
        self._options = options
        self._places = Places(options)
        self._table = Table()
        self._needs_key = needs_key(options)
        per_s, burst = _LOOPBACK_RATE if is_loopback(options.host) and not self._needs_key else _RATE
        self._rates = Rates(options.rate_per_s or per_s, options.rate_burst or burst)
        self._keyring = Keyring()
        self._store = store
        self._housekeeping: Housekeeping | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._admit(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep house while the application lives."""
        keeping = self._housekeeping = Housekeeping(self._store, self._keyring, self._options.audit_days)
        await keeping.begin()
        going = asyncio.create_task(keeping.go_on())

        async def told(message: Message) -> None:
            # The loop ends once the end is told, so what waits is kept before.
            if message["type"].startswith("lifespan.shutdown"):
                keeping.end()
                await going
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            keeping.end()
            await going

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check everything that can be checked before the body is read."""
        headers: list[tuple[bytes, bytes]] = []
        answer = _Answer(send, headers)
        try:
            self._check_shape(scope)
            self._places.check(scope["method"], scope["headers"])
            key = self._identify(scope, headers)
            self._count(scope, key, headers)
            rule = self._table.find(scope["method"], scope["path"])
            self._check_scope(scope, rule, key)
        except ServiceError as error:
            more, request = getattr(error, "headers", {}), scope.get("tapehead.request", "")
            refusal = problem(error.code, str(error), instance=scope["path"], request=request, headers=more)
            if error.code == "access.scope" and scope["method"] not in _SAFE:
                self._note(scope, KEY.get(), refusal.status_code)
            await refusal(scope, receive, answer.send)
            return
        if rule is not None and scope["method"] not in _SAFE:
            answer.audited = lambda status: self._note(scope, key.prefix if key else LOOPBACK, status)
        if key is None:
            await self._app(scope, receive, answer.send)
            return
        grant = self._keyring.enter(key)
        try:
            await self._app(scope, _Guarded(receive, grant).receive, answer.send)
        finally:
            self._keyring.leave(grant)

    def _check_shape(self, scope: Scope) -> None:
        """Refuse too many or too large headers, and a key where logs would keep it."""
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        size = (
            sum(len(name) + len(value) for name, value in headers) + len(scope["raw_path"]) + len(scope["query_string"])
        )
        if len(headers) > MOST_HEADERS or size > self._options.header_bytes:
            text = f"More than {MOST_HEADERS} headers or {self._options.header_bytes:,} bytes of them. Send fewer."
            raise ServiceError(text, code="input.header_size")
        query = scope["query_string"].decode("latin-1")
        whole = urllib.parse.unquote(query)
        if _SECRET_NAMES.search(query) or KEY_PATTERN.search(whole) or KEY_PATTERN.search(scope["path"]):
            # The layers outside log the path of this very scope.
            scope["path"] = KEY_PATTERN.sub("***", scope["path"])
            scope["query_string"] = b""
            text = "A key in a URL is kept by logs and histories. Send it as 'Authorization: Bearer ...', and take it "
            raise ServiceError(f"{text}back: tapehead keys revoke PREFIX", code="access.key_in_url")

    def _identify(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> Key | None:
        """Return the key that a request came with; None where it needs none."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            return None
        scheme, _, text = given[0].decode("latin-1").partition(" ")
        key = self._keyring.find(text.strip(), now_us()) if len(given) == 1 and scheme.lower() == "bearer" else None
        if key is None:
            self._count(scope, None, headers)
            log.warning("key refused", extra={"client": _address(scope)})
            text = f"That is no key of this service, or it has ended. Make another: {_MAKE.format('run')}"
            raise ServiceError(text, code="access.key", headers={_CHALLENGE: f'{_REALM}, error="invalid_token"'})
        KEY.set(key.prefix)
        return key

    def _count(self, scope: Scope, key: Key | None, headers: list[tuple[bytes, bytes]]) -> None:
        """Take a token of the key, or of the address where there is none."""
        taken = self._rates.take(key.prefix if key else bucket_of(_address(scope)), time.monotonic())
        headers += self._rates.to_headers(taken)
        if not taken.allowed:
            text = f"More than {self._rates.per_s:,.0f} requests a second. Try again in {taken.retry_s} s."
            raise ServiceError(text, code="access.rate")

    def _check_scope(self, scope: Scope, rule: Rule | None, key: Key | None) -> None:
        """Refuse what the key, or its absence, does not allow. What the table does not know is allowed nobody."""
        wanted = rule.scope if rule is not None else "admin"
        if wanted == "open":
            return
        needed = self._needs_key or is_forwarded(scope["headers"])
        if key is None and needed:
            text = f"A key is needed, as 'Authorization: Bearer ...'. Make one: {_MAKE.format('run')}"
            raise ServiceError(text, code="access.key", headers={_CHALLENGE: _REALM})
        if key is not None and rule is not None and not key.allows(wanted):
            text = f"The key {key.prefix} may {', '.join(key.scopes)}; this needs {wanted}. Make another: "
            raise ServiceError(text + _MAKE.format(wanted), code="access.scope")
        if rule is None and (self._table.methods(scope["path"]) or (key is not None and not key.allows(wanted))):
            raise self._unknown(scope)

    def _unknown(self, scope: Scope) -> ServiceError:
        """Return the error for what the table does not know."""
        path, methods = scope["path"][:_PATH_SHOWN], self._table.methods(scope["path"])
        if not methods:
            text = f"Nothing lies at {path}. What there is stands in /api/openapi.json"
            return ServiceError(text, code="route.unknown")
        text = f"{path} does not take {scope['method']}. What there is stands in /api/openapi.json"
        return ServiceError(text, code="route.method", headers={"allow": ", ".join(methods)})

    def _note(self, scope: Scope, who: str, status: int) -> None:
        """Note a write in the audit log."""
        if self._housekeeping is not None:
            method, path, request = scope["method"], scope["path"][:_PATH_SHOWN], scope.get("tapehead.request", "")
            self._housekeeping.note(AuditEntry(0, now_us(), who, _address(scope), method, path, status, request))


class _Answer:
    """The `send` of one request: adds headers to its start, and tells the audit log of its status."""

    __slots__ = ("_headers", "_send", "audited")

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send, self._headers = send, headers
        self.audited = _nobody

    async def send(self, message: Message) -> None:
        """Send one message on."""
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *self._headers]
            self.audited(message["status"])
        await self._send(message)


class _Guarded:
    """The `receive` of one request with a key: the client is gone when the key ends."""

    __slots__ = ("_grant", "_receive", "_whole")

    def __init__(self, receive: Receive, grant: Grant) -> None:
        self._receive, self._grant = receive, grant
        self._whole = False

    async def receive(self) -> Message:
        """Return the next message; while one waits for the client to leave, the end of the key is such a leaving."""
        if self._grant.ended.is_set():
            return {"type": "http.disconnect"}
        if not self._whole:
            message = await self._receive()
            self._whole = message["type"] == "http.request" and not message.get("more_body", False)
            return message
        coming = asyncio.ensure_future(self._receive())
        ended = asyncio.ensure_future(self._grant.ended.wait())
        try:
            await asyncio.wait((coming, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            if not coming.done():
                coming.cancel()
        return coming.result() if coming.done() and not coming.cancelled() else {"type": "http.disconnect"}


def _nobody(status: int) -> None:
    """Tell nobody."""


def _address(scope: Scope) -> str:
    """Return the client's address."""
    client = scope.get("client")
    return client[0] if client else "unknown"
