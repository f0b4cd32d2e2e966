"""A Chromium with a watch in every page: frames, long tasks, shifts of the layout, rows of the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from tools.chromium import HOW_TO_GET_IT, find_chromium

from benchmarks.processes import EngineFailed

SIZE = {"width": 1440, "height": 900}
WATCH = """
window.watch = { frames: [], tasks: [], shift: 0, rows: [], on: false };
new PerformanceObserver((list) => watch.tasks.push(...list.getEntries().map((one) => [one.startTime, one.duration])))
    .observe({ type: "longtask", buffered: true });
// As the web counts it: what moves within half a second of a key that was pressed is the answer to that key.
const shifted = (all) => { for (const one of all.getEntries()) if (!one.hadRecentInput) watch.shift += one.value; };
new PerformanceObserver(shifted).observe({ type: "layout-shift", buffered: true });
watch.begin = () => {
    Object.assign(watch, { frames: [], tasks: [], shift: 0, rows: [], on: true, began: performance.now() });
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
        const rows = Number(document.querySelector("table[aria-rowcount]")?.getAttribute("aria-rowcount") ?? 1) - 1;
        const [here, last] = [location.pathname, watch.rows.at(-1)];
        if (last?.[1] !== rows || last[2] !== here) watch.rows.push([performance.now(), rows, here]);
    };
    let before = performance.now();
    const frame = (now) => {
        watch.frames.push(now - before);
        before = now;
        channel.port2.postMessage(0);
        if (watch.on) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
};
// A task that began before the watch is told of when it has ended.
watch.end = () => {
    const tasks = watch.tasks.filter(([began]) => began >= watch.began);
    return JSON.parse(JSON.stringify({ ...Object.assign(watch, { on: false }), tasks }));
};
"""
MARKED = """async ([name, most]) => {
    const began = performance.now();
    while (performance.getEntriesByName(name).length === 0) {
        if (performance.now() - began > most) return null;
        await new Promise((go) => setTimeout(go, 20));
    }
    return performance.getEntriesByName(name)[0].startTime;
}"""
SEEN = """async ([where, most]) => {
    const began = performance.now();
    while (document.querySelector(where) === null) {
        if (performance.now() - began > most) return null;
        await new Promise((go) => requestAnimationFrame(go));
    }
    return performance.now();
}"""
PATIENCE_MS = 120_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start it; what it keeps of memory can be asked exactly."""
    program = find_chromium()
    if program is None:
        raise EngineFailed(f"there is no Chromium here: {HOW_TO_GET_IT}")
    with sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        )
        try:
            yield started
        finally:
            started.close()


@contextmanager
def watched_page(browser: Browser) -> Iterator[Page]:
    """A page of its own, watched from its first line on."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]  # a plain dictionary
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    try:
        yield page
    finally:
        context.close()


def marked_ms(page: Page, name: str) -> float:
    """Wait for a mark of the page; when it was set."""
    return _found(page.evaluate(MARKED, [name, PATIENCE_MS]), f"the mark {name}")


def seen_ms(page: Page, where: str) -> float:
    """Wait until something is in the page; when it was first there, as seen by its frames."""
    return _found(page.evaluate(SEEN, [where, PATIENCE_MS]), where)


def heap_mb(page: Page) -> float:
    """JavaScript's heap after its garbage was collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    told: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    session.detach()
    return next(float(one["value"]) for one in told if one["name"] == "JSHeapUsedSize") / 1e6


def tab_mb(browser: Browser) -> float:
    """Resident memory of the process that draws the page; the largest one, where others wait to be used."""
    session = browser.new_browser_cdp_session()
    told: list[dict[str, Any]] = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return max(_resident_mb(int(one["id"])) for one in told if one["type"] == "renderer")


def _resident_mb(process: int) -> float:
    """Resident memory of a process now."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) * 1024 / 1e6


def _found(value: float | None, what: str) -> float:
    """Complain of what never came."""
    if value is None:
        raise EngineFailed(f"{what} did not come within {PATIENCE_MS / 1000:.0f} s")
    return value
