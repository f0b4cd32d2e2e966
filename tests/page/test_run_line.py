"""The page Run while its line breaks, while its service is killed and comes back, and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.acceptance.cutting import cutting
from tests.page.test_run_page import clean, drawn, results_of, run_of, whole
from tests.serving import Served, install_gated, serving, serving_here

Look = Callable[..., Page]


def test_a_line_that_is_cut_again_and_again_loses_and_doubles_nothing(served: Served, look: Look) -> None:
    run = httpx.get(f"{served.url}/api/v1/runs").json()["runs"][-1]["run"]
    with cutting(served.url, most=10_000, cuts=3, seed=5) as proxy:
        page = look(f"{proxy.url}/runs/{run}", complains="net::ERR")
        whole(page)
        assert proxy.cuts == 3
        expect(page.locator("[data-line=back]")).to_contain_text("caught up, none lost.")
        told = results_of(served, run)
        rows = drawn(page)
        assert sorted(row["symbol"] for row in rows) == sorted(told)
        for row in rows:
            assert float(row["values"]["total_return"]) == told[row["symbol"]]["metrics"]["total_return"]


def test_a_service_that_is_killed_and_comes_back_goes_on_with_the_run(
    demo_home: Path, look: Look, tmp_path: Path
) -> None:
    shutil.copytree(demo_home, tmp_path / "home")
    environment = install_gated(tmp_path)
    with serving(tmp_path / "home", "--workers", "1", environment=environment) as first:
        page = look(f"{first.url}/?strategy=Gated&universe=demo&free=4", complains="ERR_")
        expect(page.get_by_role("button", name="Run on 12 instruments")).to_be_enabled()
        page.keyboard.press("Control+Enter")
        expect(page.locator("tr[data-row]")).to_have_count(4)
        first.kill()
        expect(page.locator("main")).to_have_attribute("data-state", "offline")
        expect(page.locator(".quiet[data-line]")).to_contain_text("The run goes on.")
    (tmp_path / "gate" / "open").touch()
    port = first.url.rpartition(":")[2]
    with serving(tmp_path / "home", "--port", port, environment=environment) as second:
        whole(page)
        expect(page.locator("tr[data-row]")).to_have_count(12)
        assert sorted(row["symbol"] for row in drawn(page)) == sorted(results_of(second, run_of(page)))
        expect(page.locator("[data-connection]").first).to_have_attribute("data-connection", "live")


def test_a_tier_that_is_away_is_said_of_the_run_that_met_it_and_until_it_is_back(
    demo_home: Path, look: Look, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    (tier,) = (one for one in (home / "hot").iterdir() if one.name.startswith("v"))
    shutil.rmtree(tier)
    tier.touch()
    with serving_here(home) as found:
        old = httpx.get(f"{found.url}/api/v1/runs").json()["runs"][-1]["run"]
        page = look(f"{found.url}/?strategy=SmaCross&universe=demo&fast=3")
        word = page.locator("[data-connection]").first
        expect(page.get_by_role("button", name="Run on 12 instruments")).to_be_enabled()
        page.keyboard.press("Control+Enter")
        whole(page)
        expect(word).to_contain_text("the hot tier cannot write")
        # What an old run met in its time says nothing of now.
        page.reload()
        whole(page)
        expect(word).to_have_text("Live")
        page.get_by_label("Fast").fill("4")
        page.keyboard.press("Control+Enter")
        expect(word).to_contain_text("the hot tier cannot write")
        page.get_by_role("link", name="Runs", exact=True).click()
        page.locator(f"tr[data-row='{old}'] a").click()
        whole(page)
        expect(word).to_have_text("Live")


def test_on_a_phone_the_spec_is_folded_and_pictures_are_a_tab(served: Served, look: Look) -> None:
    page = look(f"{served.url}/?strategy=RsiReversion&universe=demo&fee=10bps", phone=True)
    button = page.get_by_role("button", name="Run on 12 instruments")
    expect(button).to_be_enabled()
    expect(page.get_by_text("RsiReversion 14 / 30 / 70")).to_be_visible()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_label("Period").fill("9")
    page.keyboard.press("Escape")
    expect(page.get_by_text("RsiReversion 9 / 30 / 70")).to_be_visible()
    assert button.bounding_box()["height"] == 44
    button.click()
    whole(page)
    told = results_of(served, run_of(page))
    rows = drawn(page)
    assert {row["symbol"] for row in rows} <= set(told)
    for row in rows:
        metrics = told[row["symbol"]]["metrics"]
        assert {name: float(text) for name, text in row["values"].items()} == {
            name: metrics[name] for name in ("total_return", "sharpe", "max_drawdown", "trades")
        }
    assert page.locator("tr[data-row]").first.bounding_box()["height"] == 48
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    clean(page)
    page.get_by_role("tab", name="Picture").click()
    expect(page.locator(".scatter canvas")).to_be_visible()
    clean(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 380
