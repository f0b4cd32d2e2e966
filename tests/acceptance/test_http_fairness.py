"""A small run goes before big ones, counted in tasks and not in time."""

from __future__ import annotations

from pathlib import Path

import httpx

import tapehead as th
from tests.acceptance.test_http_stream import events_of, wait_for
from tests.serving import install_gated, serving

WORKERS = 2
SMALL = 2 * WORKERS
"""Instruments of the small run: as many as a run hands over at once, so that no clock has a say in the order."""
INSTRUMENTS = 70
BIG_RUNS = 3
"""One more than may go on at once: a small run begins although a big one waits."""


def test_big_runs_get_few_tasks_while_a_small_one_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with th.open(home) as store:
        store.demo(instruments=INSTRUMENTS, years=1)
        symbols = [each.instrument.symbol for each in store.instruments()]
    small, big = symbols[:SMALL], symbols[SMALL:]
    environment = install_gated(tmp_path)
    gate = Path(environment["TAPEHEAD_TEST_GATE"])
    spec = {"strategy": "Gated", "parameters": {"free": 0}, "fresh": True}
    with (
        serving(home, "--workers", str(WORKERS), environment=environment) as served,
        httpx.Client(base_url=f"{served.url}/api/v1", timeout=60) as client,
    ):

        def begin(named: list[str]) -> str:
            answer = client.post("/runs", json=spec | {"symbols": named}).raise_for_status()
            found: str = answer.json()["id"]
            return found

        def waiting() -> int:
            found: int = client.get("/operations").raise_for_status().json()["pool"]["waiting"]
            return found

        big_runs = [begin(big) for _ in range(BIG_RUNS)]
        # Every big run that goes on has handed over what it may; two of the tasks wait at the gate, in the workers.
        handed = (BIG_RUNS - 1) * 2 * WORKERS - WORKERS
        wait_for(lambda: waiting() == handed, 60)
        run = begin(small)
        wait_for(lambda: waiting() == handed + SMALL, 60)
        (gate / "open").touch()
        events = events_of(client.get(f"/runs/{run}/events").content)
        for each in big_runs:
            client.post(f"/runs/{each}/cancel").raise_for_status()
    assert (events[-1]["event"], events[-1]["count"]) == ("completed", SMALL)
    calls = [line.split()[0] for line in (gate / "calls").read_text().splitlines()]
    places = [place for place, symbol in enumerate(calls) if symbol in small][:SMALL]
    # Two big tasks had begun; one turn in eight is for the big ones, and a worker may write down its call late.
    assert places[-1] < WORKERS + SMALL + 1 + WORKERS, calls[:20]


def test_a_small_run_is_done_while_a_sweep_of_twenty_thousand_sets_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with th.open(home) as store:
        store.demo(instruments=48, years=1)
    sweep = {"strategy": "SmaCross", "universe": "demo", "grid": {"fast": "2:101", "slow": "110:309"}}
    small = {"strategy": "RsiReversion", "universe": "demo"}
    with (
        serving(home, "--workers", str(WORKERS)) as served,
        httpx.Client(base_url=f"{served.url}/api/v1", timeout=120) as client,
    ):
        big = client.post("/runs", json=sweep).raise_for_status().json()
        assert big["total"] == 20_000 * 48
        wait_for(lambda: client.get(f"/runs/{big['id']}").json()["count"] > 0, 120)
        events = events_of(client.post("/runs/stream", json=small).content)
        assert (events[-1]["event"], events[-1]["count"]) == ("completed", 48)
        assert client.post(f"/runs/{big['id']}/cancel").json()["cancelled"]
        last = events_of(client.get(f"/runs/{big['id']}/events?tiles=true").content)[-1]
    assert (last["event"], 0 < last["count"] < 20_000 * 48) == ("cancelled", True)
