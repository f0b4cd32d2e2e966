"""What the page Run writes into the address, while answers and code of other pages are still on their way."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.serving import Served

Look = Callable[..., Page]
# What has changed the form is drawn, what follows from it is not yet done: this is called between the two.
CLICK_WHEN_DRAWN = """() => {
    const look = new MutationObserver(() => {
        if (!document.querySelector("main[data-page=run] select[name=universe]")) return;
        look.disconnect();
        window.searchAtClick = location.search;
        document.querySelector("header nav a[href='/data']").click();
    });
    look.observe(document.body, { childList: true, subtree: true });
}"""


def hold(page: Page, pattern: str) -> list[Route]:
    """Keep back whatever is asked for at such an address; each goes on where it is told to."""
    held: list[Route] = []

    def keep(one: Route) -> None:
        held.append(one)

    page.route(pattern, keep)
    return held


def test_the_form_takes_back_no_address_while_the_code_of_another_page_comes(served: Served, look: Look) -> None:
    page = look(f"{served.url}/runs")
    with page.expect_response("**/api/v1/strategies") as strategies:
        page.reload()
    strategies.value.finished()
    expect(page.locator("main")).to_have_attribute("data-page", "runs")
    answers, code = hold(page, "**/api/v1/universes*"), hold(page, "**/assets/data-*.js")
    with page.expect_request("**/api/v1/universes*"):
        page.get_by_role("link", name="Run", exact=True).click()
    expect(page.locator("main")).to_have_attribute("data-page", "run")
    page.evaluate(CLICK_WHEN_DRAWN)
    with page.expect_request("**/assets/data-*.js"):
        for held in answers:
            held.continue_()
        page.wait_for_function("() => window.searchAtClick !== undefined")
        assert "universe" not in page.evaluate("searchAtClick"), "the form had written its universe already"
        expect(page).to_have_url(f"{served.url}/data")
    expect(page.locator("main")).not_to_have_attribute("data-page", re.compile("."))
    for held in code:
        held.continue_()
    expect(page.locator("main")).to_have_attribute("data-page", "data")
    expect(page).to_have_url(f"{served.url}/data")
