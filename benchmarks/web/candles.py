"""The chart of a long series: from the click to candles that can be moved."""

from __future__ import annotations

from typing import NamedTuple

from playwright.sync_api import Browser

from benchmarks.load.service import Service
from benchmarks.web.chromium import seen_ms, watched_page

DRAWN = '.market-chart[data-bars]:not([data-bars="0"]) canvas'
CLICK = """() => {
    const now = performance.now();
    document.querySelector('nav a[href="/market"]').click();
    return now;
}"""
FRAME = "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go(performance.now()))))"


class Drawn(NamedTuple):
    """Ms from the click to the frame after the candles, and the longest task meanwhile."""

    drawn_ms: float
    task_ms: float


def draw(browser: Browser, service: Service) -> Drawn:
    """Go from another page to the one instrument of the store, in a browser that has nothing of its page yet."""
    with watched_page(browser) as page:
        page.goto(f"{service.url}/operations")
        seen_ms(page, "[data-part]")
        page.evaluate("watch.begin()")
        click = float(page.evaluate(CLICK))
        seen_ms(page, DRAWN)
        drawn = float(page.evaluate(FRAME))
        tasks = page.evaluate("watch.end()")["tasks"]
    return Drawn(drawn - click, max((took for _, took in tasks), default=0.0))
