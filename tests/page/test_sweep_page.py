"""The page Sweep: the form, the map and the best sets beside what the service tells, cancel, resume, states, keys."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.house.tree import ROOT
from tests.serving import Served, install_gated, serving

Look = Callable[..., Page]
SAID = "p[aria-live=polite]"
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
ASKED = {
    "strategy": "SmaCross",
    "grid": {"fast": "4:12:4", "slow": "8:40:8"},
    "where": "fast < slow",
    "universe": "demo",
    "fee": "10bps",
}
SHIFTS = """window.shifted = []; new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted.push(one.value);
}).observe({ type: "layout-shift", buffered: true })"""


# What the map shows is what is wanted, value for value.
SAME = """(wanted) => {
    const cells = [...document.querySelectorAll("[data-cell]")];
    const shown = cells.map(({ dataset }) => [dataset.cell, Number(dataset.value)]);
    return shown.length === Object.keys(wanted).length && shown.every(([point, value]) => wanted[point] === value);
}"""


def asked(served: Served, path: str) -> Any:
    """Return what the service itself says."""
    return httpx.get(f"{served.url}/api/v1{path}", timeout=60).raise_for_status().json()


@pytest.fixture(scope="module")
def swept(served: Served) -> str:
    """A sweep of 13 sets, two of 15 taken out by its constraint, on the 12 instruments, at its end."""
    answer = httpx.post(f"{served.url}/api/v1/runs", json=ASKED, headers={"Prefer": "wait=10"}, timeout=60)
    run: str = answer.raise_for_status().json()["id"]
    httpx.get(f"{served.url}/api/v1/runs/{run}/events?tiles=true", timeout=60).raise_for_status()
    return run


def ends(page: Page, state: str = "done") -> None:
    expect(page.locator("main[data-page=sweep]")).to_have_attribute("data-state", state, timeout=60_000)


def drawn(page: Page) -> dict[int, float | None]:
    """What the map shows: the raw value of each set, by its point."""
    found = page.evaluate(
        "[...document.querySelectorAll('[data-cell]')].map(({ dataset }) => [dataset.cell, dataset.value ?? null])"
    )
    return {int(point): None if value is None else float(value) for point, value in found}


def told(surface: dict[str, Any]) -> dict[int, float | None]:
    return {point: value for point, value in enumerate(surface["cells"]) if value is not None}


def raw(shown: Locator) -> float:
    return float(shown.get_attribute("data-value") or "nan")


def number(page: Page, side: str, metric: str) -> float:
    return raw(page.locator(f"[data-best={side}][data-metric={metric}]"))


def test_a_sweep_from_its_form_to_its_end_has_the_numbers_of_the_service(served: Served, look: Look) -> None:
    page = look(f"{served.url}/sweep")
    expect(page.get_by_role("button", name="Sweep on 12 instruments")).to_be_enabled()
    page.locator("input[name=fast]").fill("4:10:2")
    page.locator("input[name=slow]").fill("10,20,40")
    expect(page.locator(".size")).to_have_text("at most 12 sets × 12 instruments: 144 backtests")
    page.evaluate("window.kept = document.querySelector('main')")
    page.keyboard.press("Control+Enter")
    ends(page)
    assert page.evaluate("window.kept === document.querySelector('main')"), "the page was made anew"
    run = page.url.rpartition("/")[2]
    surface = asked(served, f"/runs/{run}/surface")
    expect(page.locator("[data-cell][data-value]")).to_have_count(11)
    expect(page.locator("[data-metric=pbo]")).to_have_attribute("data-value", re.compile(r"^\d"))
    assert raw(page.locator("[data-metric=pbo]")) == surface["pbo"]
    assert drawn(page) == told(surface)
    # fast=10, slow=10 is no set: there is a hole, and it says so.
    expect(page.locator(".heat-cell.hole")).to_have_attribute("aria-label", "fast 10, slow 10: no set")
    for side, name in (("robust", "best_robust"), ("best", "best")):
        for metric in ("median", "lower", "upper", "above_zero", "neighbourhood", "sharpe_deflated", "trials"):
            assert number(page, side, metric) == surface[name][metric]
        for parameter, value in surface[name]["parameters"].items():
            expect(page.locator(f"[data-best={side}][data-parameter={parameter}]")).to_have_text(str(value))
    expect(page.locator("[data-plateau]").last).to_have_attribute("data-plateau", str(len(surface["plateau"])))
    marks = {
        one.get_attribute("data-mark"): one.get_attribute("data-cell") for one in page.locator("[data-mark]").all()
    }
    assert int(next(cell for mark, cell in marks.items() if "◆" in str(mark))) == surface["best"]["point"]
    assert int(next(cell for mark, cell in marks.items() if "●" in str(mark))) == surface["best_robust"]["point"]
    outlined = {int(one.get_attribute("data-cell") or -1) for one in page.locator("[data-cell][data-plateau]").all()}
    assert outlined == set(surface["plateau"])
    deflated = page.locator("[data-best=best][data-metric=sharpe_deflated]")
    assert "Bailey" in str(deflated.get_attribute("title"))
    assert str(surface["best"]["sharpe_deflated"]) in str(deflated.get_attribute("title"))
    expect(page.locator("[data-figure=done]")).to_have_text("132 / 132")
    expect(page.locator("[data-figure=sets]")).to_have_text("11 × 12")
    expect(page.locator("[data-figure=look-ahead]")).to_have_text("✓ none")
    expect(page.locator(SAID)).to_have_text("The run is done: 132 results.")


def test_metric_and_statistic_are_switched_and_cells_chosen_by_keys(served: Served, look: Look, swept: str) -> None:
    page = look(f"{served.url}/runs/{swept}")
    expect(page).to_have_url(re.compile(rf"/sweep/{swept}$"))
    ends(page)
    for metric, statistic in (("sharpe", "above_zero"), ("total_return", "quartile_low"), ("sharpe", "neighbourhood")):
        with page.expect_response(lambda one, want=f"statistic={statistic}": want in one.url):
            page.get_by_role("combobox", name="Metric").select_option(metric)
            page.get_by_role("combobox", name="Statistic").select_option(statistic)
        wanted = told(asked(served, f"/runs/{swept}/surface?metric={metric}&statistic={statistic}"))
        page.wait_for_function(SAME, arg={str(point): value for point, value in wanted.items()})
    robust = asked(served, f"/runs/{swept}/surface")["best_robust"]["point"]
    expect(page.locator("[data-set]")).to_have_attribute("data-set", str(robust))
    page.locator("[data-cell='0']").click()
    # Over a hole too, and not beyond an edge.
    for key, at in (("Right", "0 1"), ("Down", "1 1"), ("Left", "1 0"), ("Up", "0 0"), ("Up", "0 0")):
        page.keyboard.press(f"Arrow{key}")
        expect(page.locator("[aria-selected=true][data-at]")).to_have_attribute("data-at", at)
    page.keyboard.press("ArrowRight")
    page.mouse.move(0, 0)
    expect(page.locator("[data-set]")).to_have_attribute("data-set", "1")
    expect(page.get_by_role("grid")).to_have_attribute("aria-activedescendant", "heat-0-1")
    one = asked(served, f"/runs/{swept}/surface/1")
    rows = page.locator("[data-instrument]")
    assert [row.get_attribute("data-instrument") for row in rows.all()] == [
        each["instrument"] for each in one["instruments"]
    ]
    for row, each in zip(rows.all(), one["instruments"], strict=True):
        assert raw(row.locator("[data-metric=sharpe]")) == each["value"]
        assert raw(row.locator("[data-metric=total_return]")) == each["total_return"]


def test_the_address_holds_the_whole_spec_and_a_set_leads_to_its_own_run(
    served: Served, look: Look, swept: str
) -> None:
    page = look(
        f"{served.url}/sweep?strategy=SmaCross,RsiReversion&universe=demo&fee=5bps&SmaCross.fast=4:8:2&RsiReversion.period=9"
        "&where=fast+%3C+slow&search=random&budget=4&objective=total_return&seed=3"
    )
    expect(page.locator("input[name='SmaCross.fast']")).to_have_value("4:8:2")
    for name, value in (
        ("fee", "5"),
        ("RsiReversion.period", "9"),
        ("budget", "4"),
        ("seed", "3"),
        ("where", "fast < slow"),
    ):
        expect(page.locator(f"input[name='{name}']")).to_have_value(value)
    expect(page.locator("select[name=objective]")).to_have_value("total_return")
    expect(page.locator("select[name=search]")).to_have_value("random")
    page.get_by_role("button", name="Without RsiReversion").click()
    expect(page.get_by_role("button", name="Sweep on")).to_be_disabled()
    expect(page.locator(".run-button")).to_contain_text("Give a parameter several values, such as 5:50:5.")
    page.goto(f"{served.url}/sweep/{swept}")
    ends(page)
    expect(page.locator("input[name=fast]")).to_have_value("4:12:4")
    expect(page.locator("input[name=slow]")).to_have_value("8:40:8")
    expect(page.locator("input[name=where]")).to_have_value("fast < slow")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("reused", exact=True)).to_be_visible()
    page.get_by_role("button", name="◆ Best").click()
    best = asked(served, f"/runs/{swept}/surface")["best"]
    expect(page.locator("[data-set]")).to_have_attribute("data-set", str(best["point"]))
    first = page.locator("[data-instrument]").first
    value = raw(first.locator("[data-metric=sharpe]"))
    first.get_by_role("link").click()
    expect(page.locator("input[name=fast]")).to_have_value(str(best["parameters"]["fast"]))
    expect(page.get_by_role("button", name="Run on 1 instrument")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("main[data-page=run]")).to_have_attribute("data-state", "done", timeout=60_000)
    # A cell is bit for bit the backtest of its set.
    expect(page.locator("tr[data-row] [data-metric=sharpe]")).to_have_attribute("data-value", repr(value))


def test_what_does_not_fit_is_said_under_its_field(served: Served, look: Look) -> None:
    page = look(f"{served.url}/sweep", complains="422")
    expect(page.get_by_role("button", name="Sweep on")).to_be_enabled()
    fast, where = page.locator("input[name=fast]"), page.locator("input[name=where]")
    fast.fill("5:50:0")
    page.keyboard.press("Control+Enter")
    fault = page.locator(".row", has=fast).locator(".fault")
    expect(fault).to_have_text("fast must be in steps above 0, such as --grid fast=5:50:1.")
    fast.fill("5:50:5")
    expect(fault).to_have_count(0)
    where.fill("fast > 900")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".row", has=where).locator(".fault")).to_contain_text("takes out all 100 sets of the grid")
    page.locator("select[name=search]").select_option("random")
    page.keyboard.press("Control+Enter")
    budget = page.locator(".row", has=page.locator("input[name=budget]"))
    expect(budget.locator(".fault")).to_contain_text("budget must be given where the search is random")
    assert "/sweep?" in page.url


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gated")


@pytest.fixture(scope="module")
def gated(gate: Path, demo_home: Path) -> Iterator[Served]:
    """A service with a strategy that waits at a gate."""
    shutil.copytree(demo_home, gate / "home")
    with serving(gate / "home", "--workers", "1", environment=install_gated(gate)) as found:
        yield found


def test_a_sweep_fills_is_cancelled_and_resumed(gated: Served, look: Look, gate: Path) -> None:
    page = look(f"{gated.url}/sweep?strategy=Gated&universe=demo&free=5:6")
    expect(page.get_by_role("button", name="Sweep on 12 instruments")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    # The seventh call waits: what is there by then is on the map, and no more.
    expect(page.locator("[data-cell][data-value]")).to_have_count(2, timeout=60_000)
    run = page.url.rpartition("/")[2]
    expect(page.locator("[data-figure=done]")).to_have_text("6 / 24")
    there = told(asked(gated, f"/runs/{run}/surface"))
    page.wait_for_function(SAME, arg={str(point): value for point, value in there.items()})
    expect(page.locator(SAID)).to_have_text(re.compile(r"^(The sweep of 24 cells has started|6 of 24 are done)\.$"))
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "6")
    with page.expect_response(lambda answer: answer.url.endswith("/cancel")):
        page.keyboard.press("Escape")
    (gate / "gate" / "open").touch()
    ends(page, "cancelled")
    kept = asked(gated, f"/runs/{run}/surface")["count"]
    assert kept < 24
    expect(page.locator(".ending")).to_contain_text(f"Cancelled at {kept} of 24. The {kept} are kept.")
    page.get_by_role("button", name="Resume").click()
    ends(page)
    expect(page.locator("[data-figure=done]")).to_have_text("24 / 24")
    wanted = told(asked(gated, f"/runs/{run}/surface"))
    page.wait_for_function(SAME, arg={str(point): value for point, value in wanted.items()})
    page.keyboard.press("g")
    page.keyboard.press("r")
    row = page.locator(f"tr[data-row='{run}']")
    expect(row.get_by_role("link")).to_have_text("gated:Gated free=5,6")
    row.get_by_role("link").click()
    ends(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_and_nothing_moves(served: Served, look: Look, swept: str, *, dark: bool) -> None:
    page = look(f"{served.url}/sweep", dark=dark)
    expect(page.get_by_role("button", name="Sweep on")).to_be_enabled()
    clean(page)
    page.goto("about:blank")
    page.add_init_script(SHIFTS)
    page.goto(f"{served.url}/sweep/{swept}")
    ends(page)
    expect(page.locator("[data-cell][data-value]")).to_have_count(13)
    expect(page.locator("[data-instrument]")).to_have_count(12)
    assert page.evaluate("shifted") == []
    page.locator("[data-cell='1']").click()
    clean(page)


def test_on_a_phone_map_best_and_set_are_tabs_and_nothing_scrolls_sideways(
    served: Served, look: Look, swept: str
) -> None:
    page = look(f"{served.url}/sweep/{swept}", phone=True)
    ends(page)
    expect(page.locator("[data-cell][data-value]")).to_have_count(13)
    fits = "document.documentElement.scrollWidth"
    assert page.evaluate(fits) == 380
    page.locator("[data-cell='1']").tap()
    page.get_by_role("tab", name="Best").click()
    expect(page.locator("[data-metric=pbo]")).to_be_visible()
    assert page.evaluate(fits) == 380
    page.get_by_role("tab", name="Set").click()
    expect(page.locator("[data-set]")).to_have_attribute("data-set", "1")
    assert page.evaluate(fits) == 380
    clean(page)
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_role("dialog").locator("input[name=fast]")).to_have_value("4:12:4")


def clean(page: Page) -> None:
    """Find nothing that axe complains of."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((said) => said.violations)")
    assert found == [], json.dumps(found, indent=1)[:4000]
