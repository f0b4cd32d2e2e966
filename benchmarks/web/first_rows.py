"""Runs by a press of the keys on the Run page: when the first row is painted, each quarter, all of them."""

from __future__ import annotations

from typing import NamedTuple

from playwright.sync_api import Browser, Page

from benchmarks.load.service import Service
from benchmarks.web.chromium import marked_ms, seen_ms, watched_page

SPEC = "/?strategy=RsiReversion&universe=demo&fee=10bps"
RUN = 'form button[type="submit"]:not(:disabled)'
PERIODS = 150
QUARTERS = (0.25, 0.5, 0.75, 1.0)
SHOWN = """() => [...document.querySelectorAll("[data-row]")].map((row) =>
    [row.dataset.row, row.querySelector("[data-metric=total_return]").dataset.value])"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


class Opened(NamedTuple):
    """The first route, cold: ms until something is painted and until a run can be started; shift of the layout."""

    painted_ms: float
    ready_ms: float
    shift: float


class Pressed(NamedTuple):
    """One run: ms from the press to the first row and to each quarter of the rows; the longest task meanwhile."""

    first_ms: float
    quarters_ms: tuple[float, ...]
    task_ms: float
    shift: float


def opened(browser: Browser, service: Service) -> Opened:
    """Open the page in a browser that has nothing of it."""
    with watched_page(browser) as page:
        page.goto(service.url + SPEC)
        ready = seen_ms(page, RUN)
        painted = page.evaluate(PAINT)
        return Opened(float(painted or ready), ready, float(page.evaluate("watch.shift")))


def open_run_page(page: Page, service: Service) -> None:
    """Open the page with its spec, ready to run."""
    page.goto(service.url + SPEC)
    seen_ms(page, RUN)


def press(page: Page, number: int, instruments: int) -> Pressed:
    """Choose a period and a bound that no other number has, press Ctrl+Enter, wait for the last row."""
    page.locator("input[name=period]").fill(str(2 + number % PERIODS))
    page.locator("input[name=overbought]").fill(str(70 + number // PERIODS))
    page.evaluate("watch.begin()")
    page.keyboard.press("Control+Enter")
    marked_ms(page, "run:last-row")
    click = marked_ms(page, "run:click")
    first = marked_ms(page, "run:first-row")
    told = page.evaluate("new Promise((go) => setTimeout(() => go(watch.end()), 100))")
    # What the table held of the run before does not count.
    here = page.evaluate("location.pathname")
    rows = [(at - click, rows) for at, rows, where in told["rows"] if where == here]
    quarters = tuple(next((at for at, held in rows if held >= part * instruments), float("nan")) for part in QUARTERS)
    return Pressed(first - click, quarters, max((took for _, took in told["tasks"]), default=0.0), told["shift"])


def unequal(page: Page, service: Service) -> str:
    """Compare what the table shows of the run with what the service keeps of it; the first difference, or nothing."""
    run = page.url.rsplit("/", 1)[1]
    kept = {one["instrument"]: one for one in service.ask(f"/api/v1/runs/{run}/results?limit=500")["results"]}
    shown = page.evaluate(SHOWN)
    if not shown:
        return "the table shows nothing"
    for name, value in shown:
        one = next((found for key, found in kept.items() if key == name or key.endswith(f":{name}")), None)
        if one is None or float(value) != one["metrics"]["total_return"]:
            return f"{name}: {value} is shown"
    return ""


def run_on(page: Page, runs: int, first: int, instruments: int) -> None:
    """Run so many more times in the same tab; none of these runs was run before."""
    for number in range(first, first + runs):
        press(page, number, instruments)
