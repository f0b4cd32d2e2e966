"""The Operations page: every number is the one that the service told in the same moment; runs can be ended there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, Response, expect

from tapehead.caches.shared import AWAY
from tests.house.tree import ROOT
from tests.page.conftest import PHONE, WIDE
from tests.servers import Own
from tests.serving import Served, install_gated, serving

Look = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
SHOWN = """() => {
    const all = (where, place = document) => [...place.querySelectorAll(where)];
    const cells = (row) => all('[data-metric]', row).map((one) => [one.dataset.metric, one.dataset.value]);
    return {
        moment: document.querySelector('main').dataset.moment,
        facts: all('.facts dd').map((one) => [one.dataset.metric, one.dataset.value]),
        tiers: all('[data-tier]').map((row) => [row.dataset.tier, Object.fromEntries(cells(row))]),
        checks: all('[data-check]').map((row) => [row.dataset.check, row.dataset.checkState]),
        runs: all('[data-run]').map((row) => [row.dataset.run, row.dataset.runState]),
    };
}"""
PLAIN = ("hits", "misses", "size_bytes", "limit_bytes")


def number_at(told: dict[str, Any], path: str) -> Any:
    """The number of an answer under `queue.small`."""
    for name in path.split("."):
        told = told[name]
    return told


def test_every_number_is_the_services(served: Served, look: Look) -> None:
    asked = {"strategy": "SmaCross", "universe": "demo", "fresh": True}
    httpx.post(f"{served.url}/api/v1/runs", json=asked, headers={"Prefer": "wait=10"}, timeout=60).raise_for_status()
    page = look(served.url)
    answers: dict[str, dict[str, Any]] = {}

    def hear(answer: Response) -> None:
        if answer.url.endswith("/api/v1/operations"):
            told = answer.json()
            answers[repr(told["up_s"]).removesuffix(".0")] = told

    page.on("response", hear)
    page.get_by_role("link", name="Operations").click()
    expect(page.locator("main")).to_have_attribute("data-moment", re.compile("."))
    shown = page.evaluate(SHOWN)
    told = answers[shown["moment"]]
    assert len(shown["facts"]) == 22
    for name, value in shown["facts"]:
        assert float(value) == number_at(told, name), name
    assert [name for name, _ in shown["tiers"]] == [tier["name"] for tier in told["tiers"]]
    for tier, (_, cells) in zip(told["tiers"], shown["tiers"], strict=True):
        assert {name: float(cells[name]) for name in PLAIN} == {name: tier[name] for name in PLAIN}
        reads = tier["hits"] + tier["misses"]
        assert cells["hit_share"] == "" if reads == 0 else float(cells["hit_share"]) == tier["hits"] / reads
    ready = httpx.get(f"{served.url}/readyz").json()
    assert shown["checks"] == [[one["name"], one["state"]] for one in ready["dependencies"]]
    assert shown["runs"] == [[run["run"], run["state"]] for run in told["runs"][:12]]
    newest = told["runs"][0]
    for name in ("results", "queued_ms", "first_ms", "last_ms"):
        cell = page.locator(f'[data-run="{newest["run"]}"] [data-metric={name}]')
        expect(cell).to_have_attribute("data-value", repr(newest[name]).removesuffix(".0"))
    expect(page.locator("main")).not_to_have_attribute("data-moment", shown["moment"])


def test_each_part_has_its_command(served: Served, look: Look) -> None:
    page = look(f"{served.url}/operations")
    for name, command in (
        ("tiers", "store stats"),
        ("jobs", "runs"),
        ("health", "doctor"),
        ("pool", "serve --workers"),
    ):
        expect(page.locator(f'[data-part="{name}"] [data-command]')).to_contain_text(f"tapehead {command}")
    expect(page.locator('[data-part="health"]')).to_contain_text("Who has the database open: tapehead db status")


def test_a_run_that_goes_on_is_ended_and_a_service_that_dies_is_said(
    demo_home: Path, look: Look, tmp_path: Path
) -> None:
    with serving(demo_home, environment=install_gated(tmp_path)) as served:
        asked = {"strategy": "Gated", "universe": "demo", "parameters": {"free": 0}}
        run = httpx.post(f"{served.url}/api/v1/runs", json=asked, timeout=60).raise_for_status().json()["id"]
        page = look(f"{served.url}/operations", complains="ERR_CONNECTION_REFUSED")
        row = page.locator(f'[data-run="{run}"]')
        expect(row).to_have_attribute("data-run-state", "running")
        expect(page.locator("main")).to_have_attribute("data-state", "running")
        with page.expect_response(f"**/runs/{run}/cancel"):
            row.get_by_role("button").click()
        (tmp_path / "gate" / "open").touch()
        expect(row).to_have_attribute("data-run-state", "cancelled")
        served.kill()
        expect(page.locator("main")).to_have_attribute("data-state", "offline")
        expect(page.locator("[data-connection]")).to_have_text("Offline")
        expect(page.locator("[data-line]")).to_contain_text("Connection lost, trying again in 2 s.")
        expect(row).to_have_attribute("data-run-state", "cancelled")


def test_a_redis_that_is_away_is_told(demo_home: Path, look: Look, own_valkey: Own) -> None:
    own_valkey.kill()
    with serving(demo_home, environment={"TAPEHEAD_REDIS": own_valkey.url}) as served:
        page = look(f"{served.url}/?strategy=RsiReversion&universe=demo&fee=11bps", complains="ERR_CONNECTION_REFUSED")
        page.get_by_role("button", name="Run on 12 instruments").click()
        expect(page.locator("main")).to_have_attribute("data-state", "done", timeout=60_000)
        expect(page.locator("[data-connection]")).to_have_text(AWAY)
        page.get_by_role("link", name="Operations").click()
        expect(page.locator('[data-check="tiers"]')).to_have_attribute("data-check-state", "degraded")
        expect(page.locator('[data-tier="redis"]')).to_contain_text(AWAY)


def test_nothing_is_in_the_way_of_anybody(served: Served, look: Look) -> None:
    page = look(f"{served.url}/operations")
    expect(page.locator("[data-part]")).to_have_count(4)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(VIOLATIONS) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
