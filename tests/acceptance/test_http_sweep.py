"""Sweeps over HTTP: asked for, told, broken off, killed and gone on with, to the digest that they have here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import tapehead as th
from tapehead.api import hub
from tapehead.api.measure import times_of
from tapehead.api.measure.metrics import Metrics
from tapehead.api.measure.run_meter import RunMeter
from tapehead.jobs.replay import replay
from tests.acceptance.test_http_stream import events_of, follow, wait_for
from tests.serving import Served, install_gated, serving, serving_here

SWEEP: dict[str, Any] = {
    "strategy": "SmaCross",
    "grid": {"fast": "5:15:5", "slow": [10, 20, 30, 40]},
    "where": "fast < slow",
    "universe": "demo",
    "fee": "10bps",
}
SETS, INSTRUMENTS = 10, 6
CELLS = SETS * INSTRUMENTS


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home of a small synthetic market, to be copied."""
    folder = tmp_path_factory.mktemp("sweeps") / "home"
    with th.open(folder) as store:
        store.demo(instruments=INSTRUMENTS, years=1)
    return folder


@pytest.fixture(scope="module")
def served(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service in this process, and a sweep that it has made."""
    copy = tmp_path_factory.mktemp("here") / "home"
    shutil.copytree(home, copy)
    with serving_here(copy) as found:
        yield found


@pytest.fixture(scope="module")
def run(served: Served) -> str:
    """Id of a sweep that is done."""
    found: str = begin(served.url)["id"]
    follow(served.url, f"/api/v1/runs/{found}/events")
    return found


@pytest.fixture(scope="module")
def digest(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of the sweep, made without a service."""
    copy = tmp_path_factory.mktemp("alone") / "home"
    shutil.copytree(home, copy)
    asked = {name: value for name, value in SWEEP.items() if name != "strategy"}
    with th.open(copy) as store:
        receipt = store.sweep(SWEEP["strategy"], **asked).wait().receipt
    assert receipt is not None
    return receipt.digest


def begin(url: str, **asked: Any) -> dict[str, Any]:
    """Begin a sweep."""
    answer = httpx.post(f"{url}/api/v1/runs", json=SWEEP | asked, timeout=60)
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def places(events: list[dict[str, Any]]) -> list[int]:
    """Return the numbers of events."""
    return [int(event["id"].rpartition("/")[2]) for event in events]


def test_a_sweep_is_told_result_by_result_and_has_its_own_digest(served: Served, digest: str) -> None:
    answer = httpx.post(f"{served.url}/api/v1/runs/stream", json=SWEEP | {"fresh": True}, timeout=60)
    events = events_of(answer.content)
    assert places(events) == list(range(1, len(events) + 1))
    results = [event for event in events if event["event"] == "result"]
    cells = {(each["instrument"], each["parameters"]["fast"], each["parameters"]["slow"]) for each in results}
    assert len(cells) == len(results) == CELLS == events[0]["total"] == events[-1]["count"]
    assert (events[-1]["event"], events[-1]["digest"], events[-1]["sets"]) == ("completed", digest, SETS)
    again = begin(served.url)
    assert (again["reused"], again["total"]) == (True, CELLS)
    waited = httpx.post(f"{served.url}/api/v1/runs", json=SWEEP, headers={"Prefer": "wait=5"}, timeout=30)
    assert (waited.status_code, waited.json()["completed"]["reused"]) == (200, True)
    whole = httpx.post(f"{served.url}/api/v1/runs", json={"strategy": "x", **again["spec"]}, timeout=30).json()
    assert (whole["id"], whole["reused"]) == (again["id"], True)


def test_a_stream_goes_on_from_the_middle_of_a_tile(served: Served, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PAGE", 7)
    path = f"/api/v1/runs/{run}/events"
    whole = follow(served.url, path)
    for after in (1, 2, 5, 11, 12, CELLS, len(whole) - 1):
        assert follow(served.url, path, {"Last-Event-ID": f"{run}/{after}"}) == whole[after:]
        together = follow(served.url, f"/api/v1/events?runs={run}&after={run}/{after}")
        assert together == whole[after:]


def test_a_tile_is_one_event_for_who_asks_for_tiles(served: Served, run: str) -> None:
    path = f"/api/v1/runs/{run}/events"
    plain, tiled = follow(served.url, path), follow(served.url, f"{path}?tiles=true")
    tiles = [event for event in tiled if event["event"] == "tile"]
    assert [event["event"] for event in tiled if event["event"] == "result"] == []
    assert sum(event["count"] for event in tiles) == CELLS
    assert {event["instrument"] for event in tiles} == {event["instrument"] for event in plain if "metrics" in event}
    assert [event for event in plain if event["event"] != "result"] == [e for e in tiled if e["event"] != "tile"]
    first = places(tiles)[0]
    # Of a tile that a client has half of, the whole is told.
    rest = follow(served.url, f"{path}?tiles=true", {"Last-Event-ID": f"{run}/{first - 1}"})
    assert rest == tiled[tiled.index(tiles[0]) :]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"strategy": "Macd", "grid": dict.fromkeys(("fast", "slow", "signal"), "1:10000")}, "--search random"),
        ({"where": "fast > slow + 100"}, "takes out"),
        ({"grid": {"fats": "5:10"}}, "fast"),
        ({"grid": {"fast": "5:10:0"}}, "steps above 0"),
        ({"grid": {"fast": "10:5"}}, "5:10"),
        ({"grid": {}}, "grid"),
        ({"search": "random", "budget": 1}, "budget"),
        ({"search": "random"}, "budget"),
        ({"objective": "fees_paid"}, "more is better"),
        ({"strategy": ["SmaCross", "mine.py:Mine"]}, "installed"),
        ({"strategy": ["RsiReversion"]}, "fast"),
    ],
)
def test_bad_input_is_a_problem_at_once(served: Served, asked: dict[str, Any], said: str) -> None:
    service = served.service
    before = service.house.runs.runs(limit=1)
    answer = httpx.post(f"{served.url}/api/v1/runs", json={**SWEEP, "where": None, **asked}, timeout=30)
    assert answer.headers["content-type"] == "application/problem+json"
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"]
    assert said in answer.json()["detail"]
    assert service.house.runs.runs(limit=1) == before


def get(served: Served, path: str, **headers: str) -> httpx.Response:
    """Ask a route of the runs."""
    return httpx.get(f"{served.url}/api/v1/runs/{path}", headers=headers, timeout=30)


def test_a_surface_is_that_of_the_sweep_in_product_order(served: Served, run: str) -> None:
    kept = served.service.store.run(run)
    for metric, statistic, name in (("", "median", "median"), ("total_return", "neighbourhood", "neighbourhood")):
        answer = get(served, f"{run}/surface?metric={metric}&statistic={statistic}")
        told, found = answer.raise_for_status().json(), kept.surface(metric or None)
        assert (
            get(
                served,
                f"{run}/surface?metric={metric}&statistic={statistic}",
                **{"If-None-Match": answer.headers["etag"]},
            ).status_code
            == 304
        )
        fast, slow = (axis["values"] for axis in told["parts"][0]["axes"])
        assert (fast, slow) == ([5, 10, 15], [10, 20, 30, 40])
        assert told["points"] is None
        assert [cell is None for cell in told["cells"]] == [a >= b for a in fast for b in slow]
        here = {tuple(row["parameters"].values()): row[name] for row in found}
        there = dict(zip(((a, b) for a in fast for b in slow), told["cells"], strict=True))
        assert {key: value for key, value in there.items() if value is not None} == here
        assert told["best_robust"]["parameters"] == found.best_robust["parameters"]
    told = get(served, f"{run}/surface?statistic=quartile_low").json()
    assert told["deflated"] == told["best_robust"]["sharpe_deflated"] == kept.best_robust["sharpe_deflated"]
    assert (told["trials"], told["pbo"]) == (kept.best_robust["trials"], kept.found["overfitting"]["pbo"])
    assert get(served, f"{run}/surface?metric=fees_paid").json()["best"] is None
    assert get(served, f"{run}/surface?metric=height").status_code == 422


def test_one_set_is_told_on_every_instrument(served: Served, run: str) -> None:
    surface = get(served, f"{run}/surface").json()
    point = surface["best"]["point"]
    told = get(served, f"{run}/surface/{point}").raise_for_status().json()
    assert (told["parameters"], told["median"]) == (surface["best"]["parameters"], surface["best"]["median"])
    assert len(told["instruments"]) == INSTRUMENTS
    values = [one["value"] for one in told["instruments"]]
    assert values == sorted(values, reverse=True)
    refused = get(served, f"{run}/surface/{surface['cells'].index(None)}")
    assert (refused.status_code, refused.json()["code"]) == (422, "input.parameter")


def test_cells_come_page_by_page_and_one_is_made_again(served: Served, run: str) -> None:
    kept, rows, cursor = served.service.store.run(run), [], ""
    while cursor is not None:
        page = get(served, f"{run}/results?sort=sharpe&limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
        rows += page["results"]
        cursor = page["cursor"]
    assert [(row["instrument"], row["parameters"]) for row in rows] == [
        (each.instrument, dict(each.parameters)) for each in kept.results("sharpe")
    ]
    assert len(rows) == CELLS
    by_name = get(served, f"{run}/results?sort=instrument&limit=500").json()["results"]
    assert [row["instrument"] for row in by_name] == sorted(row["instrument"] for row in rows)
    assert get(served, f"{run}/results?form=columns&limit=3").json()["columns"]["sharpe"]
    assert get(served, f"{run}/results?sort=height").status_code == 422
    one = rows[3]
    named = ",".join(f"{name}={value}" for name, value in one["parameters"].items())
    path = f"{run}/results/{one['instrument']}"
    cell = get(served, f"{path}?parameters={named}&include=trades,equity&points=20").raise_for_status().json()
    assert (cell["result"]["decisions"], cell["result"]["metrics"]["sharpe"]) == (
        one["decisions"],
        one["metrics"]["sharpe"],
    )
    assert len(cell["trades"]) == one["metrics"]["trades"]
    assert len(cell["equity"]["equity"]) <= 20
    assert get(served, f"{path}/trades/1/explain?parameters={named}").status_code == 200
    assert get(served, path).json()["result"]["parameters"] == kept.best_robust["parameters"]
    for wrong in ("fast=6,slow=30", "fast", "fats=5", "fast=5,fast=10"):
        refused = get(served, f"{path}?parameters={wrong}")
        assert (refused.status_code, refused.json()["code"]) == (422, "input.parameter")


def test_what_is_told_of_runs_is_told_of_sweeps_or_refused_with_a_sentence(served: Served, run: str) -> None:
    told = get(served, run).raise_for_status().json()
    assert (told["count"], told["state"], told["header"]["instruments"]) == (CELLS, "completed", INSTRUMENTS)
    assert (
        told["ended"]["best_robust"]["parameters"] == get(served, f"{run}/surface").json()["best_robust"]["parameters"]
    )
    listed = next(
        each for each in httpx.get(f"{served.url}/api/v1/runs", timeout=30).json()["runs"] if each["run"] == run
    )
    assert (listed["total"], listed["median_return"], listed["profitable"]) == (CELLS, None, None)
    assert get(served, f"{run}/receipt").json()["digest"] == told["digest"]
    assert httpx.post(f"{served.url}/api/v1/runs/{run}/verify", timeout=60).json()["verdict"] == "identical"
    alone = {"strategy": "SmaCross", "universe": "demo"}
    other = httpx.post(f"{served.url}/api/v1/runs", json=alone, headers={"Prefer": "wait=9"}, timeout=30).json()["id"]
    for path in (f"{run}/compare/{other}", f"{run}/report", f"{other}/surface", f"{other}/surface/1"):
        refused = get(served, path)
        assert refused.status_code == 422, path
        assert refused.json()["detail"].count(".") >= 1


def test_where_the_time_of_a_sweep_went_is_told_without_its_cells(
    served: Served, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [event for event in follow(served.url, f"/api/v1/runs/{run}/events") if event["event"] == "result"]
    asked: list[dict[str, Any]] = []

    def watched(*given: Any, **how: Any) -> Any:
        asked.append(how)
        return replay(*given, **how)

    monkeypatch.setattr(times_of, "replay", watched)
    times = get(served, f"{run}/timings").json()
    assert (times["first_ms"], times["last_ms"]) == (plain[0]["t_ms"], plain[-1]["t_ms"])
    assert asked == [], "all of it was measured by this service"
    later = times_of.times_of(served.service.house, RunMeter(Metrics(tuple)), run)
    assert (later.first_ms, later.last_ms) == (times["first_ms"], times["last_ms"])
    assert (later.total, later.results, later.level) == (times["total"], times["results"], times["level"])
    assert asked == [{"tiles": True}]


def test_several_strategies_are_one_sweep(served: Served) -> None:
    asked = {"strategy": ["SmaCross", "EmaCross"], "grid": {"fast": [5, 8], "EmaCross.slow": [30]}, "where": None}
    begun = begin(served.url, **asked, symbols=None)
    events = follow(served.url, begun["events"])
    assert (events[-1]["event"], events[-1]["count"]) == ("completed", 4 * INSTRUMENTS)
    told = {event["parameters"]["strategy"] for event in events if event["event"] == "result"}
    assert told == {"SmaCross", "EmaCross"}
    spec = httpx.get(f"{served.url}/api/v1/runs/{begun['id']}", timeout=30).json()["spec"]
    again = httpx.post(f"{served.url}/api/v1/runs", json=spec, timeout=30).json()
    assert (again["id"], again["reused"]) == (begun["id"], True)


def test_a_killed_service_finishes_the_sweep_when_it_is_back(home: Path, tmp_path: Path) -> None:
    copy, environment = tmp_path / "home", install_gated(tmp_path)
    shutil.copytree(home, copy)
    gate = Path(environment["TAPEHEAD_TEST_GATE"])
    (gate / "calls").touch()
    # What differs between the sets is read by no rule: each of them asks the gate, and waits at it from the 20th on.
    asked = {"strategy": "Gated", "grid": {"free": "20:29"}, "where": None}
    with serving(copy, "--workers", "1", environment=environment) as served:
        run = begin(served.url, **asked)["id"]
        wait_for(lambda: len((gate / "calls").read_text().splitlines()) > 20)
        wait_for(lambda: _log_of(served.url, run) >= 2 * SETS)
        served.kill()
    (gate / "open").touch()
    with serving(copy, "--workers", "1", environment=environment) as served:
        events = follow(served.url, f"/api/v1/runs/{run}/events")
        told = httpx.get(f"{served.url}/api/v1/runs/{run}", timeout=30).json()
    assert (events[-1]["event"], events[-1]["count"], told["state"]) == ("completed", CELLS, "completed")
    assert places(events) == list(range(1, len(events) + 1))
    cells = [(each["instrument"], each["parameters"]["free"]) for each in events if each["event"] == "result"]
    assert len(cells) == len(set(cells)) == CELLS


def test_a_cancelled_sweep_ends_keeps_what_is_done_and_goes_on(home: Path, tmp_path: Path) -> None:
    copy, environment = tmp_path / "home", install_gated(tmp_path)
    shutil.copytree(home, copy)
    gate = Path(environment["TAPEHEAD_TEST_GATE"])
    (gate / "calls").touch()
    asked = {"strategy": "Gated", "grid": {"free": "20:29"}, "where": None}
    with serving(copy, "--workers", "1", environment=environment) as served:
        run = begin(served.url, **asked)["id"]
        wait_for(lambda: len((gate / "calls").read_text().splitlines()) > 20)
        busy = httpx.delete(f"{served.url}/api/v1/runs/{run}", timeout=30)
        assert (busy.status_code, busy.json()["code"]) == (409, "runs.busy")
        assert httpx.post(f"{served.url}/api/v1/runs/{run}/cancel", timeout=30).json()["cancelled"]
        (gate / "open").touch()
        events = follow(served.url, f"/api/v1/runs/{run}/events")
        assert (events[-1]["event"], 0 < events[-1]["count"] < CELLS) == ("cancelled", True)
        again = httpx.post(f"{served.url}/api/v1/runs/{run}/resume", timeout=30)
        assert (again.status_code, again.json()["total"]) == (202, CELLS)
        events = follow(served.url, f"/api/v1/runs/{run}/events")
        assert (events[-1]["event"], events[-1]["count"]) == ("completed", CELLS)
        assert httpx.delete(f"{served.url}/api/v1/runs/{run}", timeout=30).status_code == 204


def _log_of(url: str, run: str) -> int:
    """Return how many results of a run are kept."""
    found: int = httpx.get(f"{url}/api/v1/runs/{run}", timeout=30).json()["count"]
    return found
