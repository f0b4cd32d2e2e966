"""RequestLayer: the outermost layer. Gives each request its id, counts and times it, and logs it."""

import ipaddress
import logging
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tapehead.api.measure.context import KEY, REQUEST
from tapehead.api.measure.metrics import Metrics
from tapehead.api.measure.stages import begin_stages, to_header

log = logging.getLogger("tapehead.requests")

SLOW_S = 1.0
QUIET = frozenset(("/livez", "/readyz", "/metrics"))
"""Routes that are asked every few seconds: their lines are of level debug."""
PATH_SHOWN = 200
UNKNOWN = "unknown"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_LONGEST = 45
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


@dataclass(slots=True)
class Traffic:
    """Requests that are open and bytes of bodies sent. Counted on the event loop alone, so nothing is locked."""

    open: int = 0
    plain_bytes: int = 0
    stream_bytes: int = 0


class RequestLayer:
    """Pure ASGI; everything below runs inside it.

    The id is that of `X-Request-Id` where it is sane (at most 64 of A-Z a-z 0-9 . _ -), else made; it lies in
    `scope["tapehead.request"]` and is answered in the same header. `Server-Timing` goes with the headers: for a stream
    without the total, which is not known then.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, traffic: Traffic) -> None:
        self._app, self._metrics, self._traffic = app, metrics, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = scope["tapehead.request"] = request_id(scope["headers"])
        scope["client"] = client_of(scope)
        request_set, key_set = REQUEST.set(request), KEY.set("")
        answer = _Answer(send, request, self._traffic)
        self._traffic.open += 1
        try:
            await self._app(scope, receive, answer)
        except Exception:
            # Here, where the request's id is still known; the server below would tell it without one.
            log.exception("request broke")
            if not answer.ended:
                raise
        finally:
            self._traffic.open -= 1
            self._tell(scope, answer)
            REQUEST.reset(request_set)
            KEY.reset(key_set)

    def _tell(self, scope: Scope, answer: "_Answer") -> None:
        """Observe a request that is over, and log it."""
        took_s = time.perf_counter() - answer.began
        route, method = route_of(scope), scope["method"] if scope["method"] in METHODS else "other"
        seconds = answer.started_s if answer.stream else took_s
        self._metrics.observe("tapehead_request_seconds", seconds, route, method, str(answer.status or "none"))
        slow = not answer.stream and took_s - answer.waited_s > SLOW_S
        level = _level(route, answer, slow=slow)
        if log.isEnabledFor(level):
            log.log(
                level,
                "%s %s",
                method,
                scope["path"][:PATH_SHOWN],
                extra=_facts(scope, route, answer, took_s, slow=slow),
            )


class _Answer:
    """The `send` of one request: adds headers to the start and counts what follows."""

    __slots__ = ("_request", "_send", "_spent", "_traffic", "began", "bytes", "ended", "started_s", "status", "stream")

    def __init__(self, send: Send, request: str, traffic: Traffic) -> None:
        self._send, self._request, self._traffic = send, request, traffic
        self._spent = begin_stages()
        self.began = time.perf_counter()
        self.status = self.bytes = 0
        self.started_s = 0.0
        self.stream = self.ended = False

    @property
    def waited_s(self) -> float:
        """How long the client wished to wait for a run: that is not slowness."""
        return self._spent.get("queue", 0.0) + self._spent.get("run", 0.0)

    async def __call__(self, message: Message) -> None:
        """Send one message on."""
        if message["type"] == "http.response.start":
            self._start(message)
        elif message["type"] == "http.response.body":
            size = len(message.get("body", b""))
            self.bytes += size
            if self.stream:
                self._traffic.stream_bytes += size
            else:
                self._traffic.plain_bytes += size
            self.ended = not message.get("more_body", False)
        await self._send(message)

    def _start(self, message: Message) -> None:
        """Note how the answer begins and add our headers."""
        self.status = message["status"]
        self.started_s = time.perf_counter() - self.began
        headers: list[tuple[bytes, bytes]] = [*message.get("headers", ())]
        self.stream = any(
            name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
        )
        headers.append((b"x-request-id", self._request.encode()))
        timing = to_header(self._spent, None if self.stream else self.started_s)
        if timing:
            headers.append((b"server-timing", timing.encode()))
        message["headers"] = headers


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that a request came with, where it came with one that is sane; else a new one."""
    given = [value for name, value in headers if name == b"x-request-id"]
    if len(given) == 1 and _ID.fullmatch(given[0]):
        return given[0].decode("ascii")
    return uuid.uuid4().hex


def client_of(scope: Scope) -> tuple[str, int]:
    """Return where a request came from; `unknown` where a proxy passed on what is no address.

    Logs, the audit log and the limits name clients by it, so it is nobody's free text.
    """
    host, port = scope.get("client") or (UNKNOWN, 0)
    return (host, port) if len(host) <= _LONGEST and _is_address(host) else (UNKNOWN, 0)


@lru_cache(1024)
def _is_address(text: str) -> bool:
    """Say whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, such as `/api/v1/runs/{run}`; `none` where there is none."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) and path else "none"


def _level(route: str, answer: _Answer, *, slow: bool) -> int:
    """Return the level of a request's line: broken ones are errors, slow ones warnings."""
    if answer.status >= 500 and answer.status != 503:
        return logging.ERROR
    if slow:
        return logging.WARNING
    return logging.DEBUG if route in QUIET else logging.INFO


def _facts(scope: Scope, route: str, answer: _Answer, took_s: float, *, slow: bool) -> dict[str, Any]:
    """Return what a request's line tells. Not its query nor its headers: there lie secrets."""
    facts: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"][:PATH_SHOWN],
        "route": route,
        "status": answer.status,
        "bytes": answer.bytes,
        "duration_ms": round(took_s * 1e3, 3),
    }
    client, _ = scope["client"]
    if client != UNKNOWN:
        facts["client"] = client
    if answer.stream:
        facts["stream"] = True
    elif slow:
        facts["slow"] = True
    if not answer.ended:
        facts["cut"] = True
    run = (scope.get("path_params") or {}).get("run")
    if isinstance(run, str):
        facts["run"] = run
    return facts
