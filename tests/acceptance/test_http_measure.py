"""A service says how it is: health, metrics, timings, log lines, over TCP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tapehead.api.measure.catalogue import CATALOGUE
from tapehead.cli.main import main
from tests.blocking import SERVER
from tests.serving import Served, serving_here

RUN = {"strategy": "RsiReversion", "universe": "demo", "fresh": True}
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with six instruments."""
    folder = tmp_path_factory.mktemp("measure") / "home"
    with th.open(folder) as store:
        store.demo(instruments=6, years=1)
    return folder


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    """A service in this process, which made one run."""
    with serving_here(home) as served:
        answer = httpx.post(f"{served.url}/api/v1/runs/stream", json=RUN, timeout=PATIENCE_S)
        assert answer.status_code == 200
        yield served


@pytest.fixture(scope="module")
def run(served: Served) -> str:
    """The run that it made."""
    runs = served.service.measure.runs.newest()
    return str(runs[-1].run)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes by itself."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def series(text: str) -> dict[str, float]:
    """Every series of an exposition."""
    return {name: float(value) for name, value in re.findall(r"^([a-z]\S*) (\S+)$", text, re.MULTILINE)}


def test_it_lives_and_is_ready(served: Served) -> None:
    assert httpx.get(f"{served.url}/livez").json() == {"alive": True}
    until(served.service.warm.is_set)
    answer = httpx.get(f"{served.url}/readyz")
    told = answer.json()
    assert (answer.status_code, told["ready"], told["draining"]) == (200, True, False)
    assert {each["name"]: each["state"] for each in told["dependencies"] if each["name"] != "disk"} == dict.fromkeys(
        ["store_read", "store_write", "event_log", "tiers", "database", "pool", "queue", "kernels"], "ok"
    )


def test_metrics_are_those_of_the_catalogue(served: Served) -> None:
    answer = httpx.get(f"{served.url}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE))
    assert families == {each.name: each.kind for each in CATALOGUE}
    for each in CATALOGUE:
        suffix = "_count" if each.kind == "histogram" else ""
        found = re.findall(rf"^{each.name}{suffix}(?:\{{(.*)\}})? ", answer.text, re.MULTILINE)
        assert found, each.name
        for labels in found:
            assert set(re.findall(r'(\w+)="', labels)) == set(each.labels), each.name


def test_metrics_count_what_the_run_did(served: Served) -> None:
    told = series(httpx.get(f"{served.url}/metrics").text)
    assert told['tapehead_runs_total{level="small",state="completed"}'] == 1
    assert told['tapehead_results_total{level="small"}'] == 6
    assert told['tapehead_run_first_result_seconds_count{level="small"}'] == 1
    assert told['tapehead_run_last_result_seconds_count{level="small"}'] == 1
    assert told['tapehead_run_queue_seconds_count{level="small"}'] == 1
    first, last = (told[f'tapehead_run_{which}_result_seconds_sum{{level="small"}}'] for which in ("first", "last"))
    assert 0 < first <= last
    assert told["tapehead_pool_tasks_total"] >= 6
    assert told["tapehead_log_commits_total"] >= 2
    assert told["tapehead_events_sent_total"] >= 8
    assert told['tapehead_sent_bytes_total{kind="stream"}'] > 1000
    assert told['tapehead_request_seconds_count{method="POST",route="/api/v1/runs/stream",status="200"}'] == 1
    assert told['tapehead_tier_misses_total{tier="memory"}'] == 6
    assert told['tapehead_tier_bytes{tier="memory"}'] > 0
    assert told["tapehead_process_resident_bytes"] > 1 << 20


def test_one_run_tells_where_its_time_went(served: Served, run: str) -> None:
    times = httpx.get(f"{served.url}/api/v1/runs/{run[:12].lower()}/timings").json()
    assert (times["run"], times["state"], times["level"], times["total"], times["results"]) == (
        run, "completed", "small", 6, 6,
    )  # fmt: skip
    assert times["queued_ms"] <= times["first_ms"] <= times["last_ms"]
    assert {"plan", "read", "signals", "walk", "metrics", "persist"} <= times["stages"].keys()
    completed = httpx.get(f"{served.url}/api/v1/runs/{run}/events", timeout=PATIENCE_S).text.rsplit("data: ", 1)[1]
    assert json.loads(completed)["first_ms"] == times["first_ms"]
    assert times["stages_bytes"]["read"] > times["stages_bytes"]["signals"] > 0
    assert times["stages"]["queue"] == times["queued_ms"]
    assert {"plan", "persist", "look_ahead"}.isdisjoint(times["stages_bytes"])
    missing = httpx.get(f"{served.url}/api/v1/runs/{'0' * 26}/timings")
    assert (missing.status_code, missing.json()["code"]) == (404, "runs.unknown")


def test_times_are_kept_with_the_run_whoever_made_it_and_asks(served: Served, home: Path, run: str) -> None:
    """A service that comes later, a client, and the store itself tell the same; so does a service of another's run."""
    times = httpx.get(f"{served.url}/api/v1/runs/{run}/timings").json()
    with serving_here(home) as later:
        assert httpx.get(f"{later.url}/api/v1/runs/{run}/timings").json() == times
    with th.open(home) as store, th.connect(served.url) as client:
        for kept in (store.run(run), client.run(run)):
            assert (kept.timings, kept.memory) == (times["stages"], times["stages_bytes"])
        begun = store.backtest("SmaCross", universe="demo", fresh=True).start()
        asked = f"{served.url}/api/v1/runs/{begun.id}/timings"
        early = httpx.get(asked).json()
        assert (early["state"], early["total"], early["results"], early["first_ms"]) == ("running", 6, 0, None)
        begun.wait()
        told = httpx.get(asked).json()
    assert (told["state"], told["level"], told["strategy"], told["results"]) == ("completed", "small", "SmaCross", 6)
    assert (told["stages_bytes"], told["queued_ms"]) == (begun.memory, None)
    assert 0 < told["first_ms"] <= told["last_ms"]
    assert told["stages"].keys() == begun.timings.keys() > {"plan", "read", "walk", "look_ahead"}


def test_operations_show_it_all_at_once(served: Served, run: str) -> None:
    told = httpx.get(f"{served.url}/api/v1/operations").json()
    assert told["queue"] == {"small": 0, "big": 0, "active": 0, "room": 1024}
    assert told["pool"]["running"] == told["pool"]["waiting"] == 0
    assert {tier["name"] for tier in told["tiers"]} == {"memory", "hot"}
    for tier in told["tiers"]:
        assert (tier["hit_ms"] or 0.0) > 0.0 if tier["hits"] else tier["hit_ms"] is None
        assert (tier["miss_ms"] or 0.0) > 0.0 if tier["misses"] else tier["miss_ms"] is None
    assert sum(tier["misses"] for tier in told["tiers"]) > 0
    assert told["traffic"]["requests_open"] == 1
    assert [each["run"] for each in told["runs"]] == [run]
    assert told["draining"] is False


def test_every_answer_has_its_id_and_plain_ones_their_timing(served: Served, run: str) -> None:
    with httpx.Client(base_url=served.url, timeout=PATIENCE_S) as client:
        waited = client.post("/api/v1/runs", json=RUN, headers={"Prefer": "wait=60", "X-Request-Id": "mine.1"})
        assert waited.headers["x-request-id"] == "mine.1"
        shape = r"plan;dur=[\d.]+, queue;dur=[\d.]+, run;dur=[\d.]+, total;dur=[\d.]+"
        assert re.fullmatch(shape, waited.headers["server-timing"])
        lost = client.get("/nowhere", headers={"X-Request-Id": "a b"})
        assert lost.json()["request_id"] == lost.headers["x-request-id"] != "a b"
        stream = client.get(f"/api/v1/runs/{run}/events")
        assert "total" not in stream.headers.get("server-timing", "")
        assert stream.headers["x-request-id"]


def test_streams_are_counted_while_they_are_followed(served: Served) -> None:
    gauge = "tapehead_streams_open"

    def now() -> float:
        return series(httpx.get(f"{served.url}/metrics").text)[gauge]

    assert now() == 0
    hub = served.service.hub
    watch: list[Any] = []

    async def join() -> None:
        watch.append(hub.join(["0" * 26]))

    async def leave() -> None:
        hub.leave(watch[0])

    asyncio.run_coroutine_threadsafe(join(), hub._loop).result(PATIENCE_S)
    assert now() == 1
    asyncio.run_coroutine_threadsafe(leave(), hub._loop).result(PATIENCE_S)
    assert now() == 0


def test_levels_are_changed_while_it_runs(served: Served) -> None:
    with httpx.Client(base_url=served.url) as client:
        before = client.get("/api/v1/log-levels").json()
        try:
            asked = {"level": "error", "rooms": {"runs": "debug"}}
            held = client.put("/api/v1/log-levels", json=asked).json()
            assert {name: held[name] for name in ("level", "rooms")} == asked
            assert {each["name"]: each["level"] for each in held["all"]}["runs"] == "debug"
            for wrong in ({"level": "loud"}, {"level": "info", "rooms": {"attic": "info"}}, {"rooms": {}}):
                refused = client.put("/api/v1/log-levels", json=wrong)
                assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
            assert client.get("/api/v1/log-levels").json() == held
        finally:
            client.put("/api/v1/log-levels", json={name: before[name] for name in ("level", "rooms")})


def test_one_that_drains_says_so_to_whoever_is_still_connected(home: Path) -> None:
    with serving_here(home) as served:
        assert any(thread.name == SERVER for thread in threading.enumerate())
        served.service.hub.draining = True
        answer = httpx.get(f"{served.url}/readyz")
        assert (answer.status_code, answer.json()["draining"]) == (503, True)
        assert httpx.get(f"{served.url}/livez").status_code == 200


NOBODY = "0" * 26
UPLOAD = "ts,open,high,low,close,volume\n" + "".join(
    f"2024-01-{day:02d}T00:00:00Z,10,12,9,11,5\n" for day in range(1, 29)
)


def test_no_route_makes_the_event_loop_wait(served: Served, run: str) -> None:
    """Each route of OpenAPI is asked once, as far as can be with what it wants; the service itself is watched."""
    symbol = served.service.store.instruments()[0].instrument.name
    places = {"run": run, "a": run, "b": run, "symbol": symbol, "number": "1", "name": "demo", "lo": "0"}
    bodies: dict[str, Any] = {
        "/api/v1/runs": {**RUN, "fresh": False},
        "/api/v1/runs/stream": RUN,
        "/api/v1/universes": {"name": "two", "symbols": [symbol]},
        "/api/v1/log-levels": {"level": "warning", "rooms": {}},
        "/api/crypto/backtest/stream": {"strategy_id": 1, "parameters": {}},
    }
    with httpx.Client(base_url=served.url, timeout=PATIENCE_S) as client:
        paths = client.get("/api/openapi.json").json()["paths"]
        asked = [(method.upper(), path) for path, methods in paths.items() for method in methods]
        for method, path in sorted(asked, key=lambda each: each[0] == "DELETE"):
            # Only its look-up is wanted of what would take another process, or take away what others ask for.
            spared = method == "DELETE" or "/verify" in path or "/undo/" in path
            filled = path.format(**{**places, **({"run": NOBODY, "name": "none", "number": 999} if spared else {})})
            body = None if method == "GET" else bodies.get(path, {})
            answer = client.request(
                method, filled, json=body, params={"runs": run} if path.endswith("/events") else None
            )
            assert answer.status_code < 500, (method, filled, answer.text)
        uploaded = client.post(
            "/api/v1/imports?name=NEWUSDT.csv&interval=1d",
            content=UPLOAD.encode(),
            headers={"Content-Type": "application/octet-stream"},
        )
        assert uploaded.status_code == 200, uploaded.text
    assert len(asked) > 40


def test_a_route_that_blocks_the_loop_fails_its_test(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tapehead.api.measure import readiness

    def looks(self: Any, answer_s: float = 0.0) -> Any:
        async def look() -> Any:
            return readiness.Ready(True, False, tuple(readiness.Look("x", "ok", str(f())) for f in [self._reads]))

        return look()

    monkeypatch.setattr(readiness.Readiness, "look", looks)
    with pytest.raises(AssertionError, match="made the event loop wait"), serving_here(home) as served:
        assert httpx.get(f"{served.url}/readyz").status_code == 500


def test_the_program_logs_json_lines_that_name_request_and_run(home: Path) -> None:
    environment = {**os.environ, "TAPEHEAD_LOG": "info,server=warning"}
    command = [sys.executable, "-m", "tapehead", "--home", str(home), "--json", "serve", "--port", "free"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        headers = {"X-Request-Id": "from.here", "Prefer": "wait=60"}
        httpx.get(f"{url}/api/v1/operations?secret=hidden", timeout=PATIENCE_S)
        done = httpx.post(f"{url}/api/v1/runs", json=RUN, headers=headers, timeout=PATIENCE_S).json()
        httpx.put(f"{url}/api/v1/log-levels", json={"level": "error", "rooms": {}})
        httpx.get(f"{url}/api/v1/operations?silent")
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=PATIENCE_S)[1]
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=PATIENCE_S)
    lines = [json.loads(line) for line in told.splitlines()]
    assert process.returncode == 0, told
    requests = [(line["method"], line["route"], line["status"]) for line in lines if line["room"] == "requests"]
    assert requests == [("GET", "/api/v1/operations", 200), ("POST", "/api/v1/runs", 200)], told
    runs = [line for line in lines if line["room"] == "runs"]
    assert [line["message"] for line in runs] == ["run asked for", "run completed"]
    assert all((line["request"], line["run"]) == ("from.here", done["id"]) for line in runs)
    assert "hidden" not in told


def test_a_log_that_cannot_be_is_refused_before_anything_is_bound(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TAPEHEAD_LOG", "attic=info")
    assert main(["--home", str(home), "serve", "--port", "free"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "room=attic" in told.err


def test_a_run_at_the_command_line_loads_no_log_of_ours(home: Path) -> None:
    ask = (
        "import sys, json\nfrom tapehead.cli.main import main\n"
        f"main(['--home', {str(home)!r}, '--json', 'runs'])\n"
        "listing = 'logging' in sys.modules\n"
        f"main(['--home', {str(home)!r}, '--json', 'backtest', 'RsiReversion', '--universe', 'demo'])\n"
        "ours = {name for name, module in sys.modules.items() if name.startswith('tapehead')}\n"
        "logs = [name for name in ours if hasattr(sys.modules[name], 'logging') or name.startswith('tapehead.api')]\n"
        "print(json.dumps([listing, logs]))\n"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert json.loads(done.stdout.splitlines()[-1]) == [False, []]
