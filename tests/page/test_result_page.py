"""The page of one result: what stands there is what the service tells, by key, by address, on a phone too."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

import tapehead as th
from tests.house.tree import ROOT
from tests.serving import serving_here

Look = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
SHIFTS = """() => new Promise((done) => {
    const found = [];
    new PerformanceObserver((list) => {
        for (const one of list.getEntries())
            for (const { node } of one.hadRecentInput ? [] : one.sources)
                found.push(node ? (node.outerHTML ?? node.textContent).slice(0, 120) : "gone");
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => done(found)));
})"""
# What is drawn onto the candles: dots of flags by place; dashed levels with ink, ends, height and the pane's width.
DRAWN = """window.dots = new Set(); window.levels = [];
const place = CanvasRenderingContext2D.prototype;
const { arc, setLineDash, moveTo, lineTo, stroke } = place;
place.arc = function (x, y, size, ...rest) {
    if (size === 1.5) dots.add(Math.round(x));
    return arc.call(this, x, y, size, ...rest);
};
place.setLineDash = function (dash) {
    this.level = dash.join() === "4,3" ? [] : undefined;
    return setLineDash.call(this, dash);
};
place.moveTo = function (x, y) { this.level?.push(x); return moveTo.call(this, x, y); };
place.lineTo = function (x, y) { this.level?.push(x, y); return lineTo.call(this, x, y); };
place.stroke = function (...path) {
    if (this.level?.length === 3) levels.push([this.strokeStyle, ...this.level, this.canvas.clientWidth]);
    return stroke.apply(this, path);
};"""
SPEC = {"fee": "5bps", "slippage": "2bps", "stop_loss": "1%", "take_profit": "1%"}
SYMBOL = "XRPUSDT"
QUIET = (40, 41, 90)


class Desk:
    """A service with one run that has stops and targets, and one on bars without a trade in them."""

    def __init__(self, url: str, run: str, quiet: str, trailing: str) -> None:
        self.run, self.quiet, self.trailing = run, quiet, trailing
        self.page, self.api = f"{url}/runs/{run}/{SYMBOL}", f"{url}/api/v1"
        self.place = f"/runs/{run}/results/{SYMBOL}"
        self.url = url

    def get(self, path: str) -> Any:
        return httpx.get(self.api + path, timeout=60).raise_for_status().json()

    def explained(self, number: int) -> Any:
        return self.get(f"{self.place}/trades/{number}/explain")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("result")
    walk, price = random.Random(5), 100.0
    lines = ["open_time,open,high,low,close,volume"]
    for bar in range(400):
        close = round(price * (1 + walk.gauss(0, 0.01)), 2)
        prices = f"{price:.2f},{max(price, close) + 0.3:.2f},{min(price, close) - 0.3:.2f},{close:.2f}"
        lines.append(f"{1_600_000_000_000 + bar * 3_600_000},{prices},{0 if bar in QUIET else 5}")
        price = close
    (folder / "QUIETUSDT.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with th.open(folder / "home") as store:
        store.demo(instruments=12, years=1)
        store.import_files(folder / "QUIETUSDT.csv", symbol="QUIETUSDT", interval="1h")
        run = store.backtest("RsiReversion", universe="demo", **SPEC).wait().id
        quiet = store.backtest("SmaCross", symbols=["QUIETUSDT"], fast=5, slow=12).wait().id
        trailing = store.backtest("Supertrend", symbols=[SYMBOL], side="both", trail="2%").wait().id
    with serving_here(folder / "home") as served:
        yield Desk(served.url, run, quiet, trailing)


def number(page: Page, where: str) -> float:
    """Return the raw number beside what is written."""
    return float(page.locator(where).first.get_attribute("data-value") or "nan")


def in_percent(fraction: float) -> str:
    return f"{fraction * 100:+.1f}".replace("-", "−")


def test_metrics_and_months_are_those_of_the_service(desk: Desk, look: Look) -> None:
    told = desk.get(f"{desk.place}?include=metrics,months")
    page = look(desk.page)
    expect(page.locator("[data-metric=ulcer]")).not_to_be_empty()
    for name in ("total_return", "sharpe", "max_drawdown", "fees_paid", "exposure", "break_even_fee", "ulcer", "beta"):
        assert number(page, f"[data-metric={name}]") == told["metrics"][name], name
    hover = page.locator("dl.metrics > div").filter(has=page.locator("[data-metric=sharpe]")).get_attribute("title")
    assert "365.25 · 24 periods a year" in str(hover)
    for year in told["months"]:
        assert number(page, f"[data-month='{year['year']}']") == year["total"]
        for month, value in enumerate(year["returns"], 1):
            if value is not None:
                assert number(page, f"[data-month='{year['year']}-{month:02}']") == value
    expect(page.locator("[data-look-ahead=none]")).to_have_text("✓ no look-ahead")
    expect(page.locator("[data-ambiguous]")).to_have_text(f"{told['metrics']['ambiguous_trades']} ambiguous")


def test_the_band_is_what_either_order_ends_at(desk: Desk, look: Look) -> None:
    paths = desk.explained(1)["paths"]
    low, high = (paths[name]["final_equity"] / 10_000 - 1 for name in ("pessimistic", "optimistic"))
    band = look(desk.page).locator("[data-band]")
    expect(band).to_have_text(f"{in_percent(low)} … {in_percent(high)} %")
    assert (float(band.get_attribute("data-low") or 0), float(band.get_attribute("data-high") or 0)) == (low, high)
    assert low < high


def test_an_ambiguous_fill_is_explained_with_the_other_orders_money(desk: Desk, look: Look) -> None:
    trades = desk.get(f"{desk.place}?include=trades")["trades"]
    row = next(place for place, each in enumerate(trades, 1) if each["ambiguous"])
    told = desk.explained(row)
    exit_, trade = told["exit"], told["trade"]
    page = look(f"{desk.page}?trade={row}")
    card = page.locator("[data-explain]")
    expect(card).to_contain_text(f"Why it sold at {exit_['price']:.4f}")
    names = ("Stop", "Target") if trade["reason"] == "stop" else ("Target", "Stop")
    expect(card).to_contain_text(f"{names[0]} {exit_['wanted']:.4f} lay inside the bar of")
    expect(card).to_contain_text(f"(low {exit_['low']:.4f}, high {exit_['high']:.4f})")
    expect(card).to_contain_text(f"{names[1]} {exit_['levels']['other_price']:.4f} lay inside too")
    other = told["paths"]["optimistic"]["trade"]
    would, own = (each["profit"] / (trade["entry_price"] * each["quantity"]) for each in (other, trade))
    words = f"{names[1]} first would have made {in_percent(would)} % instead of {in_percent(own)} %."
    expect(page.locator("[data-other]")).to_have_text(words)
    expect(page.locator(f"tr[data-trade='{row}']")).to_have_attribute("aria-selected", "true")
    expect(page.locator(f"tr[data-trade='{row}']")).to_contain_text("ambiguous")


def test_trades_are_chosen_and_explained_by_keys(desk: Desk, look: Look) -> None:
    trades = desk.get(f"{desk.place}?include=trades")["trades"]
    page = look(desk.page)
    row = page.locator("tr[data-trade][aria-selected=true]")
    expect(page.locator(f"tr[data-trade='{len(trades)}']")).to_be_visible()
    steps = (("n", 1), ("n", 2), ("p", 1), ("k", 2), ("j", 1))
    for key, chosen in steps:
        page.keyboard.press(key)
        expect(row).to_have_attribute("data-trade", str(chosen))
    expect(page).to_have_url(re.compile(r"\?trade=1$"))
    for name in ("entry_price", "exit_price", "return"):
        assert number(page, f"tr[data-trade='1'] [data-metric={name}]") == trades[0][name]
    page.keyboard.press("e")
    expect(page.locator("[data-explain='1']")).to_be_focused()
    expect(page.locator("[data-explain='1']")).to_contain_text(f"{trades[0]['exit_price']:.4f}")
    page.locator("tr[data-trade='3']").click()
    expect(page.locator("[data-explain='3']")).to_contain_text(f"{trades[2]['exit_price']:.4f}")
    page.reload()
    expect(row).to_have_attribute("data-trade", "3")


def test_holes_stay_holes_and_flagged_bars_are_counted(desk: Desk, look: Look) -> None:
    (series,) = desk.get(f"/coverage?symbols={SYMBOL}&gaps=true")["coverage"]
    page = look(desk.page)
    expect(page.locator("[data-gap]")).to_have_count(series["gaps"])
    told = [f"{each['bars']} h missing" for each in series["runs"]]
    assert page.locator("[data-gap]").evaluate_all("(all) => all.map((one) => one.dataset.gap)") == told
    expect(page.locator("[data-flagged]")).to_have_attribute("data-flagged", "0")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/coverage?" in one.url else None)
    page.goto(f"{desk.url}/runs/{desk.quiet}/QUIETUSDT")
    flags = desk.get("/bars/QUIETUSDT")["bars"]["flags"]
    quiet = sum("traded" not in each for each in flags)
    assert quiet == len(QUIET)
    expect(page.locator("[data-flagged]")).to_have_attribute("data-flagged", str(quiet))
    expect(page.locator("[data-gap]")).to_have_count(0)
    # Holes are those of the state of the store that the bars are read from.
    snapshot = desk.get(f"/runs/{desk.quiet}")["snapshot"]
    assert asked
    assert all(f"snapshot={snapshot}" in url for url in asked)


def test_dots_stand_under_flagged_bars_and_a_chosen_trade_is_in_the_middle_with_its_levels(
    desk: Desk, look: Look
) -> None:
    page = look(f"{desk.url}/operations")
    page.add_init_script(DRAWN)
    page.goto(f"{desk.url}/runs/{desk.quiet}/QUIETUSDT")
    page.wait_for_function("(many) => dots.size === many", arg=len(QUIET))
    page.goto(desk.page)
    expect(page.locator("tr[data-trade]").first).to_be_visible()
    assert page.evaluate("[dots.size, levels.length]") == [0, 0]
    trade = desk.get(f"{desk.place}?include=trades")["trades"][1]
    expect(page.locator("main canvas").first).to_be_visible()
    for number in (1, 2):
        page.keyboard.press("n")
        expect(page.locator(f"[data-explain='{number}']")).to_contain_text("Why it")
    centred = "([, from, to, , width]) => Math.abs((from + to) / 2 - width / 2) < 3"
    page.wait_for_function(f"() => levels.some({centred})")
    inks = page.evaluate(
        f"""() => {{
            const shown = levels.filter({centred}).slice(-2);
            const ink = (name) => {{
                const probe = document.createElement("canvas").getContext("2d");
                probe.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--" + name);
                return probe.strokeStyle;
            }};
            return {{ shown, loss: ink("loss"), gain: ink("gain") }};
        }}"""
    )
    (stop_ink, _, _, stop, _), (target_ink, _, _, target, _) = inks["shown"]
    assert (stop_ink, target_ink) == (inks["loss"], inks["gain"])
    assert (stop > target) is (trade["side"] > 0), "a stop lies below a long trade, on a screen further down"


def test_a_trailing_level_follows_the_price_to_where_the_trade_was_left(desk: Desk, look: Look) -> None:
    place = f"/runs/{desk.trailing}/results/{SYMBOL}"
    trades = desk.get(f"{place}?include=trades")["trades"]
    tick = desk.get(f"/instruments?query={SYMBOL}")["instruments"][0]["tick"]
    page = look(f"{desk.url}/runs/{desk.trailing}/{SYMBOL}")
    for side in (1, -1):
        number, trade = next(
            (at, one)
            for at, one in enumerate(trades, 1)
            if (one["side"], one["reason"]) == (side, "trail")
            and one["exit_price"] != desk.get(f"{place}/trades/{at}/explain")["exit"]["open"]
            and side * (one["exit_price"] - one["trail"]) > 10 * tick
        )
        page.goto(f"{desk.url}/runs/{desk.trailing}/{SYMBOL}?trade={number}")
        level = page.locator("[data-trail]")
        expect(level).to_have_count(1)
        assert float(level.get_attribute("data-trail") or 0) == pytest.approx(trade["exit_price"], abs=tick)


def test_the_cost_slider_has_the_returns_of_the_service_and_its_break_even(desk: Desk, look: Look) -> None:
    told = desk.get(f"{desk.place}?include=costs,metrics")
    page = look(desk.page)
    slider = page.get_by_role("slider", name="Fee a side")
    expect(slider).to_be_enabled()
    assert number(page, "[data-metric=return_at_fee]") == pytest.approx(told["metrics"]["total_return"], abs=1e-9)
    for bps in (20, 50):
        slider.fill(str(bps))
        expect(page.locator("output[data-fee]")).to_have_text(f"{bps} bps")
        wanted = next(each["total_return"] for each in told["costs"] if round(each["fee"] * 1e4) == bps)
        page.wait_for_function(
            "(wanted) => Math.abs(document.querySelector('[data-metric=return_at_fee]').dataset.value - wanted) < 1e-9",
            arg=wanted,
        )
    ends = page.locator("[data-break-even]")
    assert float(ends.get_attribute("data-break-even") or 0) == pytest.approx(told["metrics"]["break_even_fee"] * 1e4)
    expect(ends).to_have_text(f"Profit ends at {told['metrics']['break_even_fee'] * 1e4:.2f} bps.")


def test_neighbours_are_reached_by_keys_and_the_run_is_verified(desk: Desk, look: Look) -> None:
    names = [row["instrument"].split(":")[1] for row in desk.get(f"/runs/{desk.run}/results")["results"]]
    here = names.index(SYMBOL)
    page = look(desk.page)
    title = page.locator("h1")
    expect(page.get_by_role("link", name="Next instrument")).to_be_visible()
    page.keyboard.press("]")
    expect(title).to_have_text(names[here + 1])
    expect(page.locator("[data-trade]").first).to_be_visible()
    page.keyboard.press("[")
    expect(title).to_have_text(SYMBOL)
    receipt = desk.get(f"/runs/{desk.run}/receipt")
    expect(page.locator("[data-receipt]")).to_have_attribute("data-receipt", receipt["receipt"])
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("[data-verified=identical]")).to_have_text("✓ verified", timeout=60_000)


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (False, True), (True, False), (True, True)])
def test_axe_has_no_complaint_nothing_shifts_and_nothing_sticks_out(
    desk: Desk, look: Look, phone: bool, dark: bool
) -> None:
    page = look(f"{desk.page}?trade=3", phone=phone, dark=dark)
    expect(page.locator("[data-explain='3']")).to_contain_text("Why it")
    expect(page.locator("[data-receipt]")).to_be_attached()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate(SHIFTS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_phone_shows_one_thing_at_a_time(desk: Desk, look: Look) -> None:
    page = look(desk.page, phone=True)
    places = {
        "Chart": ".candles",
        "Trades": "tr[data-trade]",
        "Metrics": "[data-metric=sharpe]",
        "Receipt": "[data-receipt]",
    }
    for name, shown in places.items():
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.locator(shown).first).to_be_visible()
        for other in set(places.values()) - {shown}:
            expect(page.locator(other).first).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_not_there_is_a_sentence(desk: Desk, look: Look) -> None:
    page = look(f"{desk.url}/runs/{desk.run}/NOPE", complains="404")
    expect(page.get_by_role("alert")).to_contain_text("NOPE")
    expect(page.locator("main")).to_have_attribute("data-state", "failed")
