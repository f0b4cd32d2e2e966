"""Event streams as clients meet them: real uvicorn, real sockets, real kills."""

import json
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tapehead.api.wire.runs import RunBegun
from tests.serving import Served, install_gated, serving, serving_here

SPEC = {"strategy": "SmaCross", "universe": "demo", "fee": "10bps"}
ENDINGS = ("completed", "failed", "cancelled")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a small synthetic market, to be copied."""
    folder = tmp_path_factory.mktemp("served") / "home"
    with th.open(folder) as store:
        store.demo(instruments=8, years=1)
    return folder


@pytest.fixture(scope="module")
def served(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service in this process."""
    with serving_here(_copy(home, tmp_path_factory.mktemp("here"))) as found:
        yield found


def events_of(raw: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream's bytes; each frame says id and name as its data does."""
    found = []
    for frame in raw.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in frame.splitlines() if not line.startswith(":"))
        if "data" in fields:
            body = json.loads(fields["data"])
            assert (fields["id"], fields["event"]) == (body["id"], body["event"])
            found.append(body)
    return found


def follow(url: str, path: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the events of a stream that is read to its end."""
    answer = httpx.get(url + path, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return events_of(answer.content)


def start(url: str, **spec: Any) -> dict[str, Any]:
    """Begin a run."""
    answer = httpx.post(f"{url}/api/v1/runs", json=SPEC | spec, timeout=30)
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def wait_for(what: Any, seconds: float = 20.0) -> None:
    """Wait until a call gives something true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_a_stream_tells_a_run_from_its_start_to_its_end(served: Served) -> None:
    with httpx.stream("POST", f"{served.url}/api/v1/runs/stream", json=SPEC | {"fresh": True}, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        events = events_of(answer.read())
    run = events[0]["run"]
    assert [event["id"] for event in events] == [f"{run}/{number}" for number in range(1, len(events) + 1)]
    assert events[0]["event"] == "started"
    assert [event["event"] for event in events if event["event"] in ENDINGS] == ["completed"]
    assert events[-1]["count"] == sum(event["event"] == "result" for event in events) == 8
    here = served.service.store.backtest("SmaCross", universe="demo", fee="10bps", fresh=True)
    ended = [event for _, event in here.events()][-1]
    assert events[-1]["digest"] == ended.body()["digest"]


def test_every_place_of_a_stream_is_a_place_to_go_on_from(served: Served) -> None:
    run = start(served.url)["id"]
    path = f"/api/v1/runs/{run}/events"
    whole = follow(served.url, path)
    for after in range(len(whole)):
        found = follow(served.url, path, {"Last-Event-ID": f"{run}/{after}"})
        assert found == whole[after:]
    assert follow(served.url, f"{path}?after=3") == whole[3:]
    assert follow(served.url, path, {"Last-Event-ID": whole[-1]["id"]}) == []


def test_the_bytes_of_a_replay_are_those_first_sent(served: Served) -> None:
    with httpx.stream("POST", f"{served.url}/api/v1/runs/stream", json=SPEC | {"fresh": True}, timeout=30) as answer:
        first = answer.read()
        path = answer.headers["location"] + "/events"
    again = httpx.get(served.url + path, timeout=30).content
    assert again == first


def test_a_stream_tells_first_what_was_begun_to_who_wants_it(served: Served) -> None:
    path, wants = f"{served.url}/api/v1/runs/stream", {"Prefer": "return=representation"}
    with httpx.stream("POST", path, json=SPEC | {"fresh": True}, headers=wants, timeout=30) as answer:
        assert answer.headers["preference-applied"] == "return=representation"
        _retry, begun, *frames = answer.read().decode().strip().split("\n\n")
    name, data = begun.split("\n")
    assert name == "event: begun"
    told = RunBegun.model_validate_json(data.removeprefix("data: "))
    assert answer.headers["location"] == f"/api/v1/runs/{told.id}"
    assert (told.total, told.reused, told.header.instruments) == (8, False, 8)
    assert frames[0].startswith(f"id: {told.id}/1\nevent: started\n")


def test_a_place_that_is_not_there_is_refused(served: Served) -> None:
    run, other = start(served.url)["id"], start(served.url, fresh=True)["id"]
    whole = follow(served.url, f"/api/v1/runs/{run}/events")
    follow(served.url, f"/api/v1/runs/{other}/events")
    for text in (f"{run}/{len(whole) + 1}", f"{other}/1", "nonsense", f"{run}/-1", f"{run}/99999999999"):
        answer = httpx.get(f"{served.url}/api/v1/runs/{run}/events", headers={"Last-Event-ID": text})
        assert answer.status_code == 422, text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "input.parameter"
    assert httpx.get(f"{served.url}/api/v1/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV/events").status_code == 404


def test_one_stream_tells_of_several_runs(served: Served) -> None:
    runs = [start(served.url, fresh=True, parameters={"fast": fast})["id"] for fast in (5, 6, 7)]
    alone = {run: follow(served.url, f"/api/v1/runs/{run}/events") for run in runs}
    together = follow(served.url, f"/api/v1/events?runs={','.join(runs)}")
    for run in runs:
        assert [event for event in together if event["id"].startswith(run)] == alone[run]
    places = f"{runs[0]}/4,{runs[1]}/{len(alone[runs[1]])}"
    rest = follow(served.url, f"/api/v1/events?runs={','.join(runs)}&after={places}")
    assert len(rest) == len(alone[runs[0]]) - 4 + len(alone[runs[2]])


def test_an_equal_run_that_is_kept_answers_and_says_so(served: Served) -> None:
    first = start(served.url, fee="3bps")
    follow(served.url, first["events"])
    again = start(served.url, fee="3bps")
    assert (again["id"], again["key"], again["reused"]) == (first["id"], first["key"], True)
    with httpx.stream("POST", f"{served.url}/api/v1/runs/stream", json=SPEC | {"fee": "3bps"}) as answer:
        assert events_of(answer.read())[-1]["reused"] is True
    waited = httpx.post(f"{served.url}/api/v1/runs", json=SPEC | {"fee": "3bps"}, headers={"Prefer": "wait=5"})
    assert waited.status_code == 200
    assert waited.json()["completed"]["reused"] is True
    assert start(served.url, fee="3bps", fresh=True)["id"] != first["id"]


@pytest.fixture
def gated(tmp_path: Path, home: Path) -> Iterator[tuple[Served, Path]]:
    """A service in a process of its own with the strategy `Gated`, on a copy of the market; and its gate."""
    environment = install_gated(tmp_path)
    with serving(_copy(home, tmp_path), environment=environment) as found:
        yield found, Path(environment["TAPEHEAD_TEST_GATE"])


def _copy(home: Path, folder: Path) -> Path:
    """Return a copy of the market, for a service of its own."""
    return Path(shutil.copytree(home, folder / "home"))


def _results(url: str, run: str) -> int:
    """Count the results a run has told so far, by a stream that is left again."""
    found = 0
    with httpx.stream("GET", f"{url}/api/v1/runs/{run}/events", timeout=5) as answer:
        for line in answer.iter_lines():
            found += line == "event: result"
            if found >= 3:
                break
    return found


def test_cancel_ends_a_run_and_resume_finishes_it(gated: tuple[Served, Path]) -> None:
    served, gate = gated
    run = start(served.url, strategy="Gated", parameters={"free": 4})["id"]
    wait_for(lambda: _results(served.url, run) >= 3)
    asked = time.monotonic()
    assert httpx.post(f"{served.url}/api/v1/runs/{run}/cancel").json()["cancelled"] is True
    (gate / "open").touch()
    events = follow(served.url, f"/api/v1/runs/{run}/events")
    assert events[-1]["event"] == "cancelled"
    assert time.monotonic() - asked < 5
    assert events[-1]["count"] == sum(event["event"] == "result" for event in events) < 8
    assert httpx.post(f"{served.url}/api/v1/runs/{run}/cancel").json()["cancelled"] is False
    assert httpx.post(f"{served.url}/api/v1/runs/{run}/resume").status_code == 202
    whole = follow(served.url, f"/api/v1/runs/{run}/events", {"Last-Event-ID": events[-1]["id"]})
    assert whole[-1]["event"] == "completed"
    assert whole[-1]["count"] == 8
    names = [event["instrument"] for event in (*events, *whole) if event["event"] == "result"]
    assert len(names) == len(set(names)) == 8
    assert follow(served.url, f"/api/v1/runs/{run}/events") == [*events, *whole]


def test_a_wish_to_go_on_right_after_a_cancel_is_not_lost(gated: tuple[Served, Path]) -> None:
    served, gate = gated
    run = start(served.url, strategy="Gated", parameters={"free": 4})["id"]
    wait_for(lambda: _results(served.url, run) >= 3)
    url = f"{served.url}/api/v1/runs/{run}"
    assert httpx.post(f"{url}/cancel").json()["cancelled"] is True
    with ThreadPoolExecutor() as pool:
        # Its tasks are held at the gate, so that it is still being ended when the wishes come.
        wishes = [pool.submit(httpx.post, f"{url}/resume", timeout=30) for _ in range(3)]
        wait_for(lambda: httpx.get(f"{served.url}/api/v1/operations").json()["traffic"]["requests_open"] > 3)
        (gate / "open").touch()
        assert [each.result().status_code for each in wishes] == [202] * 3
    names = [event["event"] for event in follow(served.url, f"/api/v1/runs/{run}/events")]
    assert (names.count("result"), names.count("cancelled"), names[-1]) == (8, 1, "completed")


def test_a_killed_service_finishes_its_runs_when_it_is_back(tmp_path: Path, home: Path) -> None:
    environment = install_gated(tmp_path)
    gate, market = Path(environment["TAPEHEAD_TEST_GATE"]), _copy(home, tmp_path)
    with serving(market, environment=environment) as served:
        run = start(served.url, strategy="Gated", parameters={"free": 4})["id"]
        wait_for(lambda: _results(served.url, run) >= 3)
        served.kill()
    (gate / "open").touch()
    before = (gate / "calls").read_text().split("\n")
    with serving(market, environment=environment) as served:
        began = time.monotonic()
        events = follow(served.url, f"/api/v1/runs/{run}/events")
        assert time.monotonic() - began < 30
    assert [event["id"] for event in events] == [f"{run}/{number}" for number in range(1, len(events) + 1)]
    assert [event["event"] for event in events].count("started") == 1
    names = [event["instrument"] for event in events if event["event"] == "result"]
    assert len(names) == len(set(names)) == 8
    done_before = {line.split()[0] for line in before[:3]}
    after = (gate / "calls").read_text().split("\n")[len(before) - 1 :]
    whole = {line for line in after if line and line.split()[0] in done_before}
    with th.open(market) as store:
        bars = {each.split(":")[1]: store.run(run)[each].bars for each in names}
    # The look-ahead test asks for cut bars; whole ones would be the work done again.
    assert not {line for line in whole if int(line.split()[1]) >= bars[line.split()[0]] + 100}


def test_streams_say_retry_when_the_service_ends(gated: tuple[Served, Path]) -> None:
    served, _gate = gated
    run = start(served.url, strategy="Gated", parameters={"free": 0})["id"]
    with httpx.stream("GET", f"{served.url}/api/v1/runs/{run}/events", timeout=30) as answer:
        lines = answer.iter_lines()
        while next(lines) != "event: started":
            pass
        assert served.process is not None
        served.process.terminate()
        assert [line for line in lines if line][-1] == "retry: 1000"
    assert served.process.wait(20) == 0


def test_a_client_that_leaves_leaves_the_run_to_go_on_or_ends_it_by_wish(gated: tuple[Served, Path]) -> None:
    served, gate = gated
    ends = {}
    for wish in ("continue", "cancel"):
        spec = SPEC | {"strategy": "Gated", "parameters": {"free": 2}, "on_disconnect": wish, "fresh": True}
        with httpx.stream("POST", f"{served.url}/api/v1/runs/stream", json=spec, timeout=30) as answer:
            run = answer.headers["location"].rpartition("/")[2]
            for line in answer.iter_lines():
                if line == "event: started":
                    break
        ends[wish] = run
    time.sleep(0.3)
    (gate / "open").touch()
    assert follow(served.url, f"/api/v1/runs/{ends['continue']}/events")[-1]["event"] == "completed"
    assert follow(served.url, f"/api/v1/runs/{ends['cancel']}/events")[-1]["event"] == "cancelled"


def test_a_client_that_does_not_read_gets_every_result_later(served: Served) -> None:
    """What a slow client has not read lies in the log: nothing is dropped, and nothing waits for it."""
    run = start(served.url, fresh=True)["id"]
    whole = follow(served.url, f"/api/v1/runs/{run}/events")
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(f"GET /api/v1/runs/{run}/events HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert follow(served.url, f"/api/v1/runs/{start(served.url, fresh=True)['id']}/events")
        raw = b""
        while part := slow.recv(1024):
            raw += part
    body = raw.partition(b"\r\n\r\n")[2]
    text = b"".join(chunk for chunk in _chunks(body))
    results = [event["id"] for event in events_of(text) if event["event"] == "result"]
    assert results == [event["id"] for event in whole if event["event"] == "result"]


def _chunks(body: bytes) -> Iterator[bytes]:
    """Yield the chunks of a chunked body."""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return
        yield rest[:length]
        body = rest[length + 2 :]


def test_a_run_whose_events_are_pruned_is_said_to_have_none(served: Served) -> None:
    """Last of all: no run that `served` has kept has events after it."""
    run = start(served.url, fresh=True)["id"]
    follow(served.url, f"/api/v1/runs/{run}/events")
    wait_for(lambda: not served.service.active(run))
    served.service.house.log.prune(before=2**62, keep=0)
    for place in ("", f"{run}/2"):
        answer = httpx.get(f"{served.url}/api/v1/runs/{run}/events", headers={"Last-Event-ID": place} if place else {})
        assert (answer.status_code, answer.json()["code"]) == (404, "runs.unknown")
        assert "are pruned" in answer.json()["detail"]
