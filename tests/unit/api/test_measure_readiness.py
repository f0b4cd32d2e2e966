"""Whether each thing the service stands on does its work, and what is said where one does not."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapehead.api.measure import readiness
from tapehead.api.measure.readiness import Readiness, to_json
from tapehead.settings import Settings
from tapehead.wiring.assemble import House, assemble, dismantle
from tests.servers import Own


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings = Settings(tmp_path / "home")
    yield assemble(settings)
    dismantle(settings)


def looked(house: House, others: Any = None, *, draining: bool = False, answer_s: float = 30.0) -> Any:
    """What one look finds."""
    look = Readiness(house, others or {}, lambda: draining)
    try:
        return to_json(asyncio.run(look.look(answer_s)))
    finally:
        look.close()


def states(found: Any) -> dict[str, str]:
    """The state of each dependency."""
    return {each["name"]: each["state"] for each in found["dependencies"]}


def test_a_store_that_works_is_ready(house: House) -> None:
    found = looked(house, {"pool": lambda: ("ok", "2 of 2")})
    assert found["ready"] is True
    assert found["degraded"] == []
    assert states(found) == dict.fromkeys(["store_read", "store_write", "event_log", "disk", "tiers", "pool"], "ok")


def test_one_that_drains_is_not(house: House) -> None:
    found = looked(house, draining=True)
    assert (found["ready"], found["draining"], found["degraded"]) == (False, True, [])


@pytest.mark.parametrize(("full", "why"), [(False, "can be read only: no run"), (True, "its disk is full: no run")])
def test_one_that_can_be_read_only_is_degraded(house: House, full: bool, why: str) -> None:
    found = looked(dataclasses.replace(house, writable=False, full=full))
    assert (found["ready"], found["degraded"]) == (True, ["store_write"])
    assert why in found["dependencies"][1]["text"]


def test_a_disk_that_fills_is_degraded_then_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LOW_BYTES", 1 << 62)
    assert (looked(house)["ready"], looked(house)["degraded"]) == (True, ["disk"])
    monkeypatch.setattr(readiness, "LEAST_BYTES", 1 << 62)
    found = looked(house)
    assert (found["ready"], states(found)["disk"]) == (False, "down")


def test_a_redis_that_is_lost_is_degraded_until_it_is_back(
    own_valkey: Own, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tapehead.caches.shared._RETRY_S", 0.0)
    settings = Settings(tmp_path / "home", shared=own_valkey.url)
    house = assemble(settings)
    try:
        assert looked(house)["degraded"] == []
        own_valkey.kill()
        found = looked(house)
        assert (found["ready"], found["degraded"]) == (True, ["tiers"])
        (text,) = [each["text"] for each in found["dependencies"] if each["name"] == "tiers"]
        assert text == "Redis is away: slower, same results."
        own_valkey.start()
        assert looked(house)["degraded"] == []
    finally:
        dismantle(settings)


def test_a_store_whose_database_is_no_database_is_down_and_says_of_what(house: House) -> None:
    home = house.settings.home
    dismantle(house.settings)
    for each in home.glob("runs.db*"):
        each.unlink()
    (home / "runs.db").write_bytes(b"no database" * 500)
    found = looked(house)
    assert found["ready"] is False
    assert {name for name, state in states(found).items() if state == "down"} == {
        "store_read", "store_write", "event_log",
    }  # fmt: skip
    assert "not a database" in found["dependencies"][0]["text"]


def test_whatever_a_look_raises_is_what_is_found(house: House) -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    found = looked(house, {"pool": broken})
    assert found["ready"] is False
    assert found["dependencies"][-1] == {"name": "pool", "state": "down", "text": "ZeroDivisionError"}


def test_a_look_that_hangs_holds_one_thread_however_often_it_is_asked(house: House) -> None:
    gate, looks = threading.Event(), []

    def hung() -> Any:
        looks.append(threading.current_thread().name)
        assert gate.wait(60)
        return "ok", "at last"

    async def ask() -> tuple[Any, Any]:
        look = Readiness(house, {"pool": hung}, lambda: False)
        cut = [await look.look(0.01) for _ in range(3)]
        gate.set()
        whole = await look.look(30.0)
        look.close()
        return cut, whole

    cut, whole = asyncio.run(ask())
    assert [(each.ready, each.looks[0].text) for each in cut] == [(False, "did not answer within 0.01 s")] * 3
    assert whole.ready
    assert len(looks) == 1
