"""The page in a real Chromium, by Playwright, over a real service; pages may not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tools.chromium import HOW_TO_GET_IT, find_chromium

import tapehead as th
from tests.serving import Served, serving_here

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 380, "height": 800}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium of the system for the tests of a file; gone before others, whose thread its loop would hold."""
    program = find_chromium()
    if program is None:
        pytest.skip(f"needs a browser: Chromium ({HOW_TO_GET_IT})")
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small synthetic market, 12 instruments of one year, and one run."""
    home = tmp_path_factory.mktemp("page") / "home"
    with th.open(home) as store:
        store.demo(instruments=12, years=1)
        store.backtest("RsiReversion", universe="demo", fee="10bps").wait()
    return home


@pytest.fixture(scope="session")
def served(demo_home: Path) -> Iterator[Served]:
    """A service over that store; tests that change it make one of their own."""
    with serving_here(demo_home) as found:
        yield found


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages: `look(url, width=…, dark=…)`; at the end none of them may have complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(url: str, *, phone: bool = False, dark: bool = False, complains: str = "") -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]  # a plain dictionary of the two sizes
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="no-preference",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)

        def hear(kind: str, text: str) -> None:
            if not (complains and complains in text):
                complaints.append(f"{kind}: {text}")

        page.on("console", lambda said: hear(said.type, said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda fault: hear("error", str(fault)))
        page.goto(url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
