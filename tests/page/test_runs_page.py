"""The list of runs and their comparison: numbers beside the service's, ticks, deleting, going on, keys, both widths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

import tapehead as th
from tests.house.tree import ROOT
from tests.serving import Served, install_gated, serving, serving_here

Look = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
COMPARED = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor")
SHIFTS = """window.shifted = []; new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted.push(one.value);
}).observe({ type: "layout-shift", buffered: true })"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service over three runs: one that is often compared with one of other costs, and one of another period."""
    home = tmp_path_factory.mktemp("runs") / "home"
    with th.open(home) as store:
        store.demo(instruments=6, years=1)
        for asked in ({"fee": "10bps"}, {"fee": "40bps"}, {"fee": "10bps", "period": 9}):
            store.backtest("RsiReversion", universe="demo", **asked).wait()
    with serving_here(home) as found:
        yield found


def asked(served: Served, path: str) -> Any:
    """Return what the service itself says."""
    return httpx.get(f"{served.url}/api/v1{path}", timeout=60).raise_for_status().json()


def clean(page: Page) -> None:
    """Find nothing that axe complains of."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == []


def test_every_run_is_listed_with_the_numbers_of_the_service(kept: Served, look: Look) -> None:
    page = look(f"{kept.url}/runs")
    rows = asked(kept, "/runs")["runs"]
    expect(page.locator("tr[data-row]")).to_have_count(3)
    for row in rows:
        shown = page.locator(f'tr[data-row="{row["run"]}"]')
        for name in ("count", "median_return", "profitable"):
            cell = shown.locator(f"[data-metric={name}]")
            assert float(cell.get_attribute("data-value") or "nan") == row[name]
        expect(shown.locator("[data-metric=profitable]")).to_have_text(f"{row['profitable']} of 6")
        expect(shown).to_contain_text("RsiReversion")
        expect(shown).to_contain_text("done")
    first = page.locator("tr[data-row]").first
    expect(first).to_have_attribute("data-row", rows[0]["run"])
    expect(first).to_contain_text("RsiReversion 9 / 30 / 70")
    expect(first.locator("[data-metric=median_return]")).to_have_text(
        f"{rows[0]['median_return'] * 100:+.1f}".replace("-", "−")
    )


def test_two_ticks_by_keys_compare_and_the_way_back_is_a_key(kept: Served, look: Look) -> None:
    page = look(f"{kept.url}/runs")
    newest, middle, _ = (row["run"] for row in asked(kept, "/runs")["runs"])
    expect(page.locator("tr[data-row]")).to_have_count(3)
    compare = page.get_by_role("button", name="Compare")
    expect(compare).to_be_disabled()
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)
    expect(compare).to_be_enabled()
    page.keyboard.press("c")
    expect(page.locator("main")).to_have_attribute("data-page", "compare")
    assert page.url.endswith(f"/compare/{newest}/{middle}")
    expect(page.locator("main")).to_have_attribute("data-state", "done")
    page.keyboard.press("Backspace")
    expect(page.locator("main")).to_have_attribute("data-page", "runs")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-page", "run")


@pytest.mark.parametrize("by", ["costs", "settings"])
def test_a_comparison_says_what_differs_down_to_the_trades(kept: Served, look: Look, by: str) -> None:
    newest, middle, oldest = (row["run"] for row in asked(kept, "/runs")["runs"])
    a, b = oldest, middle if by == "costs" else newest
    told = asked(kept, f"/runs/{a}/compare/{b}?instruments=0&metrics={','.join(COMPARED)}")
    page = look(f"{kept.url}/compare/{a}/{b}")
    expect(page.locator("[data-reasons]")).to_have_text(f"They differ in {by}.")
    differing = page.locator("[data-differs=true]")
    expect(differing).to_have_count(len(told["differing"]))
    assert [each.get_attribute("data-setting") for each in differing.all()] == [
        one["name"] for one in told["differing"]
    ]
    expect(differing.locator("td").first).to_have_css(
        "color", page.evaluate("getComputedStyle(document.querySelector('.warn')).color")
    )
    both = [(row["a"]["total_return"], row["b"]["total_return"]) for row in told["results"]]
    picture = page.locator("[data-pairs]")
    expect(picture).to_have_attribute("data-pairs", str(len(both)))
    expect(picture).to_have_attribute("data-higher", str(sum(one < other for one, other in both)))
    for row in told["results"]:
        shown = page.locator(f'tr[data-row="{row["instrument"]}"]')
        for side in "ab":
            cell = shown.locator(f"[data-side={side}][data-metric=total_return]")
            assert float(cell.get_attribute("data-value") or "nan") == row[side]["total_return"]
    page.get_by_label("A across, B up").select_option("sharpe")
    one = told["results"][0]
    cell = page.locator(f'tr[data-row="{one["instrument"]}"] [data-side=b][data-metric=sharpe]')
    expect(cell).to_have_attribute("data-value", repr(one["b"]["sharpe"]))
    page.get_by_role("button", name=one["instrument"].partition(":")[2], exact=True).click()
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", one["instrument"])
    apart = asked(kept, f"/runs/{a}/compare/{b}/trades/{one['instrument']}?trades=500")
    expect(page.locator("[data-apart]")).to_have_attribute("data-apart", str(len(apart["trades"]) + apart["more"]))
    expect(page.locator("[data-reason]")).to_have_text(by)
    for place in (0, len(apart["trades"]) - 1):
        trade, shown = apart["trades"][place], page.locator("tr[data-apart-trade]").nth(place)
        expect(shown).to_have_attribute("data-apart-trade", trade["entry_time"])
        expect(shown).to_have_attribute("data-only", trade["only"] or "")
        for side in "ab":
            value = "" if trade[side] is None else trade[side]["profit"]
            cell = shown.locator(f"[data-side={side}][data-metric=profit]")
            found = cell.get_attribute("data-value")
            assert found == value or float(found or "nan") == value


def test_a_comparison_of_what_is_not_there_says_so(kept: Served, look: Look) -> None:
    run = asked(kept, "/runs")["runs"][0]["run"]
    page = look(f"{kept.url}/compare/{run}/{run}", complains="422")
    expect(page.get_by_role("alert")).to_contain_text("another run than A")


def no_losses_are_endless(served: Served, page: Page, runs: list[str]) -> None:
    """Compare two runs by their profit factors, some of which no loss divides."""
    rows = asked(served, f"/runs/{runs[0]}/compare/{runs[1]}")["results"]
    whys = [row["why_a"].get("profit_factor") for row in rows]
    assert "no_losses" in whys
    page.goto(f"{served.url}/compare/{runs[0]}/{runs[1]}")
    page.get_by_label("A across, B up").select_option("profit_factor")
    for row, why in zip(rows, whys, strict=True):
        cell = page.locator(f'tr[data-row="{row["instrument"]}"] [data-side=a][data-metric=profit_factor]')
        expect(cell).to_have_text("∞" if why == "no_losses" else f"{row['a']['profit_factor']:.2f}")


def test_a_run_is_deleted_only_after_it_was_said_what_is_lost(tmp_path: Path, look: Look) -> None:
    home = tmp_path / "home"
    with th.open(home) as store:
        store.demo(instruments=2, years=1)
        asking = {"universe": "demo", "close_at_end": True}
        runs = [store.backtest("BuyAndHold", fee=fee, **asking).wait().id for fee in ("1bps", "2bps")]
    with serving_here(home) as served:
        page = look(f"{served.url}/runs")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Delete…").click()
        dialog = page.get_by_role("dialog", name="Delete 1 run?")
        expect(dialog).to_contain_text("Lost are 2 results with their trades")
        expect(dialog).to_contain_text("BuyAndHold")
        dialog.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        no_losses_are_endless(served, page, runs)
        page.goto(f"{served.url}/runs")
        expect(page.locator("tr[data-row]")).to_have_count(2)
        assert len(asked(served, "/runs")["runs"]) == 2
        page.keyboard.press("j")
        page.keyboard.press("Delete")
        page.get_by_role("dialog").get_by_role("button", name="Delete 1 run").click()
        expect(page.locator("tr[data-row]")).to_have_count(1)
        assert [row["run"] for row in asked(served, "/runs")["runs"]] == runs[:1]
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)


def test_a_run_that_goes_on_counts_up_until_it_is_done(tmp_path: Path, look: Look) -> None:
    home = tmp_path / "home"
    with th.open(home) as store:
        store.demo(instruments=4, years=1)
    environment = install_gated(tmp_path)
    with serving(home, "--workers", "1", environment=environment) as served:
        page = look(f"{served.url}/runs")
        # Chromium of these tests is no Mac's.
        expect(page.locator("main")).to_contain_text("Pick a strategy and press Ctrl ↵.")
        body = {"strategy": "Gated", "universe": "demo", "parameters": {"free": 2}}
        httpx.post(f"{served.url}/api/v1/runs", json=body, timeout=60).raise_for_status()
        page.reload()
        row = page.locator("tr[data-row]")
        expect(row).to_have_attribute("data-state", "running")
        expect(row.locator("[data-metric=count]")).to_contain_text("of 4")
        expect(row.locator("[data-metric=median_return]")).to_have_text("–")
        expect(row.locator("[data-metric=count]")).to_have_text("2 of 4")
        run = row.get_attribute("data-row")
        first, *_ = asked(served, f"/runs/{run}/results")["results"]
        result = look(f"{served.url}/runs/{run}/{first['instrument']}", complains="409")
        expect(result.locator(".chips")).to_contain_text("look-ahead not tested yet")
        (tmp_path / "gate" / "open").touch()
        expect(row).to_have_attribute("data-state", "done")
        expect(row.locator("[data-metric=count]")).to_have_text("4")
        expect(page.locator("main")).to_have_attribute("data-state", "done")
        # What was opened while the run went on learns of its end.
        expect(result.locator("[data-look-ahead=none]")).to_be_visible()
        expect(result.locator("[data-receipt]")).to_be_visible()
        names = [one["instrument"] for one in asked(served, f"/runs/{run}/results")["results"]]
        at = names.index(first["instrument"])
        beside = [*names[max(at - 1, 0) : at], *names[at + 1 : at + 2]]
        links = result.locator(".neighbours a")
        expect(links).to_have_count(len(beside))
        assert [str(link.get_attribute("href")) for link in links.all()] == [
            f"/runs/{run}/{quote(name, safe='')}" for name in beside
        ]


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_both_pages_hold_the_rules_of_axe_fit_and_do_not_shift(
    kept: Served, look: Look, phone: bool, dark: bool
) -> None:
    newest, _, oldest = (row["run"] for row in asked(kept, "/runs")["runs"])
    page = look(f"{kept.url}/runs", phone=phone, dark=dark)
    page.add_init_script(SHIFTS)
    for path in ("/runs", f"/compare/{oldest}/{newest}"):
        page.goto(kept.url + path)
        expect(page.locator("main")).to_have_attribute("data-state", "done")
        expect(page.locator("tbody tr").first).to_be_visible()
        if path != "/runs":
            expect(page.locator("tr[data-apart-trade]").first).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= (380 if phone else 1440)
        assert page.evaluate("shifted") == []
        clean(page)
