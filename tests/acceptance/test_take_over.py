"""A service dies in the middle of a run: another one on the same store takes the run over, once, to the same end."""

import json
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import tapehead as th
from tapehead.library.store import open as open_store
from tests.acceptance.test_resume import wait_for
from tests.serving import Served, install_gated, serving

INSTRUMENTS = 6


def stream_of(service: Served, run: str) -> list[tuple[int, dict[str, Any]]]:
    """Read the stream of a run to its end: numbers, and what the events tell."""
    with urllib.request.urlopen(f"{service.url}/api/v1/runs/{run}/events", timeout=120) as answer:  # noqa: S310 - our own service
        frames = answer.read().decode().split("\n\n")
    told = []
    for frame in frames:
        fields = dict(line.split(": ", 1) for line in frame.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            told.append((int(fields["id"].rpartition("/")[2]), json.loads(fields["data"])))
    return told


@pytest.mark.parametrize("where", ["postgres", "folder"])
def test_a_run_of_a_dead_service_is_taken_over_once(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    given = {**install_gated(tmp_path), "TAPEHEAD_HOME": str(tmp_path / "hot"), "TAPEHEAD_WORKERS": "1"}
    home = str(request.getfixturevalue("postgres")) if where == "postgres" else str(tmp_path / "home")
    with open_store(home) as store:
        store.demo(instruments=INSTRUMENTS, years=1, seed=5)
    gate = tmp_path / "gate"
    with ExitStack() as services:
        first, second = (services.enter_context(serving(home, environment=given)) for _ in range(2))
        with th.connect(first.url) as here:
            run = here.backtest("Gated", parameters={"free": 2}, universe="demo").start().id
        calls = gate / "calls"
        wait_for(lambda: calls.exists() and len(calls.read_text().splitlines()) >= 3)
        first.kill()
        (gate / "open").touch()
        told = stream_of(second, run)
        with th.connect(second.url) as there:
            whole = there.backtest("Gated", parameters={"free": 2}, universe="demo", fresh=True).wait().receipt
    numbers, events = [number for number, _ in told], [event for _, event in told]
    assert numbers == list(range(1, len(numbers) + 1))
    names = Counter(event["event"] for event in events)
    assert (names["started"], names["result"], names["completed"]) == (1, INSTRUMENTS, 1)
    assert len({event["instrument"] for event in events if event["event"] == "result"}) == INSTRUMENTS
    assert whole is not None
    assert events[-1]["digest"] == whole.digest
    with open_store(home) as store:
        assert store.house.runs.record(run).count == INSTRUMENTS
