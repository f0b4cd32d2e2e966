"""The frame around every page: places, keys, theme, the find box, addresses that do not exist."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.serving import Served

Look = Callable[..., Page]
PLACES = {
    "/": "run",
    "/sweep": "sweep",
    "/runs": "runs",
    "/market": "market",
    "/screen": "screen",
    "/data": "data",
    "/operations": "operations",
}


@pytest.mark.parametrize(("path", "name"), PLACES.items())
def test_every_place_is_there_and_said_to_be_where_one_is(served: Served, look: Look, path: str, name: str) -> None:
    page = look(served.url + path)
    expect(page.locator("main")).to_have_attribute("data-page", name)
    here = page.locator("header nav a[aria-current=page]")
    expect(here).to_have_text(name.capitalize())


def test_keys_go_everywhere_and_are_listed(served: Served, look: Look) -> None:
    page = look(served.url)
    expect(page.locator("main")).to_have_attribute("data-page", "run")
    for keys, name in (
        ("gs", "sweep"),
        ("gr", "runs"),
        ("gm", "market"),
        ("ge", "screen"),
        ("gd", "data"),
        ("go", "operations"),
    ):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("main")).to_have_attribute("data-page", name)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("go to Market")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_theme_is_the_systems_until_another_is_chosen_and_is_kept(served: Served, look: Look) -> None:
    page = look(served.url, dark=True)
    expect(page.locator("main")).to_have_attribute("data-page", "run")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(15, 17, 19)"
    page.keyboard.press("t")
    assert page.evaluate(ground) == "rgb(250, 250, 248)"
    page.reload()
    assert page.evaluate(ground) == "rgb(250, 250, 248)"


def test_the_find_box_finds_a_symbol_by_a_few_letters(served: Served, look: Look) -> None:
    page = look(served.url)
    expect(page.locator("main")).to_have_attribute("data-page", "run")
    page.keyboard.press("/")
    page.keyboard.type("btc")
    expect(page.locator(".find").get_by_role("option").first).to_contain_text("BTC")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-page", "market")


def test_an_address_that_does_not_exist_says_so(served: Served, look: Look) -> None:
    page = look(f"{served.url}/runs/a/b/c")
    expect(page.locator("main")).to_contain_text("Nothing lies here.")


def test_between_a_phone_and_a_desk_nothing_scrolls_sideways(served: Served, look: Look) -> None:
    run = httpx.get(f"{served.url}/api/v1/runs").json()["runs"][-1]["run"]
    page = look(f"{served.url}/runs/{run}")
    fits = """(width) => document.documentElement.scrollWidth === width
        && [...document.querySelectorAll('main .scroll')].every((one) => one.scrollWidth <= one.clientWidth)"""
    for keys, name, widths in (("", "run", (1000, 800)), ("gr", "runs", (800,)), ("gm", "market", (800,))):
        for key in keys:
            page.keyboard.press(key)
        expect(page.locator("main")).to_have_attribute("data-page", name)
        expect(page.locator("main [data-row]").first).to_be_attached()
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_function(fits, arg=width)


def test_on_a_phone_pages_and_the_find_box_lie_in_the_menu(served: Served, look: Look) -> None:
    page = look(served.url, phone=True)
    expect(page.locator("header > nav")).to_be_hidden()
    expect(page.locator("header > .find")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog").get_by_role("link", name="Operations").click()
    expect(page.locator("main")).to_have_attribute("data-page", "operations")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("dialog").get_by_role("combobox").fill("btc")
    expect(page.get_by_role("dialog").get_by_role("option").first).to_contain_text("BTC")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
