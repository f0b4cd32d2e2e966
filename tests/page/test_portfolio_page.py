"""A portfolio on the pages: that it is one account stands there, with what that came to; no share passes for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

import tapehead as th
from tests.house.tree import ROOT
from tests.serving import Served, serving_here

Look = Callable[..., Page]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIOLATIONS = "axe.run().then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"
INSTRUMENTS = 6


class Desk:
    """A service with one portfolio of few places."""

    def __init__(self, served: Served, run: str) -> None:
        self.url, self.run = served.url, run
        self.page = f"{served.url}/runs/{run}"
        self.account = self.get(f"/runs/{run}/results/account?include=trades")

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}/api/v1{path}", timeout=60).raise_for_status().json()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("portfolio") / "home"
    with th.open(home) as store:
        store.demo(instruments=INSTRUMENTS, years=1)
        run = store.portfolio("SmaCross", universe="demo", size="40%", max_positions=2, currency="USDT", fee="10bps")
        run.wait()
    with serving_here(home) as served:
        yield Desk(served, run.id)


def in_percent(fraction: float) -> str:
    return f"{fraction * 100:+.1f}".replace("-", "−")


def test_a_portfolio_is_shown_as_one_account_and_no_share_passes_for_it(desk: Desk, look: Look) -> None:
    result = desk.account["result"]
    shares = [
        row["metrics"]["total_return"]
        for row in desk.get(f"/runs/{desk.run}/results")["results"]
        if row["instrument"] != "portfolio:account"
    ]
    whole = in_percent(result["metrics"]["total_return"])
    for phone in (False, True):
        page = look(desk.page, phone=phone)
        expect(page.locator("[data-figure=done]")).to_have_text(f"{INSTRUMENTS} / {INSTRUMENTS}")
        expect(page.locator("[data-figure=median]")).to_have_text(f"{whole} %")
        gained = sum(one > 0 for one in shares)
        expect(page.locator("[data-figure=profitable]")).to_have_text(str(gained) if phone else f"{gained} of 6")
        expect(page.locator("main")).to_contain_text("one account · demo")
        if phone:
            page.get_by_role("tab", name="Picture").click()
        told = page.locator("[data-account]")
        expect(told).to_contain_text(f"{result['final_equity']:,.2f} USDT")
        expect(told).to_contain_text(f"{whole} %")
        expect(told).to_contain_text("at most 2")
        expect(told).to_contain_text("Orders ended as no place")
        expect(told).to_contain_text(f"tapehead show {desk.run} account --orders")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert page.evaluate(VIOLATIONS) == []
        told.get_by_role("link").click()
        expect(page.locator("main[data-page=result] h1")).to_have_text("account")


def test_the_account_has_a_page_with_its_equity_and_the_instrument_of_every_trade(desk: Desk, look: Look) -> None:
    page = look(f"{desk.page}/account")
    drawn = page.get_by_role("img", name=re.compile("^Equity from 100 to"))
    expect(drawn).to_be_visible()
    expect(page.locator("[data-bars]")).to_have_attribute("data-bars", re.compile(r"^[1-9]\d{2,}$"))
    expect(page.locator("main")).not_to_contain_text("No instrument")
    trades = desk.account["trades"]
    rows = {number: page.locator(f"[data-trade='{number}']") for number in (len(trades), len(trades) - 1)}
    for number, row in rows.items():
        trade = trades[number - 1]
        expect(row).to_contain_text(trade["instrument"].split(":")[1])
        # The decimals of its own instrument are not the account's to know: six digits count.
        shown = (row.locator("[data-metric=entry_price]").text_content() or "").replace(",", "")
        assert float(shown) == pytest.approx(trade["entry_price"], rel=1e-5)
    rows[len(trades)].click()
    expect(page.locator("[data-explain]")).to_contain_text("Why it")
    expect(page.locator("[data-metric=break_even_fee]")).to_have_text("–")
    expect(page.locator("[data-band]")).to_have_text("–")


def test_an_instrument_of_a_portfolio_says_whose_cash_its_returns_are_of(desk: Desk, look: Look) -> None:
    symbol = desk.account["trades"][0]["instrument"].split(":")[1]
    page = look(f"{desk.page}/{symbol}")
    expect(page.locator(".asked")).to_contain_text("one account")
    page.locator(".metric-part").get_by_role("link", name="account").click()
    expect(page.locator("h1")).to_have_text("account")


def test_the_list_tells_the_return_of_the_account_and_counts_instruments_alone(desk: Desk, look: Look) -> None:
    listed = desk.get("/runs")["runs"][0]
    assert listed["median_return"] == desk.account["result"]["metrics"]["total_return"]
    row = look(f"{desk.url}/runs").locator(f"tr[data-row='{desk.run}']")
    expect(row.locator("[data-metric=median_return]")).to_have_text(in_percent(listed["median_return"]))
    expect(row.locator("[data-metric=profitable]")).to_have_text(f"{listed['profitable']} of {INSTRUMENTS}")
    expect(row.locator("[data-metric=count]")).to_have_text(str(INSTRUMENTS))
    expect(row).to_contain_text("one account")
