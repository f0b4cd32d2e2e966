"""Through a real nginx with `deploy/nginx.conf`: events come as they are born, and what should not pass does not."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tests.acceptance.program import tapehead, write_bars
from tests.acceptance.proxy import NAME, STREAMS, Proxy, proxied
from tests.acceptance.test_http_stream import events_of, wait_for
from tests.serving import Served, install_gated, serving

MIB = 1024 * 1024
INSTRUMENTS = 8
FREE = 4
"""Calls of the strategy before the gate: some results are born, and the last cannot be."""
SPEC = {"strategy": "Gated", "parameters": {"free": FREE}, "universe": "demo", "fresh": True}
PATIENCE_S = 60.0


@dataclass
class Behind:
    """A service behind a proxy, a client with a key that goes through it, and the gate of the strategy."""

    served: Served
    proxy: Proxy
    client: httpx.Client
    direct: httpx.Client
    gate: Path
    key: str
    admin: str


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """A service that is called by its public name, as `docs/deploy.md` starts it, behind nginx."""
    folder = tmp_path_factory.mktemp("behind")
    home = folder / "home"
    with th.open(home) as store:
        store.demo(instruments=INSTRUMENTS, years=1)
    key, admin = (
        tapehead("--json", "keys", "create", "--scope", scope, "--name", f"nginx-{scope[:3]}", home=home).document[
            "key"
        ]
        for scope in ("run,write", "admin")
    )
    environment = install_gated(folder)
    with ExitStack() as held:
        served = held.enter_context(serving(home, "--host-name", NAME, environment=environment))
        proxy = held.enter_context(proxied(folder / "nginx", served.url.removeprefix("http://")))
        headers = {"Authorization": f"Bearer {key}", "Host": f"{NAME}:{proxy.port}"}
        client = httpx.Client(base_url=proxy.url, verify=proxy.trust, headers=headers, timeout=PATIENCE_S)
        direct = httpx.Client(base_url=served.url, headers={"Authorization": headers["Authorization"]})
        gate = Path(environment["TAPEHEAD_TEST_GATE"])
        yield Behind(served, proxy, held.enter_context(client), held.enter_context(direct), gate, key, admin)


@pytest.fixture
def closed(behind: Behind) -> Iterator[Behind]:
    """The same with the gate closed and no call counted; at the end nothing goes on in it."""
    yield behind
    (behind.gate / "open").touch()
    wait_for(lambda: not gauges(behind, "queue_active", "pool_running_tasks", "streams_open"), PATIENCE_S)
    for name in ("open", "calls"):
        (behind.gate / name).unlink(missing_ok=True)


def gauges(behind: Behind, *names: str) -> float:
    """Return the sum of some of the service's metrics."""
    text = behind.direct.get("/metrics").raise_for_status().text
    return sum(float(value) for value in re.findall(rf"^tapehead_(?:{'|'.join(names)}) (\S+)$", text, re.MULTILINE))


def read_until(lines: Iterator[str], event: str, times: int) -> list[str]:
    """Return the names of the events of a stream up to the one that comes for the so manieth time."""
    names: list[str] = []
    while names.count(event) < times:
        line = next(lines)
        if line.startswith("event: "):
            names.append(line.removeprefix("event: "))
    return names


def test_the_first_event_arrives_before_the_last_is_made(closed: Behind) -> None:
    with closed.client.stream("POST", "/api/v1/runs/stream", json=SPEC) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        came = read_until(lines, "result", 2)
        # The gate is closed still: what came passed nginx while the rest was not computed.
        assert came[0] == "started"
        assert not (closed.gate / "open").exists()
        (closed.gate / "open").touch()
        came += read_until(lines, "completed", 1)
        run = answer.headers["location"].rpartition("/")[2]
    assert came.count("result") == INSTRUMENTS
    path = f"/api/v1/runs/{run}/events"
    assert closed.client.get(path).content == closed.direct.get(path).content


def test_a_stream_goes_on_after_the_last_event_that_came(closed: Behind) -> None:
    run = closed.client.post("/api/v1/runs", json=SPEC).raise_for_status().json()["id"]
    path = f"/api/v1/runs/{run}/events"
    with closed.client.stream("GET", path) as answer:
        had = read_until(answer.iter_lines(), "result", 2)
    (closed.gate / "open").touch()
    whole = events_of(closed.direct.get(path, timeout=PATIENCE_S).content)
    rest = events_of(closed.client.get(path, headers={"Last-Event-ID": f"{run}/{len(had)}"}).content)
    assert rest == whole[len(had) :]
    several = closed.client.get(f"/api/v1/events?runs={run}&after={run}/{len(had)}")
    assert events_of(several.content) == rest


def test_a_client_that_leaves_the_proxy_leaves_the_service(closed: Behind) -> None:
    with closed.client.stream("POST", "/api/v1/runs/stream", json=SPEC | {"on_disconnect": "cancel"}) as answer:
        run = answer.headers["location"].rpartition("/")[2]
        read_until(answer.iter_lines(), "started", 1)
    # The gate is closed until the service has seen it, so the run cannot have ended by itself.
    wait_for(lambda: not gauges(closed, "streams_open"), PATIENCE_S)
    (closed.gate / "open").touch()
    last = events_of(closed.direct.get(f"/api/v1/runs/{run}/events", timeout=PATIENCE_S).content)[-1]
    assert last["event"] == "cancelled"


def test_a_file_larger_than_other_bodies_is_imported(behind: Behind, tmp_path: Path) -> None:
    file = write_bars(tmp_path, ("PASSUSDT",), 96_000) / "PASSUSDT.csv"
    assert file.stat().st_size > 4 * MIB
    headers = {"Content-Type": "application/octet-stream"}
    path = "/api/v1/imports?name=PASSUSDT.csv&venue=binance"
    answer = behind.client.post(path, content=file.read_bytes(), headers=headers)
    assert answer.status_code == 200, answer.text
    bars = behind.client.get("/api/v1/instruments?query=PASSUSDT").json()["instruments"]
    assert [each["symbol"] for each in bars] == ["PASSUSDT"]


def test_a_body_that_is_too_large_is_refused_like_the_service_would(behind: Behind) -> None:
    answer = behind.client.post("/api/v1/runs", content=b" " * (4 * MIB + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "input.body_size")
    assert answer.headers["content-type"] == "application/problem+json"
    refused = behind.direct.post("/api/v1/runs", content=b" " * (4 * MIB + 1)).json()
    assert (answer.json()["type"], answer.json()["title"]) == (refused["type"], refused["title"])


def test_one_address_may_open_so_many_streams(closed: Behind) -> None:
    run = closed.client.post("/api/v1/runs", json=SPEC).raise_for_status().json()["id"]
    path = f"/api/v1/runs/{run}/events"
    lines: list[Iterator[str]] = []
    with ExitStack() as streams:
        for _ in range(STREAMS):
            # Kept: an iterator that is let go closes its stream.
            lines.append(streams.enter_context(closed.client.stream("GET", path)).iter_lines())
            read_until(lines[-1], "started", 1)
        answer = closed.client.get("/livez")
        assert (answer.status_code, answer.json()["code"]) == (429, "access.rate")
        assert answer.headers["retry-after"]
    (closed.gate / "open").touch()
    assert events_of(closed.direct.get(path, timeout=PATIENCE_S).content)[-1]["event"] == "completed"


def test_headers_that_do_not_come_end_the_connection(behind: Behind) -> None:
    with (
        socket.create_connection(("127.0.0.1", behind.proxy.port), PATIENCE_S) as plain,
        behind.proxy.trust.wrap_socket(plain, server_hostname=NAME) as slow,
    ):
        slow.sendall(f"GET /livez HTTP/1.1\r\nHost: {NAME}\r\nX-Slow: ".encode())
        answer = slow.recv(1024)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408"), answer


def test_only_the_proxy_says_from_where_a_request_comes(behind: Behind) -> None:
    lies = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Forwarded-Proto": "http"}
    assert behind.client.post("/api/v1/runs", json=SPEC, headers={**lies, "Authorization": ""}).status_code == 401
    gone = behind.client.delete("/api/v1/universes/nowhere", headers=lies)
    assert gone.status_code == 404, gone.text
    noted = httpx.get(
        f"{behind.served.url}/api/v1/audit", headers={"Authorization": f"Bearer {behind.admin}"}, timeout=PATIENCE_S
    ).json()
    assert "203.0.113.9" not in json.dumps(noted)
    assert "127.0.0.1" in json.dumps(noted)


def test_a_foreign_name_and_a_foreign_page_are_refused(behind: Behind) -> None:
    foreign = behind.client.get("/api/v1/instruments", headers={"Host": "elsewhere.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "access.host")
    page = behind.client.get("/api/v1/instruments", headers={"Origin": "https://elsewhere.example"})
    assert (page.status_code, page.json()["code"]) == (403, "access.origin")
    own = behind.client.get("/api/v1/instruments", headers={"Origin": f"https://{NAME}:{behind.proxy.port}"})
    assert own.status_code == 200


def test_tls_is_offered_with_http_2_and_nothing_old(behind: Behind) -> None:
    trust = ssl.create_default_context(cafile=str(behind.proxy.certificate))
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", behind.proxy.port), PATIENCE_S) as plain,
        trust.wrap_socket(plain, server_hostname=NAME) as found,
    ):
        assert found.selected_alpn_protocol() == "h2"
        assert found.version() in ("TLSv1.2", "TLSv1.3")
    assert behind.client.get("/livez").headers["strict-transport-security"]


def test_the_log_of_the_proxy_names_requests_and_keeps_no_query(behind: Behind) -> None:
    answer = behind.client.get(f"/livez?key={behind.key}", headers={"X-Request-Id": "look-here"})
    assert answer.status_code == 400
    # The proxy writes its line after the answer.
    end = time.monotonic() + PATIENCE_S
    log = ""
    while not re.search(r'"GET /livez" 400 .* look-here$', log, re.MULTILINE):
        assert time.monotonic() < end, log
        log = (behind.proxy.folder / "access.log").read_text(encoding="utf-8")
    assert behind.key not in log
    assert "key=" not in log


def test_a_service_that_is_away_is_told_as_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"127.0.0.1:{taken.getsockname()[1]}"
    with proxied(tmp_path / "nginx", nobody) as proxy:
        answer: Any = httpx.get(f"{proxy.url}/livez", verify=proxy.trust, headers={"Host": NAME}, timeout=PATIENCE_S)
        assert (answer.status_code, answer.json()["code"]) == (503, "surroundings")
        plain = re.search(r"listen 127\.0\.0\.1:(\d+);", (proxy.folder / "tapehead.conf").read_text(encoding="utf-8"))
        assert plain is not None
        moved = httpx.get(f"http://127.0.0.1:{plain[1]}/livez?a=1", headers={"Host": NAME}, timeout=PATIENCE_S)
        assert (moved.status_code, moved.headers["location"]) == (308, f"https://{NAME}/livez?a=1")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is absent")
def test_http_2_does_not_hold_a_stream_back(closed: Behind) -> None:
    import subprocess

    told = ["-sN", "--http2", "--cacert", str(closed.proxy.certificate), "--max-time", str(PATIENCE_S)]
    sent = ["-H", f"Authorization: Bearer {closed.key}", "-H", f"Host: {NAME}", "-H", "Content-Type: application/json"]
    url = f"{closed.proxy.url}/api/v1/runs/stream"
    with subprocess.Popen(
        ["curl", *told, *sent, "-d", json.dumps(SPEC), url], stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout is not None
        lines = (line.rstrip("\n") for line in client.stdout)
        assert read_until(lines, "result", 2)[0] == "started"
        (closed.gate / "open").touch()
        read_until(lines, "completed", 1)
        client.stdout.read()
    assert client.returncode == 0
