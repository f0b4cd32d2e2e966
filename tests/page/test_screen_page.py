"""The Screen page: an expression and its matches, where it does not read, what is not known, and the way on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, expect

import tapehead as th
from tests.page.conftest import PHONE, WIDE
from tests.page.test_data_page import AXE, REFUSED, VIOLATIONS
from tests.serving import Served

Look = Callable[..., Page]
EXPRESSION = "close > sma(20) or sma(9000) > 0"


def ask(page: Page, expression: str) -> None:
    """Type an expression and send it."""
    page.get_by_label("Expression").fill(expression)
    page.keyboard.press("Enter")


def test_an_expression_is_asked_and_every_match_leads_to_its_market(
    served: Served, demo_home: Path, look: Look
) -> None:
    with th.open(demo_home) as store:
        found = store.screen(EXPRESSION, universe="demo", by="rsi(14)")
    page = look(f"{served.url}/screen")
    expect(page.locator("main")).to_have_attribute("data-state", "idle")
    page.get_by_label("Universe").select_option("demo")
    page.get_by_label("Largest first by").fill("rsi(14)")
    ask(page, EXPRESSION)
    expect(page.locator("main")).to_have_attribute("data-state", "done")
    rows = page.locator("[data-row]")
    assert [rows.nth(at).get_attribute("data-row") for at in range(rows.count())] == found.instruments
    shown = page.locator("[data-row]:first-child [data-value]")
    assert [float(shown.nth(at).get_attribute("data-value") or "nan") for at in (0, 1)] == [
        found["close"][0],
        found["sma(20)"][0],
    ]
    expect(page.locator("[data-count]")).to_contain_text(f"{found.found.matched} of {found.found.asked} instruments")
    assert found.found.missing
    expect(page.locator("[data-count]")).to_contain_text("sma(close, period=9000) is not known of")
    page.reload()
    expect(rows).to_have_count(len(found))
    expect(page.get_by_label("Universe")).to_have_value("demo")
    page.locator("main").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-page", "market")
    page.go_back()
    expect(rows).to_have_count(len(found))


def test_what_does_not_read_says_where_under_its_field(served: Served, look: Look) -> None:
    page = look(f"{served.url}/screen", complains=REFUSED)
    ask(page, "rsi(14) < smma(3)")
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("did you mean 'sma'?")
    expect(fault.locator("pre")).to_have_attribute("data-position", "11")
    assert fault.locator("pre").inner_text() == f"rsi(14) < smma(3)\n{'^':>11}"
    expect(page.get_by_label("Expression")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("main")).to_have_attribute("data-state", "failed")
    page.get_by_label("Universe").select_option("demo")
    ask(page, "close > 0")
    expect(fault).to_have_count(0)
    expect(page.locator("[data-row]").first).to_be_visible()
    page.goto(f"{served.url}/screen?expression={quote('close > 0')}&interval=7x")
    expect(page.locator("[data-fault]")).to_contain_text("interval")


def test_it_is_readable_for_everybody_in_both_themes_and_on_a_phone(served: Served, look: Look) -> None:
    page = look(f"{served.url}/screen?universe=demo&expression={quote(EXPRESSION)}")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(VIOLATIONS) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
