"""The page Run: the form, a run as it is made, its table beside what the service tells, cancel, resume, states."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

import tapehead as th
from tapehead.library.keys import make_key
from tests.house.tree import ROOT
from tests.serving import Served, install_gated, serving, serving_here

Look = Callable[..., Page]
SAID = "p[aria-live=polite]"
SLOTS = 16
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
ODD = '''
import numpy as np

from tapehead import Signals, strategy


@strategy
class Peek:
    """Knows whether the next close is higher."""

    def signals(self, bars):
        later = np.append(bars.close[1:], bars.close[-1])
        return Signals(enter=later > bars.close, leave=later < bars.close)


@strategy
class Fails:
    """Fails on Bitcoin."""

    def signals(self, bars):
        if bars.series.symbol == "BTCUSDT":
            raise ValueError("no bitcoin here")
        return Signals(enter=bars.close > bars.open, leave=bars.close < bars.open)
'''


def install_odd(folder: Path) -> str:
    """Install the strategies `Peek` and `Fails` as plug-ins below `folder`; return what its path must hold."""
    info = folder / "odd-1.dist-info"
    info.mkdir(parents=True)
    (folder / "odd.py").write_text(ODD)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tapehead.strategies]\nPeek = odd:Peek\nFails = odd:Fails\n")
    return str(folder)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gated")


@pytest.fixture(scope="module")
def odd(gate: Path, demo_home: Path) -> Iterator[Served]:
    """A service with strategies that wait at a gate, fail on Bitcoin, or know later bars."""
    shutil.copytree(demo_home, gate / "home")
    environment = install_gated(gate)
    environment["PYTHONPATH"] += ":" + install_odd(gate / "odd")
    with serving(gate / "home", "--workers", "1", environment=environment) as found:
        yield found


def results_of(served: Served, run: str) -> dict[str, Any]:
    told = httpx.get(f"{served.url}/api/v1/runs/{run}/results?limit=500", timeout=60).raise_for_status().json()
    return {one["instrument"].partition(":")[2]: one for one in told["results"]}


def run_of(page: Page) -> str:
    return page.url.rpartition("/")[2]


def drawn(page: Page) -> list[dict[str, Any]]:
    """What the table shows: symbol and raw numbers of each row."""
    return page.evaluate(
        """[...document.querySelectorAll("tr[data-row]")].map((row) => ({
            symbol: row.dataset.row,
            values: Object.fromEntries([...row.querySelectorAll("[data-metric]")].map(
                (cell) => [cell.dataset.metric, cell.dataset.value])),
        }))"""
    )


def whole(page: Page, state: str = "done") -> None:
    expect(page.locator("main")).to_have_attribute("data-state", state, timeout=60_000)


def test_a_run_to_its_end_has_the_numbers_of_the_service(served: Served, look: Look) -> None:
    page = look(f"{served.url}/?strategy=SmaCross&universe=demo&fee=10bps&slippage=2bps&fast=7")
    expect(page.get_by_label("Fast")).to_have_value("7")
    expect(page.get_by_role("button", name="Run on 12 instruments")).to_be_enabled()
    page.evaluate("window.kept = document.querySelector('main')")
    page.keyboard.press("Control+Enter")
    whole(page)
    assert page.evaluate("window.kept === document.querySelector('main')"), "the page was made anew"
    expect(page.locator("tr[data-row]")).to_have_count(12)
    told = results_of(served, run_of(page))
    rows = drawn(page)
    assert sorted(row["symbol"] for row in rows) == sorted(told)
    for row in rows:
        metrics = told[row["symbol"]]["metrics"]
        assert len(row["values"]) == 7
        assert {name: float(text) for name, text in row["values"].items()} == {
            name: metrics[name] for name in row["values"]
        }
    middle = sorted(one["metrics"]["total_return"] for one in told.values())
    assert float(page.locator("[data-figure=median]").get_attribute("data-value")) == pytest.approx(
        (middle[5] + middle[6]) / 2
    )
    expect(page.locator("[data-figure=profitable]")).to_have_text(f"{sum(one > 0 for one in middle)} of 12")
    expect(page.locator("[data-figure=done]")).to_have_text("12 / 12")
    expect(page.locator("[data-figure=look-ahead]")).to_have_text("✓ none")
    marks = page.evaluate("performance.getEntriesByType('mark').map((one) => one.name)")
    assert marks == ["run:click", "run:first-row", "run:last-row"]
    asked = httpx.get(f"{served.url}/api/v1/runs/{run_of(page)}").json()
    assert asked["spec"]["fee"] == 0.001
    assert asked["spec"]["slippage"] == 0.0002
    assert asked["spec"]["parameters"]["fast"] == 7
    # The page asks for the receipt once the run has ended.
    expect(page.locator("[data-receipt] dd[data-value]").last).to_have_attribute("data-value", asked["digest"])


def test_a_kept_run_is_found_again_by_its_address_with_its_spec(served: Served, look: Look) -> None:
    run = httpx.get(f"{served.url}/api/v1/runs").json()["runs"][-1]
    page = look(f"{served.url}/runs/{run['run']}")
    whole(page)
    expect(page.get_by_label("Strategy", exact=True)).to_have_value("RsiReversion")
    expect(page.get_by_label("Fee")).to_have_value("10")
    expect(page.get_by_label("Period")).to_have_value("14")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("reused", exact=True)).to_be_visible()
    assert run_of(page) == run["run"]
    # What is changed of a run that is shown stands in its address, until that is run too.
    page.get_by_label("Period").fill("9")
    expect(page).to_have_url(re.compile(rf"/runs/{run['run']}\?.*period=9"))
    page.reload()
    whole(page)
    expect(page.get_by_label("Period")).to_have_value("9")
    expect(page.get_by_label("Fee")).to_have_value("10")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(rf"/runs/(?!{run['run']})\w+$"))
    expect(page.get_by_label("Period")).to_have_value("9")


def test_from_the_first_page_to_an_opened_result_in_three_keys(served: Served, look: Look) -> None:
    page = look(served.url)
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    for key in ("Control+Enter", "j", "Enter"):
        page.keyboard.press(key)
        if key == "Control+Enter":
            whole(page)
    expect(page.locator("main")).to_have_attribute("data-page", "result")
    page.go_back()
    whole(page)
    expect(page.locator("tr[aria-selected=true]")).to_have_count(1)


def test_a_chosen_sort_a_filter_and_a_drag_over_the_picture_arrange_the_table(served: Served, look: Look) -> None:
    page = look(served.url)
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    whole(page)
    expect(page.locator("tr[data-row]")).to_have_count(12)
    told = results_of(served, run_of(page))

    def by(metric: str, *, down: bool) -> list[str]:
        return sorted(told, key=lambda name: told[name]["metrics"][metric], reverse=down)

    page.get_by_role("button", name="Sharpe").click()
    assert [row["symbol"] for row in drawn(page)] == by("sharpe", down=True)
    expect(page.get_by_role("columnheader", name="Sharpe")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("s")
    assert [row["symbol"] for row in drawn(page)] == by("sharpe", down=False)
    picture = page.locator(".spread svg")
    box = picture.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 40)
    page.mouse.up()
    expect(page.locator("[data-brush=total_return]")).to_contain_text("Return below")
    shown = [row["symbol"] for row in drawn(page)]
    lowest = by("total_return", down=False)[: len(shown)]
    assert 0 < len(shown) < 12
    assert sorted(shown) == sorted(lowest)
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-row]")).to_have_count(12)
    page.keyboard.press("f")
    page.keyboard.type("btc")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.keyboard.press("Escape")
    first = drawn(page)[0]["symbol"]
    page.locator(f"tr[data-row={first}]").hover()
    expect(page.locator(".scatter .mark")).to_have_count(1)
    page.keyboard.press("c")
    page.get_by_label("CAGR").check()
    page.keyboard.press("Escape")
    cell = page.locator(f"tr[data-row={first}] [data-metric=cagr]")
    assert float(cell.get_attribute("data-value")) == told[first]["metrics"]["cagr"]
    assert "365.25" in cell.get_attribute("title")
    sharpe = page.locator(f"tr[data-row={first}] [data-metric=sharpe]").get_attribute("title")
    assert sharpe.endswith("365.25 · 24 periods a year")
    copied = page.evaluate(
        """() => { const data = new DataTransfer();
            document.body.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true }));
            return data.getData("text/plain"); }"""
    )
    head, *lines = [line.split("\t") for line in copied.split("\n")]
    assert len(lines) == 12
    assert {line[0].partition(":")[2]: float(line[head.index("sharpe")]) for line in lines} == {
        name: one["metrics"]["sharpe"] for name, one in told.items()
    }


def test_what_does_not_fit_is_said_under_its_field(served: Served, look: Look) -> None:
    page = look(served.url, complains="422")
    period = page.get_by_label("Period")
    period.focus()
    expect(page.locator(".row", has=period).locator(".within")).to_have_text("2 to 200")
    period.fill("1")
    page.keyboard.press("Control+Enter")
    fault = page.locator(".row", has=period).locator(".fault")
    expect(fault).to_have_text("period must be an integer from 2 to 200.")
    expect(period).to_have_attribute("aria-invalid", "true")
    period.fill("14")
    expect(fault).to_have_count(0)
    fee = page.get_by_label("Fee")
    fee.fill("abc")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".row", has=fee).locator(".fault")).to_contain_text("fee must be a rate")
    page.get_by_label("Universe").select_option("Symbols")
    expect(page.get_by_role("button", name="Run on 0 instruments")).to_be_disabled()
    expect(page.locator(".run-button")).to_contain_text("Name a symbol")
    walked: list[str] = []
    page.on("request", lambda one: walked.append(one.url) if "/instruments?" in one.url else None)
    page.get_by_label("Symbols").fill("btcusdt, demo:ETHUSDT")
    expect(page.get_by_label("Interval").locator("option[value='1h']")).to_have_count(1)
    assert [url.partition("?")[2] for url in walked] == ["query=%3Abtcusdt", "query=demo%3AETHUSDT"]


def test_a_range_without_bars_is_said_and_mended(served: Served, look: Look) -> None:
    page = look(f"{served.url}/?strategy=BuyAndHold&universe=demo&start=1999-01-01&end=2000-01-01")
    expect(page.locator("[data-empty=universe]")).to_contain_text("No instrument has 1h bars in 1999.")
    expect(page.get_by_role("button", name="Run on")).to_be_disabled()
    page.get_by_role("button", name="Use that range").click()
    expect(page.get_by_role("button", name="Run on 12 instruments")).to_be_enabled()


def asking(route: Route, instead: tuple[dict[str, str], str]) -> None:
    """Ask the service for something else in the page's place."""
    headers, body = instead
    route.continue_(headers={**route.request.headers, **headers}, post_data=body)


def test_an_empty_store_says_what_to_do_and_takes_the_demo(look: Look, tmp_path: Path) -> None:
    with serving_here(tmp_path / "home") as found:
        page = look(found.url)
        expect(page.locator("[data-empty=store]")).to_contain_text("No bars yet.")
        expect(page.locator("[data-empty=store]")).to_contain_text("or run tapehead demo for a synthetic market of 48.")
        expect(page.get_by_role("button", name="Run")).to_be_disabled()
        # A smaller market than the page asks for is made in less time.
        small = {"Content-Type": "application/json"}, '{"instruments": 3, "years": 1}'
        page.route("**/api/v1/demo", lambda one: one.fallback() if one.request.method == "GET" else asking(one, small))
        page.get_by_role("button", name="Load the demo").click()
        expect(page.get_by_role("button", name="Run on 3 instruments")).to_be_enabled()
        expect(page.locator("[data-empty=store]")).to_have_count(0)
        assert "universe=demo" in page.url


def test_a_run_goes_on_without_the_page_is_offered_cancelled_and_resumed(odd: Served, look: Look, gate: Path) -> None:
    page = look(f"{odd.url}/?strategy=Gated&universe=demo&free=3")
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator("tr[data-row]")).to_have_count(3)
    expect(page.locator("[data-figure=done]")).to_have_text("3 / 12")
    expect(page.locator(SAID)).to_have_text(re.compile(r"^(The run on 12 instruments has started|3 of 12 are done)\.$"))
    run = run_of(page)
    page.goto(odd.url)
    expect(page.locator(f"[data-offer='{run}']")).to_contain_text("Gated goes on")
    page.get_by_role("button", name="Show it").click()
    expect(page.locator("tr[data-row]")).to_have_count(3)
    expect(page.locator("main")).to_have_attribute("data-state", "running")
    with page.expect_response(lambda answer: answer.url.endswith("/cancel")):
        page.keyboard.press("Escape")
    (gate / "gate" / "open").touch()
    whole(page, "cancelled")
    kept = page.locator("tr[data-row]").count()
    expect(page.locator(".ending")).to_contain_text(f"Cancelled at {kept} of 12. The {kept} are kept.")
    expect(page.locator(SAID)).to_have_text(f"The run is cancelled, {kept} results kept.")
    assert len(results_of(odd, run)) == kept < 12
    page.get_by_role("button", name="Resume").click()
    whole(page)
    expect(page.locator("tr[data-row]")).to_have_count(12)
    expect(page.locator(SAID)).to_have_text("The run is done: 12 results.")
    assert sorted(row["symbol"] for row in drawn(page)) == sorted(results_of(odd, run))
    page.reload()
    whole(page)
    expect(page.locator("tr[data-row]")).to_have_count(12)


def test_failed_rows_are_listed_with_what_to_do(odd: Served, look: Look) -> None:
    page = look(f"{odd.url}/?strategy=Fails&universe=demo")
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    whole(page)
    expect(page.locator("tr[data-row]")).to_have_count(11)
    page.get_by_role("button", name="1 failed").click()
    row = page.locator("[data-failed=BTCUSDT]")
    expect(row).to_contain_text("no bitcoin here")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-figure=done]")).to_have_text("12 / 12")


def test_a_run_that_fails_as_a_whole_says_why(served: Served, look: Look) -> None:
    # No whole bar lies in half an hour; that this is so is found when the run has begun.
    page = look(f"{served.url}/?strategy=BuyAndHold&universe=demo&start=2019-03-01T00:10&end=2019-03-01T00:40")
    expect(page.get_by_role("button", name="Run on 12 instruments")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    whole(page, "failed")
    expect(page.locator(".ending .loss")).to_contain_text("No bars for universe demo 1h in [2019-03-01T00:10:00Z")
    expect(page.locator(".ending .loss")).to_contain_text("tapehead instruments")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(page.locator(SAID)).to_have_text("The run has failed, 0 results kept.")


def test_a_run_that_waits_says_its_place_in_the_queue(odd: Served, look: Look, gate: Path) -> None:
    (gate / "gate" / "open").unlink(missing_ok=True)
    asked = {"strategy": "Gated", "symbols": ["BTCUSDT"], "parameters": {"free": 0}}
    with httpx.Client(base_url=f"{odd.url}/api/v1", timeout=60) as http:
        for fee in range(SLOTS + 1):
            http.post("/runs", json={**asked, "fee": f"{fee}bps"}).raise_for_status()
    page = look(f"{odd.url}/?strategy=Gated&symbols=ETHUSDT&free=0")
    expect(page.get_by_role("button", name="Run on 1 instrument")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".ending")).to_contain_text("Waiting, place 2 in the queue.")
    (gate / "gate" / "open").touch()
    whole(page)
    expect(page.locator(".ending")).not_to_contain_text("queue")


def test_a_key_that_is_typed_brings_the_address_of_a_run_to_life(demo_home: Path, look: Look, tmp_path: Path) -> None:
    shutil.copytree(demo_home, tmp_path / "home")
    with th.open(tmp_path / "home") as store:
        text = make_key(store.house.access, "page", ["read"]).text
        run = store.runs()[-1].run
    with serving_here(tmp_path / "home", require_key=True) as found:
        page = look(f"{found.url}/runs/{run}", complains="401")
        dialog = page.get_by_role("dialog", name="This service asks for a key")
        dialog.get_by_label("Key").fill(text)
        page.keyboard.press("Enter")
        whole(page)
        expect(page.locator("tr[data-row]")).to_have_count(12)
        expect(page.get_by_label("Fee")).to_have_value("10")
        expect(dialog).to_have_count(0)


def test_later_bars_that_are_known_are_named(odd: Served, look: Look) -> None:
    page = look(f"{odd.url}/?strategy=Peek&universe=demo")
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    whole(page)
    told = httpx.get(f"{odd.url}/api/v1/runs/{run_of(page)}").json()["ended"]["look_ahead"]
    assert told["found"] is True
    bars = "1 bar" if told["changed"] == 1 else f"{told['changed']:,} bars"
    verdict = page.locator("[data-figure=look-ahead]").get_by_role("button")
    expect(verdict).to_have_text(f"✕ at {bars}")
    verdict.click()
    finding = page.locator("[data-finding]")
    expect(finding).to_contain_text(told["instrument"].partition(":")[2])
    expect(finding).to_contain_text(told["bar"][:10])
    expect(finding).to_contain_text(told["signal"])
    page.goto(f"{page.url}/{told['instrument']}")
    chip = page.locator("[data-look-ahead=found]")
    expect(chip).to_contain_text(f"✕ look-ahead at {told['instrument']}, {told['bar'][:10]}")
    expect(chip).to_have_attribute("title", re.compile(f"^{re.escape(told['text'])}"))


@pytest.mark.parametrize("dark", [False, True])
def test_no_rule_of_axe_is_broken(served: Served, look: Look, dark: bool) -> None:
    page = look(served.url, dark=dark)
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    clean(page)
    page.keyboard.press("Control+Enter")
    whole(page)
    page.get_by_role("button", name="Return %").click()
    page.keyboard.press("f")
    page.keyboard.type("a")
    clean(page)


def test_nothing_shifts_while_a_page_comes_and_a_run_is_made(served: Served, look: Look) -> None:
    page = look(served.url)
    page.add_init_script(
        """window.shifted = []; new PerformanceObserver((list) => {
            for (const one of list.getEntries())
                if (!one.hadRecentInput)
                    window.shifted.push(...one.sources.map((each) => each.node?.parentNode?.outerHTML));
        }).observe({ type: "layout-shift", buffered: true })"""
    )
    page.reload()
    expect(page.get_by_role("button", name="Run on")).to_be_enabled()
    page.get_by_label("Fee").fill("11")
    # A key that is pressed would excuse whatever moves in the half second after it.
    page.evaluate("document.querySelector('form button[type=submit]').click()")
    whole(page)
    assert page.evaluate("shifted") == []
    page.reload()
    whole(page)
    expect(page.get_by_label("Fee")).to_have_value("11")
    assert page.evaluate("shifted") == []


def clean(page: Page) -> None:
    """Find nothing that axe complains of."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((said) => said.violations)")
    assert found == [], json.dumps(found, indent=1)[:4000]
