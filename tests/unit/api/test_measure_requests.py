"""The outermost layer: ids, times and log lines of requests."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import re
import threading
from typing import Any

import pytest

from tapehead.api.measure import requests
from tapehead.api.measure.context import REQUEST
from tapehead.api.measure.metrics import Metrics
from tapehead.api.measure.requests import RequestLayer, Traffic, request_id
from tapehead.api.measure.stages import spend, stage

SECRET = "th_" + "s" * 40


def scope(**others: Any) -> dict[str, Any]:
    """What a server says of a request."""
    return {
        "type": "http",
        "method": "GET",
        "path": "/api/v1/bars/BTC",
        "query_string": f"key={SECRET}".encode(),
        "headers": [(b"authorization", f"Bearer {SECRET}".encode())],
        "client": ("10.0.0.7", 4242),
        **others,
    }


class Route:
    """A route as the router leaves it in the scope."""

    path = "/api/v1/bars/{symbol}"


def plain(status: int = 200, **headers: str) -> Any:
    """An application that answers `ok`."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        scope["route"] = Route
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


class Asked:
    """One request through the layer: what was sent, the metrics, the traffic."""

    def __init__(self, app: Any, **others: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.metrics = Metrics(lambda: ())
        self.traffic = Traffic()
        self.scope = scope(**others)

        async def ask() -> None:
            async def send(message: Any) -> None:
                self.sent.append(dict(message))

            await RequestLayer(app, self.metrics, self.traffic)(self.scope, None, send)  # type: ignore[arg-type]  # unread

        asyncio.run(ask())

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer."""
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    def observed(self) -> list[str]:
        """The series of request times that hold something."""
        found = re.findall(r"tapehead_request_seconds_count(\{.*?\}) 1\.0", self.metrics.text().decode())
        return [str(each) for each in found]


@pytest.mark.parametrize("given", [b"a", b"me.1_X-9", b"x" * 64])
def test_a_sane_id_is_kept(given: bytes) -> None:
    assert request_id([(b"host", b"h"), (b"x-request-id", given)]) == given.decode()


@pytest.mark.parametrize(
    "given", [[b""], [b"x" * 65], [b"a b"], [b"a\nb"], [b"\xff"], [b'"'], [b"a", b"b"], ["é".encode()], []]
)
def test_any_other_id_is_made(given: list[bytes]) -> None:
    found = request_id([(b"x-request-id", each) for each in given])
    assert re.fullmatch("[0-9a-f]{32}", found)
    assert found != request_id([])


def test_a_request_has_one_id_in_scope_in_threads_and_in_its_answer() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["tapehead.request"])
        await asyncio.to_thread(lambda: seen.append(REQUEST.get()))
        await plain()(scope, receive, send)

    asked = Asked(app, headers=[(b"x-request-id", b"mine")])
    assert seen == ["mine", "mine"]
    assert asked.headers["x-request-id"] == "mine"
    assert REQUEST.get() == ""


def test_stages_are_told_with_the_total_and_threads_count_into_them() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        def work() -> None:
            with stage("plan"):
                pass

        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
        thread.start()
        thread.join()
        spend("read", 0.0015)
        spend("read", 0.0005)
        await plain()(scope, receive, send)

    told = Asked(app).headers["server-timing"]
    assert re.fullmatch(r"plan;dur=\d+\.\d{3}, read;dur=2\.000, total;dur=\d+\.\d{3}", told)
    spend("read", 1.0)  # outside a request: counted nowhere


def test_a_stream_is_told_without_a_total_and_counts_as_one() -> None:
    app = plain(content_type="text/event-stream; charset=utf-8")
    asked = Asked(app)
    assert "server-timing" not in asked.headers
    assert (asked.traffic.stream_bytes, asked.traffic.plain_bytes, asked.traffic.open) == (2, 0, 0)
    told = Asked(plain())
    assert (told.traffic.stream_bytes, told.traffic.plain_bytes) == (0, 2)

    async def planned(scope: Any, receive: Any, send: Any) -> None:
        spend("plan", 0.001)
        await app(scope, receive, send)

    assert Asked(planned).headers["server-timing"] == "plan;dur=1.000"


def test_time_is_kept_by_template_method_and_status_however_odd_the_request() -> None:
    assert Asked(plain(404)).observed() == ['{method="GET",route="/api/v1/bars/{symbol}",status="404"}']

    async def unrouted(scope: Any, receive: Any, send: Any) -> None:
        await plain()({**scope}, receive, send)

    odd = Asked(unrouted, method="BREW", path="/x" * 900)
    assert odd.observed() == ['{method="other",route="none",status="200"}']


@pytest.mark.parametrize("told", [False, True])
def test_a_request_that_breaks_is_logged_with_its_trace_and_raised_unless_it_is_told(
    caplog: pytest.LogCaptureFixture, told: bool
) -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        if told:
            await plain(500)(scope, receive, send)
        raise ZeroDivisionError

    raised = contextlib.nullcontext() if told else pytest.raises(ZeroDivisionError)
    with caplog.at_level(logging.INFO, "tapehead.requests"), raised:
        Asked(broken)
    trace, line = caplog.records
    assert trace.exc_info is not None
    assert trace.exc_info[0] is ZeroDivisionError
    assert (line.__dict__["status"], line.__dict__.get("cut")) == ((500, None) if told else (0, True))


@pytest.mark.parametrize(
    ("status", "path", "slow_s", "level"),
    [
        (200, Route.path, 60.0, logging.INFO),
        (404, Route.path, 60.0, logging.INFO),
        (500, Route.path, 60.0, logging.ERROR),
        (503, Route.path, 60.0, logging.INFO),
        (200, Route.path, -1.0, logging.WARNING),
        (200, "/livez", 60.0, logging.DEBUG),
        (500, "/livez", 60.0, logging.ERROR),
    ],
)
def test_how_it_went_decides_how_loud_its_line_is(
    status: int, path: str, slow_s: float, level: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "SLOW_S", slow_s)
    monkeypatch.setattr(Route, "path", path)
    with caplog.at_level(logging.DEBUG, "tapehead.requests"):
        Asked(plain(status))
    record = caplog.records[-1]
    assert (record.levelno, record.__dict__.get("slow", False)) == (level, slow_s < 0)


def test_a_client_that_asked_to_wait_is_not_slow(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "SLOW_S", -1.0)

    async def waited(scope: Any, receive: Any, send: Any) -> None:
        spend("queue", 30.0)
        spend("run", 30.0)
        await plain()(scope, receive, send)

    with caplog.at_level(logging.INFO, "tapehead.requests"):
        Asked(waited)
    assert caplog.records[-1].levelno == logging.INFO


@pytest.mark.parametrize("given", ["<b>", "x y", "1" * 60_000, "10.0.0.7:80"])
def test_what_is_no_address_names_no_client(given: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tapehead.requests"):
        asked = Asked(plain(), client=(given, 1))
    assert asked.scope["client"] == ("unknown", 0)
    assert "client" not in vars(caplog.records[-1])


def test_a_line_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "tapehead.requests"):
        Asked(plain(), path_params={"run": "01ARZ"})
    told = vars(caplog.records[-1])
    assert {name: told[name] for name in ("method", "path", "route", "status", "bytes", "client", "run")} == {
        "method": "GET",
        "path": "/api/v1/bars/BTC",
        "route": Route.path,
        "status": 200,
        "bytes": 2,
        "client": "10.0.0.7",
        "run": "01ARZ",
    }
    assert SECRET not in str(told)


def test_what_is_no_request_passes() -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    layer = RequestLayer(app, Metrics(lambda: ()), Traffic())
    asyncio.run(layer({"type": "lifespan"}, None, None))  # type: ignore[arg-type]  # unread
    assert seen == ["lifespan"]
