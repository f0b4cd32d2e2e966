"""The market: its list, candles with holes and flags, indicators, coverage and facts beside what the service says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

import tapehead as th
from tests.house.tree import ROOT
from tests.serving import Served, serving_here

Look = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
SHIFTS = """window.shifted = []; new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted.push(one.value);
}).observe({ type: "layout-shift", buffered: true })"""
WRITTEN = """window.written = new Set();
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    written.add(text);
    return write.call(this, text, ...place);
}"""
HOUR_US = 3_600_000_000
FIRST = int(np.datetime64("2023-12-30", "us").astype(np.int64))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service over a small market and one more instrument, with a hole of six hours and a bar that nobody traded."""
    home = tmp_path_factory.mktemp("market") / "home"
    with th.open(home) as store:
        store.demo(instruments=6, years=1)
        hours = np.delete(np.arange(200, dtype=np.int64), np.arange(120, 126))
        close = 100 + np.sin(hours / 7)
        volume = np.where(hours == 150, 0.0, 5.0)
        bars = th.Bars.from_arrays(
            FIRST + hours * HOUR_US,
            close,
            close + 1,
            close - 1,
            close,
            volume,
            interval="1h",
            symbol="ODD",
            venue="odd",
        )
        store.append(bars, kind="crypto")
    with serving_here(home) as found:
        yield found


def asked(served: Served, path: str) -> Any:
    """Return what the service itself says."""
    return httpx.get(f"{served.url}/api/v1{path}", timeout=60).raise_for_status().json()


def opened(page: Page, bars: bool = True) -> Page:
    """Wait until the instrument is drawn."""
    expect(page.locator("main")).to_have_attribute("data-state", "done")
    if bars:
        expect(page.locator(".market-chart")).not_to_have_attribute("data-bars", "0")
    return page


def test_the_list_is_searched_filtered_and_walked_by_keys(held: Served, look: Look) -> None:
    page = opened(look(f"{held.url}/market"))
    names = [row["instrument"] for row in asked(held, "/instruments")["instruments"]]
    expect(page.locator("[data-count]")).to_have_attribute("data-count", str(len(names)))
    assert [row.get_attribute("data-row") for row in page.locator("li[data-row]").all()] == names
    # Without a name the first one is shown; `]` goes to the next.
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", names[0])
    page.keyboard.press("]")
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", names[1])
    page.keyboard.press("[")
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", names[0])
    for key in ("j", "j", "j", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", names[2])
    page.get_by_label("Universe").select_option("demo")
    expect(page.locator("[data-count]")).to_have_attribute("data-count", "6")
    page.get_by_label("Letters of a symbol").fill("sol")
    expect(page.locator("li[data-row]")).to_have_count(1)
    page.get_by_label("Letters of a symbol").press("Enter")
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", "demo:SOLUSDT")
    page.get_by_label("Letters of a symbol").fill("nothing has these")
    expect(page.locator("main")).to_contain_text("No instrument fits.")


def test_bars_holes_flags_coverage_and_facts_are_those_of_the_service(held: Served, look: Look) -> None:
    page = opened(look(f"{held.url}/market/odd%3AODD"))
    told = asked(held, "/bars/odd:ODD")
    chart = page.locator(".market-chart")
    expect(chart).to_have_attribute("data-bars", str(told["count"]))
    assert float(chart.get_attribute("data-last") or "nan") == told["bars"]["close"][-1]
    flagged = sum("suspect" in flags or "traded" not in flags for flags in told["bars"]["flags"])
    assert flagged == 1
    expect(chart).to_have_attribute("data-flagged", "1")
    expect(page.locator("[data-gap]").first).to_have_attribute("data-gap", "6 h missing")
    (covered,) = asked(held, "/coverage?symbols=odd:ODD&gaps=true&months=true")["coverage"]
    expect(page.locator("[data-strip]")).to_have_attribute("data-strip", covered["strip"])
    for name in ("bars", "missing", "gaps", "empty", "suspect", "untraded"):
        cell = page.locator(f"[data-series='1h'] [data-metric={name}]")
        assert int(cell.get_attribute("data-value") or -1) == covered[name]
    (facts,) = asked(held, "/instruments?query=ODD")["instruments"]
    for name in ("tick", "lot", "calendar"):
        expect(page.locator(f"[data-fact={name}]")).to_have_attribute(
            "data-value", f"{facts[name]:g}" if name != "calendar" else facts[name]
        )


def test_a_symbol_in_the_address_does_not_wait_for_the_list(held: Served, look: Look) -> None:
    page = look(f"{held.url}/operations")
    lists: list[Route] = []

    def hold(one: Route) -> None:
        lists.append(one)

    page.route("**/api/v1/instruments?limit=10000*", hold)
    page.goto(f"{held.url}/market/SOLUSDT")
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", "demo:SOLUSDT")
    expect(page.locator(".market-chart")).not_to_have_attribute("data-bars", "0")
    expect(page.locator("main")).to_have_attribute("data-state", "idle")
    for one in lists:
        one.continue_()
    opened(page)
    expect(page.locator("[data-instrument]")).to_have_attribute("data-instrument", "demo:SOLUSDT")


def test_three_indicators_are_computed_by_the_service_and_refuse_what_does_not_fit(held: Served, look: Look) -> None:
    page = opened(look(f"{held.url}/market/demo%3ABTCUSDT"))
    add = page.get_by_label("Add an indicator")
    for name in ("rsi", "macd", "bollinger"):
        add.select_option(name)
    expect(add).to_have_count(0)
    page.get_by_label("rsi period").fill("9")
    told = asked(held, "/indicators/rsi/series?symbol=demo:BTCUSDT&parameters=period=9")["lines"]["rsi"][-1]
    rsi = page.locator("[data-line=rsi]")
    expect(rsi.locator("[data-end=rsi]")).to_have_attribute("data-value", repr(told))
    lines = asked(held, "/indicators/macd/series?symbol=demo:BTCUSDT")["lines"]
    for name, values in lines.items():
        expect(page.locator(f"[data-line=macd] [data-end={name}]")).to_have_attribute("data-value", repr(values[-1]))
    page.get_by_label("rsi period").fill("1")
    expect(rsi.get_by_role("alert")).to_contain_text("period must be a whole number from 2 up")
    expect(rsi.locator("[data-end=rsi]")).to_have_attribute("data-value", repr(told))
    page.reload()
    opened(page)
    expect(page.locator("[data-line]")).to_have_count(3)
    page.get_by_role("button", name="Remove macd").click()
    expect(page.locator("[data-line]")).to_have_count(2)


def test_another_interval_is_made_of_the_held_one(held: Served, look: Look) -> None:
    page = look(f"{held.url}/market/odd%3AODD")
    page.add_init_script(WRITTEN)
    page.reload()
    opened(page)
    page.get_by_label("Interval").select_option("4h")
    told = asked(held, "/bars/odd:ODD?interval=4h")
    chart = page.locator(".market-chart")
    expect(chart).to_have_attribute("data-bars", str(told["count"]))
    expect(chart).to_have_attribute("data-last", repr(told["bars"]["close"][-1]))
    page.get_by_label("Interval").select_option("1d")
    expect(chart).to_have_attribute("data-bars", str(asked(held, "/bars/odd:ODD?interval=1d")["count"]))
    page.evaluate("written.clear()")
    box = chart.bounding_box()
    assert box is not None
    for x in range(100, int(box["width"]), 40):
        page.mouse.move(box["x"] + x, box["y"] + 200)
        if page.locator(".read").inner_text():
            break
    day = page.locator(".read").inner_text()[:10]
    page.wait_for_function("(day) => [...written].some((text) => text.startsWith(day))", arg=day)
    assert [text for text in page.evaluate("[...written]") if text.startswith(day)] == [day]


def test_an_empty_store_and_an_unknown_instrument_say_what_to_do(tmp_path: Path, held: Served, look: Look) -> None:
    page = look(f"{held.url}/market/NOPE")
    expect(page.locator("[data-empty=instrument]")).to_contain_text("No instrument NOPE.")
    with serving_here(tmp_path / "home") as empty:
        page = look(f"{empty.url}/market")
        expect(page.locator("[data-empty=store]")).to_contain_text("No bars yet.")
        expect(page.locator("[data-empty=store]")).to_contain_text("tapehead demo")


@pytest.mark.parametrize(("phone", "dark"), [(False, True), (True, False)])
def test_the_page_holds_the_rules_of_axe_fits_and_does_not_shift(
    held: Served, look: Look, phone: bool, dark: bool
) -> None:
    page = opened(look(f"{held.url}/market", phone=phone, dark=dark), bars=not phone)
    page.add_init_script(SHIFTS)
    page.goto(f"{held.url}/market")
    if phone:
        page.locator("li[data-row]").first.get_by_role("button").click()
    opened(page)
    expect(page.locator("[data-strip]")).to_be_visible()
    expect(page.locator("[data-series]")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= (380 if phone else 1440)
    assert page.evaluate("shifted") == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == []
