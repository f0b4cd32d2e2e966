"""What is hostile or malformed gets its 4xx with its code, over real sockets, and the service goes on."""

import contextlib
import json
import socket
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import httpx
import pytest

import tapehead as th
from tapehead.model.events import Progress
from tapehead.model.spec import RunKey, RunSpec
from tests.serving import Served, serving_here

NO_RUN = "01JD8Q7K00000000000000000Z"
PATIENCE_S = 20.0
PROBLEM = "application/problem+json"
# One for all: to make a client costs more than what these tests ask.
web = httpx.Client(timeout=PATIENCE_S, verify=False, trust_env=False)  # noqa: S501 - plain HTTP on the loopback


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    """Close the client at the end."""
    yield
    web.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service over a small synthetic market."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    with th.open(home) as store:
        store.demo(instruments=3, years=1)
    with serving_here(home) as found:
        yield found


class Heard(NamedTuple):
    """What came back over a socket until it was closed or nothing more came."""

    status: int
    head: str
    body: bytes

    @property
    def code(self) -> str:
        """The stable code of a problem."""
        assert PROBLEM in self.head, self.head
        return str(json.loads(self.body)["code"])


class Line:
    """A bare connection; what is read beyond one answer is kept for the next."""

    def __init__(self, served: Served) -> None:
        host, port = served.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE_S)
        self.rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are, or as many as are taken."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def hear(self) -> Heard:
        """One answer; status 0 where the line was cut."""
        with contextlib.suppress(ConnectionResetError):
            while b"\r\n\r\n" not in self.rest and (more := self.socket.recv(65536)):
                self.rest += more
            head, _, self.rest = self.rest.partition(b"\r\n\r\n")
            words = head.decode("latin-1").lower()
            length = int(words.split("content-length: ")[1].split("\r\n")[0]) if "content-length" in words else 0
            while len(self.rest) < length and (more := self.socket.recv(65536)):
                self.rest += more
            body, self.rest = self.rest[:length], self.rest[length:]
            return Heard(int(words.split(" ")[1]) if words else 0, words, body)
        return Heard(0, "", b"")


def say(served: Served, data: bytes) -> Heard:
    """Send bytes as they are and return the answer."""
    with Line(served) as line:
        line.send(data)
        return line.hear()


def post(body: bytes, *lines: str, path: str = "/api/v1/runs") -> bytes:
    """A request with a body."""
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def lives(served: Served) -> bool:
    """Whether the service answers."""
    return web.get(f"{served.url}/livez").json() == {"alive": True}


def problem(answer: httpx.Response) -> str:
    """The code of a problem that fits its own status."""
    assert answer.headers["content-type"] == PROBLEM, answer.text[:500]
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:tapehead:{body['code']}"
    assert body["detail"]
    return str(body["code"])


MANY = ["A: b"] * 101


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        pytest.param(post(b"", "Content-Length: 4194305"), 413, "input.body_size", id="declared too large"),
        pytest.param(post(b"", f"Content-Length: {10**17}"), 413, "input.body_size", id="declared beyond all"),
        pytest.param(post(b"", f"Content-Length: {'9' * 400}"), 400, "input.http", id="length of 400 digits"),
        pytest.param(post(b"{}", "Content-Length: -2"), 400, "input.http", id="negative length"),
        pytest.param(post(b"{}", "Content-Length: 2e0"), 400, "input.http", id="length is no number"),
        pytest.param(post(b"{}", "Content-Length: 2", "Content-Length: 3"), 400, "input.http", id="two lengths"),
        pytest.param(
            post(b"0\r\n\r\n", "Content-Length: 2", "Transfer-Encoding: chunked"), 400, "input.http", id="both lengths"
        ),
        pytest.param(post(b"zz\r\n{}\r\n", "Transfer-Encoding: chunked"), 400, "input.http", id="chunk of zz bytes"),
        pytest.param(post(b"{}", "Transfer-Encoding: gzip"), 400, "input.http", id="unknown coding"),
        pytest.param(post(b"", *MANY, "Content-Length: 0"), 431, "input.header_size", id="101 headers"),
        pytest.param(post(b"", "A: " + "b" * 70_000), 431, "input.header_size", id="a long header"),
        pytest.param(post(b"")[:-2] + b"A: " + b"b" * 900_000, 431, "input.header_size", id="a header without end"),
        pytest.param(post(b"")[:-2] + b"A: b\r\n" * 200_000, 431, "input.header_size", id="headers without end"),
        pytest.param(post(b"", path="/" + "a" * 70_000), 431, "input.header_size", id="a long path"),
        pytest.param(post(b"", path="/livez?" + "a" * 70_000), 431, "input.header_size", id="a long query"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200, 400, "input.http", id="tls"),
        pytest.param(b"EXPLODE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "input.http", id="unknown method"),
        pytest.param(b"GET /\xff\xfe HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400, "input.http", id="bytes in the path"),
        pytest.param(b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", 400, "input.http", id="unknown version"),
        pytest.param(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "input.http", id="connect"),
        pytest.param(b"GET /livez HTTP/1.1\r\n\r\n", 403, "access.host", id="no host"),
        pytest.param(b"GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "access.host",
                     id="whole address"),
        pytest.param(b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n", 403, "access.host", id="two hosts"),
        pytest.param(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n", 400, "input.http", id="a zero"),
    ],
)  # fmt: skip
def test_what_is_no_honest_request_is_refused(served: Served, data: bytes, status: int, code: str) -> None:
    heard = say(served, data)
    assert (heard.status, heard.code) == (status, code)
    assert lives(served)


def test_a_body_is_refused_as_soon_as_its_pieces_are_too_large(served: Served) -> None:
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with Line(served) as line:
        line.send(post(b"", "Transfer-Encoding: chunked"))
        for _ in range(80):
            line.send(piece)
        heard = line.hear()
        assert (heard.status, heard.code) == (413, "input.body_size")
        # Nobody reads on for ever: what is thrown away is bounded, and then the line is cut.
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            line.socket.sendall(piece * 4096)
    assert lives(served)


def test_a_body_that_is_shorter_than_it_says_begins_nothing(served: Served) -> None:
    before = web.get(f"{served.url}/api/v1/operations").json()
    with Line(served) as line:
        line.send(post(b'{"strategy": "SmaCross", "universe": "demo"}', "Content-Length: 1000"))
    assert lives(served)
    after = web.get(f"{served.url}/api/v1/operations").json()
    assert after["runs"] == before["runs"]


def test_a_body_that_is_longer_than_it_says_is_another_request(served: Served) -> None:
    with Line(served) as line:
        line.send(post(b"{}", "Content-Length: 2") + b"GET /api/v1/audit HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        assert line.hear().status == 422
        assert line.hear().code == "access.host"


def test_a_client_that_writes_slowly_is_let_go(served: Served) -> None:
    home = served.service.house.settings.home.parent / "slow"
    with serving_here(home, header_s=0.3, body_s=0.3) as found:
        with Line(found) as line:
            line.send(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ")
            assert line.hear().code == "input.slow"
            assert line.socket.recv(1) == b""
        with Line(found) as line:
            assert line.socket.recv(1) == b""
        with Line(found) as line:
            line.send(post(b'{"strategy"', "Content-Length: 1000"))
            assert line.hear().code == "input.slow"
            assert line.socket.recv(1) == b""
        assert lives(found)


def test_connections_are_bounded(served: Served) -> None:
    home = served.service.house.settings.home.parent / "few"
    with serving_here(home, connections=2) as found, contextlib.ExitStack() as held:
        for _ in range(2):
            line = held.enter_context(Line(found))
            line.send(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert line.hear().status == 200
        refused = held.enter_context(Line(found))
        heard = refused.hear()
        assert (heard.status, heard.code) == (503, "service.full")
        assert "retry-after" in heard.head


JSON = {
    "nan": b'{"strategy": "SmaCross", "universe": "demo", "cash": NaN}',
    "nan as fee": b'{"strategy": "SmaCross", "universe": "demo", "fee": NaN}',
    "infinity": b'{"strategy": "SmaCross", "universe": "demo", "slippage": Infinity}',
    "beyond floats": b'{"strategy": "SmaCross", "universe": "demo", "cash": 1e999}',
    "beyond integers": b'{"strategy": "SmaCross", "universe": "demo", "snapshot": 1' + b"0" * 60 + b"}",
    "5,000 digits": b'{"strategy": "SmaCross", "universe": "demo", "snapshot": ' + b"9" * 5000 + b"}",
    "nan parameter": b'{"strategy": "SmaCross", "universe": "demo", "parameters": {"fast": NaN}}',
    "huge parameter": b'{"strategy": "SmaCross", "universe": "demo", "parameters": {"fast": 1' + b"0" * 400 + b"}}",
    "deep": b'{"strategy": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep parameter": b'{"strategy": "SmaCross", "parameters": {"a": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}}",
    "no utf-8": b'{"strategy": "\xff\xfe"}',
    "half a pair": b'{"strategy": "SmaCross", "universe": "\\ud800"}',
    "half a pair as strategy": b'{"strategy": "\\udfff"}',
    "half a pair as key": b'{"strategy": "SmaCross", "\\ud800": 1}',
    "half a pair as parameter": b'{"strategy": "SmaCross", "universe": "demo", "parameters": {"\\ud800": "\\ud800"}}',
    "zero byte": b'{"strategy": "Sma\\u0000Cross", "universe": "demo\\u0000"}',
    "zero byte in a symbol": b'{"strategy": "SmaCross", "symbols": ["A\\u0000"]}',
    "a list": b"[1, 2]",
    "null": b"null",
    "nothing": b"",
    "no json": b"strategy=SmaCross",
    "unknown key": b'{"strategy": "SmaCross", "__class__": "x"}',
    "file as strategy": b'{"strategy": "../../etc/passwd:X", "universe": "demo"}',
    "module as strategy": b'{"strategy": "os:system", "universe": "demo"}',
    "a page as symbol": b'{"strategy": "SmaCross", "symbols": ["<script>alert(1)</script>"]}',
    "a formula as symbol": b'{"strategy": "SmaCross", "symbols": ["=cmd|\' /C calc\'!A0"]}',
    "sql as universe": b'{"strategy": "SmaCross", "universe": "x\'; DROP TABLE runs; --"}',
    "year 99999": b'{"strategy": "SmaCross", "universe": "demo", "start": "99999-01-01"}',
    "year 1": b'{"strategy": "SmaCross", "universe": "demo", "start": "0001-01-01T00:00:00-23:59"}',
    "20,001 symbols": json.dumps({"strategy": "SmaCross", "symbols": ["A"] * 20_001}).encode(),
    "steering characters": b'{"strategy": "\\u001b[2J\\u202e", "universe": "demo"}',
}


@pytest.mark.parametrize("body", JSON.values(), ids=JSON.keys())
def test_a_body_that_does_not_fit_is_told_so(served: Served, body: bytes) -> None:
    answer = web.post(f"{served.url}/api/v1/runs", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 404, 422), answer.text[:500]
    problem(answer)


HOSTILE_NAMES = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "<script>alert(1)</script>", 'a"onload="x', "a\x00b",
                 "a\r\nSet-Cookie: b", "a\n", "a\u202eb", "\x1b[2J", " ", "a ", "", "x" * 201)  # fmt: skip
ROWS = (
    "open_time,open,high,low,close,volume\n1609459200000,1,2,1,2,5\n1609462800000,1,2,1,2,5\n1609466400000,1,2,1,2,5\n"
)


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_a_formula_markup_or_what_steers_becomes_no_name(served: Served, name: str) -> None:
    url = f"{served.url}/api/v1"
    upload = {"content-type": "application/octet-stream"}
    for what in ("symbol", "venue"):
        answer = web.post(f"{url}/imports", params={"name": "x.csv", what: name}, content=ROWS.encode(), headers=upload)
        assert (answer.status_code, problem(answer)) == (422, "input.request"), (what, answer.text)
    answer = web.post(f"{url}/universes", json={"name": name, "where": "kind == 'crypto'"})
    assert (answer.status_code, problem(answer)) == (422, "input.request")
    # In words: no pattern for people to read.
    assert "A name begins with none of" in answer.text or not 1 <= len(name) <= 200
    assert "[^" not in answer.text
    held = web.get(f"{url}/bars/{urllib.parse.quote(name or '%', safe='')}", params={"interval": "1h"})
    assert held.status_code in (404, 422)
    assert problem(held)


def test_a_venue_with_a_colon_is_refused_since_names_are_cut_there(served: Served) -> None:
    params, upload = {"name": "AUSDT.csv", "venue": "x:y"}, {"content-type": "application/octet-stream"}
    answer = web.post(f"{served.url}/api/v1/imports", params=params, content=ROWS.encode(), headers=upload)
    assert (answer.status_code, problem(answer)) == (422, "input.parameter")
    assert "colon" in answer.json()["detail"]


def test_names_inside_a_file_are_told_as_they_are_and_nothing_runs_them(served: Served) -> None:
    url, bad = f"{served.url}/api/v1", "<img src=x onerror=alert(1)>"
    head, *rows = ROWS.splitlines()
    body = "\n".join([f"symbol,{head}", *(f"{bad},{row}" for row in rows)])
    params = {"name": "bars.csv", "venue": "odd", "kind": "equity"}
    answer = web.post(
        f"{url}/imports", params=params, content=body.encode(), headers={"content-type": "application/octet-stream"}
    )
    assert answer.status_code == 200, answer.text
    listed = web.get(f"{url}/instruments", params={"query": "onerror"})
    assert listed.headers["content-type"] == "application/json"
    assert bad in listed.text
    asked = {"strategy": "BuyAndHold", "symbols": [f"odd:{bad}"], "interval": "1h"}
    run = web.post(f"{url}/runs", json=asked, headers={"prefer": "wait=10"}).json()["id"]
    sheet = web.get(f"{url}/runs/{run}/report", headers={"accept": "text/html"})
    assert sheet.headers["content-type"].startswith("text/html")
    assert bad not in sheet.text
    assert "script-src" not in sheet.headers["content-security-policy"]
    assert "default-src 'none'" in sheet.headers["content-security-policy"]


PATHS = (
    "/api/v1/runs/..%2f..%2f..%2fetc%2fpasswd/events",
    "/api/v1/runs/%00/events",
    "/api/v1/runs/%ff%fe/events",
    "/api/v1/runs/%F0%9F%92%A3/events",
    "/api/v1/runs/%0d%0aSet-Cookie:%20a=b/events",
    "/api/v1/runs/" + "A" * 5000 + "/events",
    "/api/v1/runs/<script>/events",
    "/api/v1/runs/;id/events",
    "/api/v1/runs/%252e%252e/events",
    "/api/v1/runs/01%25/events",
    "/api/v1/../../../../etc/passwd",
    "/..%c0%af..%c0%afetc/passwd",
    "//evil.example/%2e%2e",
    "/api/v1/bars/..%2F..%2Fbars.db?interval=1h",
    "/api/v1/bars/%00?interval=1h",
    "/api/v1/bars/<script>alert(1)</script>?interval=1h",
    "/api/v1/bars/%ed%a0%80?interval=1h",
    "/api/v1/universes/..%2F..%2Fx",
    "/api/v1/strategies/..%2F..%2Fetc%2Fpasswd",
    "/api/v1/strategies/os:system",
    "/api/v1/indicators/__class__",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_tricks_leads_nowhere(served: Served, path: str) -> None:
    heard = say(served, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert heard.status in (404, 422), heard
    assert heard.code
    assert "set-cookie" not in heard.head
    assert b"root:" not in heard.body


@pytest.fixture
def going_on(served: Served) -> Iterator[str]:
    """A run that neither ends nor begins: this test holds it."""
    house = served.service.house
    with house.runs.together("a run that is held"):
        key = RunKey(*(time.time_ns().to_bytes(32, "big") for _ in range(4)))
        run = house.runs.create(key, RunSpec("SmaCross", {}, "1h", universe="demo", start=0), 0)
        holding = house.runs.claim(run)
        assert holding.__enter__()
    house.log.append(run, [Progress(run, i, 9, 0, 0.0) for i in range(3)])
    yield run
    holding.__exit__(None, None, None)
    house.runs.delete(run)


PLACES = ("{run}/4", "{run}/-1", "{run}/99999999999999999999", "{run}/1e3", "{run}", "/", "", "0", "null",
          f"{NO_RUN}/1", "{run}/1,{run}/2", "{run}/1%0a", "{run}/٣", "../{run}/1", "{run}/1 " * 40 + "x")  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_never_was_is_refused(served: Served, going_on: str, place: str) -> None:
    headers = {"last-event-id": place.replace("{run}", going_on).encode("utf-8")}
    answer = web.get(f"{served.url}/api/v1/runs/{going_on}/events", headers=headers)
    assert answer.status_code == 422, answer.text
    assert problem(answer)
    several = web.get(f"{served.url}/api/v1/events", params={"runs": f"{going_on},{NO_RUN}"})
    assert (several.status_code, problem(several)) == (404, "runs.unknown")


@pytest.mark.parametrize(
    "query",
    ["", "runs=", "runs=,,,", "runs={run}&after={run}/9", f"runs={{run}}&after={NO_RUN}/1", "runs={run}&after=x",
     "runs=" + ",".join(f"{i:026d}" for i in range(65)), "runs=%00", "runs=%ff"],
)  # fmt: skip
def test_a_stream_of_several_runs_needs_runs_that_are_there(served: Served, going_on: str, query: str) -> None:
    answer = web.get(f"{served.url}/api/v1/events?{query.replace('{run}', going_on)}")
    assert answer.status_code in (404, 422), answer.text
    assert problem(answer)


def test_a_run_of_another_process_is_not_said_to_have_ended(served: Served, going_on: str) -> None:
    for what in ("cancel", "resume"):
        answer = web.post(f"{served.url}/api/v1/runs/{going_on}/{what}")
        assert (answer.status_code, problem(answer)) == (409, "runs.held")


@pytest.mark.parametrize("path", ["/", "/livez", "/api/v1/runs", "/api/v1/instruments", "/api/openapi.json"])
def test_a_foreign_name_or_page_is_refused_everywhere(served: Served, path: str) -> None:
    for headers, code in (
        ({"host": "evil.example"}, "access.host"),
        ({"origin": "https://evil.example"}, "access.origin"),
        ({"origin": "null"}, "access.origin"),
    ):
        for method in ("GET", "POST", "OPTIONS"):
            answer = web.request(method, served.url + path, headers=headers)
            assert (answer.status_code, problem(answer)) == (403, code)
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_every_answer_tells_browsers_to_be_careful(served: Served) -> None:
    for path in ("/", "/livez", "/api/v1/instruments", "/nowhere", "/api/v1/runs/x/events"):
        headers = web.get(served.url + path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "private" in headers["cache-control"] or "no-store" in headers["cache-control"]


def test_a_thousand_reconnects_leave_nothing_behind(served: Served, going_on: str) -> None:
    request = f"GET /api/v1/runs/{going_on}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nLast-Event-ID: {going_on}/%d\r\n\r\n"
    hub = served.service.hub
    for number in range(1000):
        after = number % 3
        with Line(served) as line:
            line.send((request % after).encode())
            heard = b""
            while b'"event":"progress"' not in heard:
                piece = line.socket.recv(65536)
                assert piece, heard
                heard += piece
            assert b"id: %s/%d\n" % (going_on.encode(), after + 1) in heard
    end = time.monotonic() + PATIENCE_S
    while hub.streams and time.monotonic() < end:
        time.sleep(0.01)
    assert hub.streams == 0
    assert lives(served)


def test_nothing_above_broke_the_service(served: Served) -> None:
    def told() -> dict[str, Any]:
        found: dict[str, Any] = web.get(f"{served.url}/readyz").json()
        return found

    assert told()["ready"]
